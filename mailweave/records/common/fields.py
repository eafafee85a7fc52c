"""Fields that the forms share."""

from typing import Any

from django import forms

from mailweave.mime.address import normalise
from mailweave.mime.headers import strip_controls
from mailweave.people import members


class Line(forms.CharField):
    """One line of text without control characters; runs of spaces count as one."""

    def to_python(self, value: Any) -> Any:
        return " ".join(strip_controls(super().to_python(value) or "").split())


class Note(forms.CharField):
    """Several lines of text."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 5})
        super().__init__(required=False, max_length=20_000, widget=widget, **options)


class Owner(forms.ChoiceField):
    """Who of the workspace looks after a record; its value is a user's id, or None."""

    def __init__(self) -> None:
        super().__init__(required=False, choices=_everyone)

    def clean(self, value: Any) -> Any:
        chosen = super().clean(value)
        return int(chosen) if chosen else None


def _everyone() -> list[tuple[str, str]]:
    people = [(str(row.user_id), row.user.name) for row in members.everyone()]
    return [("", "Nobody"), *people]


class Domain(Line):
    """A domain in its ASCII form; the address of a web page will do."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return ""
        host = text.lower().partition("://")[2] or text.lower()
        host = host.split("/", 1)[0].rpartition("@")[2].removeprefix("www.")
        address = normalise(f"x@{host}")
        if address is None or "." not in host or len(address) > 2 + 253:
            raise forms.ValidationError("This is not a domain. It looks like acme.example.")
        return address.partition("@")[2]
