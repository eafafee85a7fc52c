"""What a lead is to become, as it is filled in."""

from collections.abc import Sequence
from typing import Any

from django import forms

from mailweave.records.common.fields import Line
from mailweave.records.crm.forms.fields import CompanyName
from mailweave.records.crm.models import Contact


class ConversionForm(forms.Form):
    """A new contact or one there is, with a company and, if wished, a deal."""

    into = forms.ChoiceField(required=False, label="Contact", widget=forms.RadioSelect)
    name = Line(max_length=200, label="Name of the new contact")
    company = CompanyName()
    deal = Line(
        required=False, max_length=200, label="Name of a deal", help_text="Empty: no deal is made."
    )

    def __init__(self, alike: Sequence[Contact], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(str(each.pk), _known(each)) for each in alike]
        into: Any = self.fields["into"]
        into.choices = [("", "A new contact"), *known]

    def chosen(self) -> int | None:
        """The contact that is to be filled up, if it is not a new one."""
        return int(self.cleaned_data["into"]) if self.cleaned_data["into"] else None


def _known(contact: Any) -> str:
    facts = [contact.name, contact.company.name if contact.company else "", contact.primary]
    return "Add to " + ", ".join(filter(None, facts))
