"""Companies, contacts, leads and deals from a JSON document, as often as you like."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from django.db.models import QuerySet

from mailweave.kit.errors import Expected
from mailweave.mime.address import normalise
from mailweave.records.crm import companies, contacts, deals, leads
from mailweave.records.crm.models import Contact, ContactAddress, Deal, Lead, LeadAddress

Text = Annotated[str, msgspec.Meta(max_length=200, pattern=r"\A[^\0]*\Z")]
Name = Annotated[str, msgspec.Meta(max_length=200, pattern=r"\A[^\0]*[^\s\0][^\0]*\Z")]
Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
Status = Literal["new", "working", "qualified", "unqualified"]
Stage = Literal["new", "qualified", "proposal", "won", "lost"]
MOST = Decimal(10) ** 12


class CompanyIn(msgspec.Struct):
    """A company; its name is what it is known by. ``part_of`` is another one's, loaded before."""

    name: Name
    domain: Text = ""
    part_of: Text = ""
    addresses: list[str] = []
    portal: list[str] = []


class ContactIn(msgspec.Struct):
    """A contact; known by its name and the first address, the primary one."""

    name: Name
    title: Text = ""
    company: Text = ""
    addresses: list[str] = []


class LeadIn(msgspec.Struct):
    """A lead; known by its name and the first address. One that was converted is left alone."""

    name: Name
    title: Text = ""
    company: Text = ""
    status: Status = "new"
    source: Annotated[str, msgspec.Meta(max_length=100, pattern=r"\A[^\0]*\Z")] = ""
    addresses: list[str] = []


class DealIn(msgspec.Struct):
    """A deal; its contacts are named by address, the primary one first."""

    name: Name
    company: Text = ""
    stage: Stage = "new"
    amount: Decimal | None = None
    currency: Currency = "EUR"
    contacts: list[str] = []


class Document(msgspec.Struct):
    """Everything to load."""

    companies: list[CompanyIn] = []
    contacts: list[ContactIn] = []
    leads: list[LeadIn] = []
    deals: list[DealIn] = []


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many were in the document."""

    companies: int
    contacts: int
    leads: int
    deals: int


def load(text: bytes) -> Loaded:
    """Bring the current workspace in line with a document: what it names is made or updated,
    nothing is deleted. Raises Expected for a document that cannot be read; then nothing changed."""
    document = read(text)
    for company in document.companies:
        _company(company)
    for contact in document.contacts:
        _contact(contact)
    for lead in document.leads:
        _lead(lead)
    for deal in document.deals:
        _deal(deal)
    people = len(document.contacts), len(document.leads)
    return Loaded(len(document.companies), *people, len(document.deals))


def read(text: bytes) -> Document:
    """The document, checked. Raises Expected that says where it is wrong."""
    try:
        document = msgspec.json.decode(text, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Expected(f"This is not a document of contacts: {error}") from error
    for wrong in _faults(document):
        raise Expected(wrong)
    return document


def _faults(document: Document) -> Iterator[str]:
    given = [text for row in document.contacts for text in row.addresses]
    given += [text for row in document.leads for text in row.addresses]
    given += [text for row in document.companies for text in (*row.addresses, *row.portal)]
    given += [text for row in document.deals for text in row.contacts]
    yield from (f"{text!r} is not an e-mail address." for text in given if not normalise(text))
    for deal in document.deals:
        amount = deal.amount or Decimal(0)
        if not amount.is_finite() or not 0 <= amount < MOST:
            yield f"{deal.name}: an amount is at least 0 and less than {MOST:,}."


def _company(row: CompanyIn) -> None:
    company, _ = companies.named(None, row.name)
    if company is None:
        return
    parent, _ = companies.named(None, row.part_of)
    kinds = [(text, "additional" if at else "primary") for at, text in enumerate(row.addresses)]
    kinds += [(text, "portal") for text in row.portal]
    given = [(address, kind) for text, kind in kinds if (address := normalise(text))]
    stored = [(one.address, one.kind) for one in companies.addresses(company.pk)]
    if (company.domain, company.parent, stored) != (row.domain, parent, given):
        company.domain, company.parent = row.domain, parent
        companies.store(company, given)


def _contact(row: ContactIn) -> None:
    given = [address for text in row.addresses if (address := normalise(text))]
    namesakes = Contact.objects.filter(name=row.name)
    contact = _known(given[:1], namesakes) if given else namesakes.order_by("pk").first()
    contact = contact or Contact()
    contact.name, contact.title = row.name, row.title
    contact.company, _ = companies.named(None, row.company)
    contacts.store(contact, given)


def _lead(row: LeadIn) -> None:
    given = [address for text in row.addresses if (address := normalise(text))]
    namesakes = Lead.objects.filter(name=row.name)
    if given:
        known = LeadAddress.objects.filter(address=given[0]).values("lead")
        lead = namesakes.filter(pk__in=known).order_by("pk").first()
        lead = lead or namesakes.filter(converted_at__isnull=False).first()
    else:
        lead = namesakes.order_by("pk").first()
    lead = lead or Lead()
    if lead.converted_at:
        return
    lead.name, lead.title, lead.company_name = row.name, row.title, row.company
    lead.status, lead.source = row.status, row.source
    leads.store(lead, given)


def _deal(row: DealIn) -> None:
    company, _ = companies.named(None, row.company)
    deal = Deal.objects.filter(name=row.name, company=company).order_by("pk").first() or Deal()
    deal.name, deal.company, deal.stage = row.name, company, row.stage
    deal.amount, deal.currency = row.amount, row.currency
    people = [
        _known([address], Contact.objects.all())
        for text in row.contacts
        if (address := normalise(text))
    ]
    deals.store(deal, [contact.pk for contact in people if contact])


def _known(addresses: list[str], among: QuerySet[Any]) -> Contact | None:
    """The oldest contact among these that has one of these addresses."""
    rows = ContactAddress.objects.filter(address__in=addresses, contact__in=among)
    row = rows.select_related("contact").order_by("contact_id").first()
    return row.contact if row else None
