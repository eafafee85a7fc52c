"""What the rest of the house may know of contacts, companies, leads and deals."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from mailweave.journal import entries
from mailweave.linking import policy, registry
from mailweave.linking.models import LinkPolicy
from mailweave.linking.registry import Card
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.crm import companies, contacts, deals, leads
from mailweave.records.crm.models import Contact, DealContact


@dataclass(frozen=True, slots=True)
class Records:
    """One of the four kinds."""

    kind: str
    label: str
    brief: Callable[[Member], QuerySet[Any]]
    find: Callable[[Member, str], QuerySet[Any]]
    subtitle: Callable[[Any], str]
    people: Callable[[int], Sequence[int]]

    def cards(self, ids: Collection[int], member: Member) -> Mapping[int, Card]:
        """Cards of those that the member sees."""
        return {row.pk: self._card(row) for row in self.brief(member).filter(pk__in=ids)}

    def search(self, text: str, member: Member, limit: int = 10) -> Sequence[Card]:
        """In the order of names."""
        found = self.find(member, text).order_by("sort_name", "pk")[:limit]
        return [self._card(row) for row in found]

    def sources(self, record_id: int) -> Sequence[tuple[str, int]]:
        """The people it is about, then the record itself for what was linked by hand."""
        people = [(contacts.KIND, id_) for id_ in self.people(record_id)]
        return [*people, (self.kind, record_id)]

    def _card(self, row: Any) -> Card:
        page = reverse(self.kind.replace(".", ":"), args=[row.pk])
        return Card(self.kind, row.pk, row.name, self.subtitle(row), page)


@dataclass(frozen=True, slots=True)
class People(Records):
    """Contacts: they can be given addresses, and be made from one."""

    def adopt(self, record_id: int, address: str, member: Member) -> bool:
        """At the end of the contact's addresses."""
        return self._may_edit(record_id, member) and contacts.adopt(record_id, address)

    def release(self, record_id: int, address: str, member: Member) -> None:
        """Where it is still there."""
        if self._may_edit(record_id, member):
            contacts.release(record_id, address)

    def make(self, name: str, address: str, why: str) -> tuple[str, int]:
        """A contact whose company is the one with that domain, if there is just one."""
        at = list(companies.at_domain(None, address.rpartition("@")[2])[:2])
        contact = Contact(name=name[:200], company=at[0] if len(at) == 1 else None)
        contacts.store(contact, [address])
        entries.note_event(None, (contacts.KIND, contact.pk), why, by="a rule")
        return contacts.KIND, contact.pk

    def along_with(self, record_id: int) -> Sequence[tuple[str, int]]:
        """The deals that are open with a contact, or the latest of them, by the policy. Where mail
        is linked to deals through their contacts only, letters are linked to them even so."""
        mode = policy.current().deal_mode
        if mode == LinkPolicy.Deals.NONE:
            return ()
        rows = DealContact.objects.filter(contact_id=record_id, deal__closed_at=None)
        found = list(
            rows.order_by("-deal__opened_on", "-deal_id").values_list("deal_id", flat=True)
        )
        return [(deals.KIND, pk) for pk in found[: 1 if mode == LinkPolicy.Deals.LATEST else None]]

    def creation_path(self, name: str, address: str, member: Member) -> str:
        """The form of a new contact, with the company whose domain it is."""
        if not rights.may_add(member, Contact):
            return ""
        company = companies.at_domain(member, address.rpartition("@")[2]).first()
        given = {"name": name, "address": address, "company": company.name if company else ""}
        said = urlencode({key: value for key, value in given.items() if value})
        return f"{reverse('crm:contact-new')}?{said}"

    def _may_edit(self, record_id: int, member: Member) -> bool:
        row = contacts.find(member).filter(pk=record_id).first()
        return row is not None and rights.may(member, "edit", row)


@dataclass(frozen=True, slots=True)
class Organisations(Records):
    """Companies: they have a mail domain."""

    def at_domain(self, domain: str, member: Member, limit: int = 10) -> Sequence[Card]:
        """The companies with exactly this domain."""
        return [self._card(row) for row in companies.at_domain(member, domain)[:limit]]


def _of_contact(contact: Any) -> str:
    return " · ".join(filter(None, [_company(contact), contact.primary]))


def _of_deal(deal: Any) -> str:
    return " · ".join(filter(None, [_company(deal), deal.get_stage_display()]))


def _of_lead(lead: Any) -> str:
    return " · ".join(filter(None, [lead.company_name, lead.primary]))


def _company(row: Any) -> str:
    return row.company.name if row.company else ""


def _nobody(record_id: int) -> Sequence[int]:
    del record_id
    return ()


def _people_of_deal(record_id: int) -> Sequence[int]:
    """Nobody where the policy keeps deals to what was linked to them by hand."""
    if policy.current().deal_mode == LinkPolicy.Deals.NONE:
        return ()
    rows = DealContact.objects.filter(deal_id=record_id).order_by("-primary", "contact__sort_name")
    return list(rows.values_list("contact_id", flat=True))


def _people_of_company(record_id: int) -> Sequence[int]:
    rows = Contact.objects.filter(company_id=record_id).order_by("sort_name", "pk")
    return list(rows.values_list("pk", flat=True))


registry.register(
    People(contacts.KIND, "Contact", contacts.brief, contacts.find, _of_contact, _nobody)
)
registry.register(
    Organisations(
        companies.KIND,
        "Company",
        companies.brief,
        companies.find,
        lambda company: str(company.domain),
        _people_of_company,
    )
)
registry.register(Records(deals.KIND, "Deal", deals.brief, deals.find, _of_deal, _people_of_deal))
registry.register(Records(leads.KIND, "Lead", leads.brief, leads.find, _of_lead, _nobody))
