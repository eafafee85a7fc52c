"""A lead becomes a contact: with its addresses, its mail and what people decided about it."""

from dataclasses import dataclass

from mailweave.journal import entries, moving
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking import merging
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.crm import companies, contacts, deals, leads
from mailweave.records.crm.models import Company, Contact, ContactAddress, Deal, Lead


@dataclass(frozen=True, slots=True)
class Wish:
    """What a lead is to become. Without ``into`` a new contact, with ``deal`` a deal of that name;
    an existing contact keeps its name, and its company if it has one. A company that is not known
    yet is made."""

    name: str
    company: str
    deal: str = ""
    into: int | None = None


def convert(lead: Lead, wish: Wish, member: Member) -> Contact:
    """Convert a lead whose row the caller holds. All of it happens, or nothing.

    Raises Expected if it is converted already, or the contact is no more; Refused if that is not
    the member's to change.
    """
    if lead.converted_at:
        raise Expected(f"{lead.name} has been converted already.")
    contact, status = _contact(lead, wish, member), lead.state
    known = [row.address for row in contacts.addresses(contact.pk)] if contact.pk else []
    given = [*known, *(row.address for row in leads.addresses(lead.pk))]
    contact.save()
    merging.merge(leads.KIND, [lead.pk], contact.pk, contacts.KIND)
    contacts.store(contact, given)
    lead.contact, lead.converted_at = contact, clock.now()
    lead.converted_by_id = member.user_id
    leads.store(lead, ())
    _write_down(member, lead, contact, status)
    if wish.deal:
        deal = Deal(name=wish.deal, company=contact.company, owner_id=lead.owner_id)
        deals.store(deal, [contact.pk])
    return contact


def alike(lead: Lead, member: Member) -> list[Contact]:
    """Contacts that may be the same person, and are the member's to change: by an address, or by
    the whole name."""
    given = [row.address for row in leads.addresses(lead.pk)]
    owners = ContactAddress.objects.filter(address__in=given).values("contact")
    found = Contact.objects.filter(pk__in=owners) | Contact.objects.filter(sort_name=lead.sort_name)
    known = rights.seen(member, contacts.find(member), "edit").filter(pk__in=found.values("pk"))
    return list(known.order_by("sort_name", "pk")[:10])


def _contact(lead: Lead, wish: Wish, member: Member) -> Contact:
    if wish.into is None:
        return Contact(
            name=wish.name,
            title=lead.title,
            phone=lead.phone,
            note=lead.note,
            company=_company(wish, member),
            owner_id=lead.owner_id,
        )
    rows = rights.seen(member, Contact.objects.select_for_update(of=("self",)))
    found: Contact | None = rows.filter(pk=wish.into).first()
    if found is None:
        raise Expected("The contact you chose is not here any more.")
    rights.insist(member, "edit", found)
    for name in ("title", "phone", "note", "owner_id"):
        setattr(found, name, getattr(found, name) or getattr(lead, name))
    found.company = found.company or _company(wish, member)
    return found


def _company(wish: Wish, member: Member) -> Company | None:
    company, _ = companies.named(member, wish.company)
    return company


def _write_down(member: Member, lead: Lead, contact: Contact, status: str) -> None:
    """What was written down of the lead goes to the contact, and both say what happened."""
    there, here = (contacts.KIND, contact.pk), (leads.KIND, lead.pk)
    moving.merge(here, there)
    entries.note_event(member, there, f"Was the lead {lead.name}")
    entries.note_change(member, here, "Status", status, lead.state)
