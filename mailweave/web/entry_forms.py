"""What people say of a note, call, meeting or task."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from mailweave.journal.entries import MOST, Wording
from mailweave.journal.models import Entry

YEARS = range(1970, 2200)
FIELDS: Mapping[str, tuple[str, ...]] = {
    "note": ("text",),
    "call": ("text", "direction", "participants", "at", "minutes"),
    "meeting": ("text", "participants", "at", "minutes"),
    "task": ("text", "due_at"),
}
"""What is asked for, by the type of an entry."""
WORDED = {"note", "task"}
WAYS = (("", "Not said"), ("out", "We called"), ("in", "They called"))
DAY = 24 * 60


class MomentField(forms.DateTimeField):
    """A moment in the reader's zone, to the minute."""

    def __init__(self, label: str, help_text: str = "") -> None:
        shape = "%Y-%m-%dT%H:%M"
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=shape)
        super().__init__(
            label=label, help_text=help_text, required=False, input_formats=[shape], widget=widget
        )

    def clean(self, value: Any) -> datetime | None:
        """Nothing, or a moment that a calendar of today can show."""
        found: datetime | None = super().clean(value)
        if found and found.year not in YEARS:
            raise ValidationError("Please choose a day of this or the last century.")
        return found


class EntryForm(forms.Form):
    """One entry. Only what its type has is asked for."""

    text = forms.CharField(
        label="What happened",
        max_length=MOST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
    )
    direction = forms.ChoiceField(label="Who called", choices=WAYS, required=False)
    participants = forms.CharField(label="With", max_length=200, required=False)
    at = MomentField("When", "Left empty, it is now.")
    minutes = forms.IntegerField(
        label="Minutes it took", min_value=0, max_value=DAY, required=False
    )
    due_at = MomentField("Due")

    def __init__(self, type_: str, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in set(self.fields) - set(FIELDS[type_]):
            del self.fields[name]
        text = self.fields["text"]
        text.required = type_ in WORDED
        text.label = {"note": "Note", "task": "What is to be done"}.get(type_, text.label)
        text.error_messages["required"] = "Please write a few words."

    def wording(self) -> Wording:
        """What was said, of a form that is valid."""
        given = self.cleaned_data
        data = {
            name: given[name]
            for name in ("direction", "participants", "minutes")
            if given.get(name) not in (None, "")
        }
        return Wording(given["text"], given.get("at"), given.get("due_at"), data)


def filled(entry: Entry) -> dict[str, Any]:
    """An entry as its form begins."""
    moments = {"at": entry.at, "due_at": entry.due_at}
    local = {name: timezone.localtime(at) for name, at in moments.items() if at}
    return {"text": entry.text, **entry.data, **local}
