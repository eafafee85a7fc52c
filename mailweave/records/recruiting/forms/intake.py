"""An intake, and an application that waits, as they are filled in."""

from collections.abc import Sequence
from typing import Any

from django import forms

from mailweave.mail.models import Mailbox
from mailweave.mime.address import normalise
from mailweave.records.common.fields import Line
from mailweave.records.recruiting.forms.job import Code
from mailweave.records.recruiting.models import Intake, IntakeEntry, Job

OWN, GENERATED = "own", "generated"


class IntakeForm(forms.Form):
    """Everything of an intake; its mailbox and kind of address only when it is new."""

    name = Line(max_length=100, help_text="For example Careers.")
    mailbox = forms.ChoiceField()
    address = forms.ChoiceField(
        label="Address",
        widget=forms.RadioSelect,
        initial=GENERATED,
        choices=[
            (GENERATED, "An address of its own, with a part that nobody guesses"),
            (OWN, "The mailbox's own address: all of its new mail is read for applications"),
        ],
    )
    mode = forms.ChoiceField(
        choices=Intake.Mode.choices, widget=forms.RadioSelect, initial=Intake.Mode.REVIEW
    )
    job = forms.ChoiceField(required=False, label="Default job")
    code = Code(
        required=False,
        max_length=40,
        help_text="If set, only mail with this code in its subject, or in the address behind a "
        "dot, is taken for an application.",
    )
    active = forms.BooleanField(required=False, initial=True, label="Take applications in")

    def __init__(
        self, mailboxes: Sequence[Mailbox], jobs: Sequence[Job], *args: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        boxes: Any = self.fields["mailbox"]
        boxes.choices = [(str(one.pk), one.address) for one in mailboxes]
        posts: Any = self.fields["job"]
        posts.choices = [("", "None"), *((str(one.pk), one.name) for one in jobs)]

    def settle(self) -> None:
        """Of an intake there is, mailbox and address stay."""
        del self.fields["mailbox"], self.fields["address"]


def filled(intake: Intake) -> dict[str, Any]:
    """What the form starts with."""
    names = ("name", "mode", "code", "active")
    return {**{name: getattr(intake, name) for name in names}, "job": intake.job_id or ""}


class ApplicantForm(forms.Form):
    """Who applies, and for what, before an application is taken in."""

    name = Line(max_length=200, required=False)
    address = Line(max_length=320, required=False, label="E-mail address")
    job = forms.ChoiceField(required=False, label="Applies for")

    def __init__(self, jobs: Sequence[Job], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        posts: Any = self.fields["job"]
        posts.choices = [("", "No job yet"), *((str(one.pk), one.name) for one in jobs)]

    def clean_address(self) -> str:
        """Normalised."""
        given = str(self.cleaned_data["address"])
        address = normalise(given) if given else ""
        if address is None:
            raise forms.ValidationError("This is not an e-mail address.")
        return address


def of_entry(entry: IntakeEntry) -> dict[str, Any]:
    """What the form starts with."""
    return {"name": entry.name, "address": entry.address, "job": entry.job_id or ""}
