"""A company, as it is filled in."""

from django import forms

from mailweave.records.crm.forms.fields import Domain, Line, Note
from mailweave.records.crm.models import Company


class CompanyForm(forms.Form):
    """Everything of a company."""

    name = Line(max_length=200)
    domain = Domain(required=False, max_length=400, help_text="For example acme.example.")
    note = Note()


def filled(company: Company) -> dict[str, str]:
    """What the form starts with."""
    return {"name": company.name, "domain": company.domain, "note": company.note}
