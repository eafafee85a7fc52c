"""A candidate, as it is filled in."""

from collections.abc import Sequence
from typing import Any

from django import forms

from mailweave.records.common.fields import Line, Note, Owner
from mailweave.records.recruiting.models import Candidate, Job


class CandidateForm(forms.Form):
    """Everything of a candidate but the addresses; of a new one, the job they apply for too."""

    name = Line(max_length=200)
    job = forms.ChoiceField(required=False, label="Applies for")
    title = Line(required=False, max_length=200, label="Job title now")
    location = Line(required=False, max_length=100)
    phone = Line(required=False, max_length=64)
    source = Line(required=False, max_length=100, help_text="For example agency or web form.")
    owner = Owner()
    note = Note()

    def __init__(self, jobs: Sequence[Job], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["job"]
        field.choices = [("", "No job yet"), *((str(job.pk), job.name) for job in jobs)]
        if not jobs:
            del self.fields["job"]


FIELDS = ("name", "title", "location", "phone", "source", "note")


def filled(candidate: Candidate) -> dict[str, Any]:
    """What the form starts with."""
    given = {name: getattr(candidate, name) for name in FIELDS}
    return {**given, "owner": candidate.owner_id or ""}
