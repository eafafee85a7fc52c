"""A company, as it is filled in."""

from typing import Any

from django import forms

from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.common.fields import Domain, Line, Note, Owner
from mailweave.records.crm.forms.fields import CompanyName
from mailweave.records.crm.models import Company


class CompanyForm(forms.Form):
    """Everything of a company but its addresses."""

    name = Line(max_length=200)
    domain = Domain(required=False, max_length=400, help_text="For example acme.example.")
    company = CompanyName(label="Part of")
    owner = Owner()
    note = Note()


def filled(company: Company, member: Member) -> dict[str, Any]:
    """What the form starts with, as far as the member sees."""
    return {
        "name": company.name,
        "domain": company.domain,
        "company": rights.name_of(member, company.parent),
        "owner": company.owner_id or "",
        "note": company.note,
    }
