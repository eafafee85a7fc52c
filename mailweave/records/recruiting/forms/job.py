"""A job, as it is filled in."""

from typing import Any

from django import forms

from mailweave.records.common.fields import Line, Note, Owner
from mailweave.records.recruiting.models import Job
from mailweave.records.recruiting.models.candidates import today

MAX_CRITERIA = 12


class Code(Line):
    """A short word without spaces, as it stands in subjects."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text and not all(one.isalnum() or one in "-_" for one in text):
            raise forms.ValidationError("Letters, digits and dashes only, like DEV-7.")
        if text and len(text) < 3:
            raise forms.ValidationError("At least three characters, or it is found by chance.")
        return text


class Criteria(forms.CharField):
    """One criterion a line; twice the same counts once."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 4})
        super().__init__(required=False, max_length=2000, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        lines = [" ".join(line.split()) for line in (super().clean(value) or "").splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        if len(found) > MAX_CRITERIA or any(len(one) > 80 for one in found):
            raise forms.ValidationError(
                f"At most {MAX_CRITERIA} criteria of at most 80 characters each."
            )
        return found


class JobForm(forms.Form):
    """Everything of a job."""

    name = Line(max_length=200, label="Title")
    status = forms.ChoiceField(choices=Job.Status.choices, initial=Job.Status.OPEN)
    department = Line(required=False, max_length=100)
    location = Line(required=False, max_length=100)
    code = Code(
        required=False,
        max_length=20,
        help_text="Mail with this code in its subject is an application for this job.",
    )
    owner = Owner()
    opened_on = forms.DateField(
        initial=today,
        label="Open since",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    criteria = Criteria(
        help_text="What scorecards ask for, one a line. Without any, the standard ones are used."
    )
    description = Note()


FIELDS = (
    "name",
    "status",
    "department",
    "location",
    "code",
    "opened_on",
    "criteria",
    "description",
)


def filled(job: Job) -> dict[str, Any]:
    """What the form starts with."""
    given = {name: getattr(job, name) for name in FIELDS}
    return {**given, "criteria": "\n".join(job.criteria), "owner": job.owner_id or ""}
