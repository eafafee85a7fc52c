"""A ticket, as it is filled in."""

from typing import Any

from django import forms

from mailweave.mime.address import normalise, parse_list
from mailweave.records.common.fields import Line, Note, Owner
from mailweave.records.support.models import Priority, Ticket, Type
from mailweave.records.support.tickets import MAX_CC, copies


class Customer(Line):
    """Whom it is for: an address, as it is typed or pasted."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return ""
        address = _address(text)
        if address is None:
            raise forms.ValidationError("This is not an address. It looks like mara@acme.example.")
        return address


class Copies(forms.CharField):
    """Addresses, one to a line or with commas between; at most twenty."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)[:20_000].replace("\n", ",").replace(";", ",")
        pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
        wrong = next((piece for piece in pieces if _address(piece) is None), None)
        if wrong is not None:
            raise forms.ValidationError(f"{wrong[:100]} is not an e-mail address.")
        found = list(dict.fromkeys(address for one in pieces if (address := _address(one))))
        if len(found) > MAX_CC:
            raise forms.ValidationError(
                f"At most {MAX_CC} people can have copies; these are {len(found)}."
            )
        return found


class Tags(Line):
    """Words with commas between."""

    def clean(self, value: Any) -> Any:
        return [one for one in super().clean(value).split(",") if one.strip()]


class TicketForm(forms.Form):
    """Everything of a ticket that people decide."""

    title = Line(max_length=200)
    description = Note()
    customer = Customer(required=False, max_length=400, help_text="Whose address it is about.")
    customer_name = Line(required=False, max_length=200, label="Their name")
    cc = Copies(
        required=False,
        label="Copies to",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One address to a line, at most twenty.",
    )
    status = forms.ChoiceField(choices=Ticket.Status.choices, initial=Ticket.Status.OPEN)
    priority = forms.ChoiceField(choices=Priority.choices, initial=Priority.MEDIUM)
    type = forms.ChoiceField(choices=Type.choices, initial=Type.SUPPORT)
    owner = Owner()
    tags = Tags(required=False, max_length=800, help_text="With commas between.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].label = "Assignee"


PLAIN = ("title", "description", "customer", "customer_name", "status", "priority", "type", "tags")


def filled(ticket: Ticket) -> dict[str, Any]:
    """What the form starts with."""
    return {
        **{name: getattr(ticket, name) for name in PLAIN},
        "tags": ", ".join(ticket.tags),
        "owner": ticket.owner_id or "",
        "cc": "\n".join(copies(ticket.pk)),
    }


def _address(text: str) -> str | None:
    if "<" in text:
        found = parse_list(text)
        text = found[0].address if len(found) == 1 else ""
    return normalise(text)
