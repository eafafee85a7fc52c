"""A deal, as it is filled in."""

from typing import Any

from django import forms

from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.common.fields import Line, Note, Owner
from mailweave.records.crm.forms.fields import CompanyName
from mailweave.records.crm.models import Deal, today


class Currency(Line):
    """Three letters, in any case (ISO 4217)."""

    def clean(self, value: Any) -> Any:
        code = super().clean(value).upper()
        if len(code) != 3 or not (code.isascii() and code.isalpha()):
            raise forms.ValidationError("Three letters, like EUR.")
        return code


class DealForm(forms.Form):
    """Everything of a deal but its contacts."""

    name = Line(max_length=200)
    company = CompanyName()
    stage = forms.ChoiceField(choices=Deal.Stage.choices, initial=Deal.Stage.NEW)
    amount = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    currency = Currency(initial="EUR", max_length=3)
    owner = Owner()
    opened_on = forms.DateField(
        required=False,
        label="Open since",
        initial=today,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Mail of its contacts counts for this deal from that day on.",
    )
    note = Note()


def filled(deal: Deal, member: Member) -> dict[str, Any]:
    """What the form starts with, as far as the member sees."""
    return {
        "name": deal.name,
        "company": rights.name_of(member, deal.company),
        "stage": deal.stage,
        "amount": deal.amount,
        "currency": deal.currency,
        "owner": deal.owner_id or "",
        "opened_on": deal.opened_on,
        "note": deal.note,
    }
