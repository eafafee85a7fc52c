"""A lead, as it is filled in."""

from typing import Any

from django import forms

from mailweave.records.common.fields import Line, Note, Owner
from mailweave.records.crm.models import Lead


class LeadForm(forms.Form):
    """Everything of a lead but the addresses."""

    name = Line(max_length=200)
    title = Line(required=False, max_length=200, label="Job title")
    company_name = Line(
        required=False,
        max_length=200,
        label="Company",
        help_text="It becomes one of your companies only when the lead is converted.",
    )
    phone = Line(required=False, max_length=64)
    status = forms.ChoiceField(choices=Lead.Status.choices, initial=Lead.Status.NEW)
    source = Line(required=False, max_length=100, help_text="For example web form or trade fair.")
    owner = Owner()
    note = Note()


FIELDS = ("name", "title", "company_name", "phone", "status", "source", "note")


def filled(lead: Lead) -> dict[str, Any]:
    """What the form starts with."""
    return {**{name: getattr(lead, name) for name in FIELDS}, "owner": lead.owner_id or ""}
