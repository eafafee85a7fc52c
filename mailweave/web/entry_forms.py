"""What people say of a note, call, meeting or task, or of mail that they log by hand."""

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
    "mail": ("direction", "sender", "to", "subject", "at", "text"),
}
"""What is asked for, by the type of an entry."""
LABELS = {"note": "Note", "task": "What is to be done", "mail": "What it said"}
WORDED = {"note", "task"}
WAYS = (("", "Not said"), ("out", "We called"), ("in", "They called"))
MAIL_WAYS = (("out", "We sent it"), ("in", "We received it"))
NOUNS: Mapping[str, str] = {"mail": "e-mail"}
"""What an entry is called, where that is not its type."""
KEYS: Mapping[str, str] = {"sender": "from"}
"""What a field is called in an entry's data, where that is no name for a field."""
DATA = ("direction", "participants", "minutes", "sender", "to", "subject")
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
    sender = forms.CharField(label="From", max_length=500)
    to = forms.CharField(label="To", max_length=500)
    subject = forms.CharField(label="Subject", max_length=500, required=False)
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
        self.order_fields(FIELDS[type_])
        if type_ == "mail":
            first = {"autofocus": self.fields["text"].widget.attrs.pop("autofocus")}
            way = forms.ChoiceField(label="Which way", choices=MAIL_WAYS)
            way.widget.attrs.update(first)
            self.fields["direction"] = way
        text = self.fields["text"]
        text.required = type_ in WORDED
        text.label = LABELS.get(type_, text.label)
        text.error_messages["required"] = "Please write a few words."

    def wording(self) -> Wording:
        """What was said, of a form that is valid."""
        given = self.cleaned_data
        data = {
            KEYS.get(name, name): given[name] for name in DATA if given.get(name) not in (None, "")
        }
        return Wording(given["text"], given.get("at"), given.get("due_at"), data)


def filled(entry: Entry) -> dict[str, Any]:
    """An entry as its form begins."""
    moments = {"at": entry.at, "due_at": entry.due_at}
    local = {name: timezone.localtime(at) for name, at in moments.items() if at}
    said = {name: entry.data[key] for name, key in KEYS.items() if key in entry.data}
    return {"text": entry.text, **entry.data, **said, **local}
