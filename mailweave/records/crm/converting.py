"""A lead becomes a contact: with its addresses, its mail and what people decided about it."""

from dataclasses import dataclass

from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking import merging
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


def convert(lead: Lead, wish: Wish, user_id: int) -> Contact:
    """Convert a lead whose row the caller holds. All of it happens, or nothing.

    Raises Expected if it is converted already, or the contact is no more.
    """
    if lead.converted_at:
        raise Expected(f"{lead.name} has been converted already.")
    contact = _contact(lead, wish)
    known = [row.address for row in contacts.addresses(contact.pk)] if contact.pk else []
    given = [*known, *(row.address for row in leads.addresses(lead.pk))]
    contact.save()
    merging.merge(leads.KIND, [lead.pk], contact.pk, contacts.KIND)
    contacts.store(contact, given)
    lead.contact, lead.converted_at = contact, clock.now()
    lead.converted_by_id = user_id
    leads.store(lead, ())
    if wish.deal:
        deal = Deal(name=wish.deal, company=contact.company, owner_id=lead.owner_id)
        deals.store(deal, [contact.pk])
    return contact


def alike(lead: Lead) -> list[Contact]:
    """Contacts that may be the same person: by an address, or by the whole name."""
    given = [row.address for row in leads.addresses(lead.pk)]
    owners = ContactAddress.objects.filter(address__in=given).values("contact")
    found = Contact.objects.filter(pk__in=owners) | Contact.objects.filter(sort_name=lead.sort_name)
    return list(contacts.find().filter(pk__in=found.values("pk")).order_by("sort_name", "pk")[:10])


def _contact(lead: Lead, wish: Wish) -> Contact:
    if wish.into is None:
        return Contact(
            name=wish.name,
            title=lead.title,
            phone=lead.phone,
            note=lead.note,
            company=_company(wish),
            owner_id=lead.owner_id,
        )
    found: Contact | None = Contact.objects.select_for_update().filter(pk=wish.into).first()
    if found is None:
        raise Expected("The contact you chose is not here any more.")
    for name in ("title", "phone", "note", "owner_id"):
        setattr(found, name, getattr(found, name) or getattr(lead, name))
    found.company = found.company or _company(wish)
    return found


def _company(wish: Wish) -> Company | None:
    company, _ = companies.named(wish.company)
    return company
