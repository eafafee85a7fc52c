"""What the CRM's pages do alike."""

from django.contrib import messages
from django.http import HttpRequest

from mailweave.people.member import member_of
from mailweave.records.crm import companies
from mailweave.records.crm.models import Company


def company_named(request: HttpRequest, name: str, current: Company | None) -> Company | None:
    """The company somebody typed; they are told if it is a new one."""
    company, made = companies.named(member_of(request), name, current)
    if made:
        messages.info(request, f"{name} was added to your companies.")
    return company
