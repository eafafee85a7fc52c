"""A processor, as it is filled in."""

from collections.abc import Sequence
from typing import Any

from django import forms

from mailweave.mail.models import Mailbox
from mailweave.people import members
from mailweave.records.common.fields import Line
from mailweave.records.support.models import Priority, Processor, Type
from mailweave.records.support.tickets import MODULE

PLAIN = (
    "name",
    "active",
    "sender",
    "subject",
    "recipient",
    "priority",
    "type",
    "assignment",
    "makes_contacts",
    "reopening",
    "reopening_days",
)


class ProcessorForm(forms.Form):
    """Everything of a processor. ``mailboxes`` are those that may be chosen."""

    name = Line(max_length=100)
    mailbox = forms.ChoiceField(
        help_text="What it receives from now on becomes tickets. Whoever may see tickets sees the "
        "subject and the sender; the text as far as the mailbox is shared."
    )
    active = forms.BooleanField(required=False, initial=True, label="Read new mail")
    sender = Line(required=False, max_length=200, label="From contains")
    subject = Line(required=False, max_length=200, label="Subject contains")
    recipient = Line(
        required=False,
        max_length=320,
        label="Sent to",
        help_text="An address, or a part of one. Without filters every message counts.",
    )
    priority = forms.ChoiceField(choices=Priority.choices, initial=Priority.MEDIUM)
    type = forms.ChoiceField(choices=Type.choices, initial=Type.SUPPORT)
    assignment = forms.ChoiceField(
        choices=Processor.Assignment.choices,
        initial=Processor.Assignment.MANUAL,
        label="New tickets go to",
    )
    agents = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Of whom one is chosen, unless people take tickets themselves.",
    )
    makes_contacts = forms.BooleanField(
        required=False, label="Add senders nobody knows yet to the contacts"
    )
    reopening = forms.ChoiceField(
        choices=Processor.Reopening.choices,
        initial=Processor.Reopening.ALWAYS,
        label="When a customer answers a closed ticket",
    )
    reopening_days = forms.IntegerField(
        min_value=1, max_value=365, initial=14, label="Days", help_text="Where some days count."
    )

    def __init__(self, mailboxes: Sequence[Mailbox], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        boxes: Any = self.fields["mailbox"]
        boxes.choices = [(str(one.pk), one.address) for one in mailboxes]
        agents: Any = self.fields["agents"]
        rows = members.working_with(MODULE)
        agents.choices = [(str(row.user_id), row.user.name) for row in rows]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        automatic = given.get("assignment") not in {None, Processor.Assignment.MANUAL}
        if automatic and not given.get("agents"):
            self.add_error("agents", "Choose at least one, or let people take tickets themselves.")
        return given


def filled(processor: Processor, agents: Sequence[int]) -> dict[str, Any]:
    """What the form starts with."""
    return {
        **{name: getattr(processor, name) for name in PLAIN},
        "mailbox": str(processor.mailbox_id or ""),
        "agents": [str(one) for one in agents],
    }
