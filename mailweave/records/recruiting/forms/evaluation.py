"""A scorecard, an interview and a reference, as they are filled in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from mailweave.people import members
from mailweave.people.models import check_time_zone
from mailweave.records.common.fields import Line, Note
from mailweave.records.recruiting.models import (
    Application,
    Interview,
    Reference,
    Scorecard,
)

LEGEND = ("1 weak", "2", "3", "4", "5 strong")


class ScorecardForm(forms.Form):
    """Points for each criterion, what one recommends, and why."""

    recommendation = forms.ChoiceField(
        choices=Scorecard.Recommendation.choices, widget=forms.RadioSelect
    )
    comment = Note(label="Why")

    def __init__(self, criteria: Sequence[str], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.criteria = tuple(criteria)
        choices = list(zip(map(str, range(1, 6)), LEGEND, strict=True))
        asked = {
            f"points_{at}": forms.ChoiceField(choices=choices, label=name, widget=forms.RadioSelect)
            for at, name in enumerate(self.criteria)
        }
        self.fields = {**asked, **self.fields}

    def points(self) -> dict[str, int]:
        """The points by criterion."""
        given = self.cleaned_data
        return {name: int(given[f"points_{at}"]) for at, name in enumerate(self.criteria)}


def of_card(criteria: Sequence[str], card: Scorecard | None) -> dict[str, Any]:
    """What the form starts with."""
    if card is None:
        return {}
    scores = dict(card.scores)
    points = {f"points_{at}": str(scores.get(name, "")) for at, name in enumerate(criteria)}
    return {**points, "recommendation": card.recommendation, "comment": card.comment}


class InterviewForm(forms.Form):
    """When, how long, with whom, and what came of it."""

    application = forms.ChoiceField(label="Job")
    kind = forms.ChoiceField(choices=Interview.Kind.choices, initial=Interview.Kind.VIDEO)
    when = forms.DateTimeField(
        label="Begins",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    time_zone = Line(
        max_length=64,
        label="Time zone",
        validators=[check_time_zone],
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    minutes = forms.IntegerField(min_value=5, max_value=720, initial=60, label="Minutes")
    people = forms.MultipleChoiceField(
        required=False, label="Interviewers", widget=forms.CheckboxSelectMultiple
    )
    place = Line(required=False, max_length=500, label="Place or link")
    outcome = forms.ChoiceField(choices=Interview.Outcome.choices)
    note = Note()

    def __init__(self, applications: Sequence[Application], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        job: Any = self.fields["application"]
        job.choices = [(str(row.pk), row.job.name) for row in applications]
        people: Any = self.fields["people"]
        people.choices = [(str(row.user_id), row.user.name) for row in members.everyone()]

    def starts_at(self) -> datetime:
        """The moment: the time that was typed, on the clocks of the zone that was named."""
        typed: datetime = self.cleaned_data["when"]
        return typed.replace(tzinfo=ZoneInfo(self.cleaned_data["time_zone"]))


def of_interview(interview: Interview, people: Sequence[int], zone: str) -> dict[str, Any]:
    """What the form starts with."""
    if interview.pk is None:
        return {"time_zone": zone, "outcome": Interview.Outcome.PLANNED}
    there = interview.starts_at.astimezone(ZoneInfo(interview.time_zone)).replace(tzinfo=None)
    names = ("kind", "time_zone", "minutes", "place", "outcome", "note")
    given = {name: getattr(interview, name) for name in names}
    chosen = [str(one) for one in people]
    return {**given, "application": interview.application_id, "when": there, "people": chosen}


class ReferenceForm(forms.Form):
    """Somebody who can speak for a candidate."""

    name = Line(max_length=200)
    relation = Line(required=False, max_length=200, help_text="For example manager at Acme.")
    contact = Line(required=False, max_length=320, label="E-mail or phone")
    state = forms.ChoiceField(choices=Reference.State.choices)
    note = Note(label="What they said")


REFERENCE = ("name", "relation", "contact", "state", "note")


def of_reference(reference: Reference) -> dict[str, Any]:
    """What the form starts with."""
    return {name: getattr(reference, name) for name in REFERENCE}
