"""The kinds of record that are merged and imported: what each is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from mailweave.people.access import Member
from mailweave.records.common.addresses import Book
from mailweave.records.crm import addresses, companies, contacts, leads
from mailweave.records.crm.models import Company, Contact, Lead


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. ``name`` stands in paths, ``fields`` are (attribute, what people call it)."""

    name: str
    many: str
    model: Any
    book: Book
    find: Callable[[Member | None, str], QuerySet[Any]]
    fields: tuple[tuple[str, str], ...]
    near: str
    """The field that, with the name, makes two records likely the same."""


CONTACT = Kind(
    "contact",
    "contacts",
    Contact,
    addresses.CONTACTS,
    contacts.find,
    (
        ("name", "Name"),
        ("title", "Job title"),
        ("company", "Company"),
        ("phone", "Phone"),
        ("owner", "Owner"),
        ("note", "Note"),
    ),
    "company",
)
COMPANY = Kind(
    "company",
    "companies",
    Company,
    addresses.COMPANIES,
    companies.find,
    (
        ("name", "Name"),
        ("domain", "Domain"),
        ("parent", "Part of"),
        ("owner", "Owner"),
        ("note", "Note"),
    ),
    "domain",
)
LEAD = Kind(
    "lead",
    "leads",
    Lead,
    addresses.LEADS,
    leads.find,
    (
        ("name", "Name"),
        ("title", "Job title"),
        ("company_name", "Company"),
        ("phone", "Phone"),
        ("status", "Status"),
        ("source", "Source"),
        ("owner", "Owner"),
        ("note", "Note"),
    ),
    "company_name",
)
KINDS = {kind.name: kind for kind in (CONTACT, COMPANY, LEAD)}
