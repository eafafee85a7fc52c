"""Contacts: found, stored, deleted. Their addresses are what mail is matched by."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, Q, QuerySet

from mailweave.journal import entries
from mailweave.linking import activity, owners
from mailweave.linking import addresses as linked
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.common.addresses import ranked
from mailweave.records.common.lists import words
from mailweave.records.crm import companions
from mailweave.records.crm.addresses import CONTACTS as BOOK
from mailweave.records.crm.models import Company, Contact, ContactAddress

KIND = BOOK.kind


def brief(member: Member | None) -> QuerySet[Any]:
    """Contacts that the member sees with what a card says: their company, and ``primary``, the
    primary address."""
    found: QuerySet[Any] = rights.seen(member, Contact.objects.annotate(primary=BOOK.primary()))
    return rights.with_related(member, found, "company")


def find(member: Member | None, text: str = "") -> QuerySet[Any]:
    """Those whose name, address or company has each word of ``text``, with their owner."""
    found: QuerySet[Any] = brief(member).select_related("owner")
    named = rights.seen_at(member, Company, "company")
    for word in words(text):
        found = found.filter(
            Q(name__icontains=word)
            | Q(company__name__icontains=word) & named
            | Exists(BOOK.own().filter(address__contains=word.lower()))
        )
    return found


def addresses(contact_id: int) -> list[ContactAddress]:
    """A contact's addresses, the primary one first."""
    return BOOK.of(contact_id)


def sharing(member: Member | None, contact_id: int, given: Collection[str]) -> list[ContactAddress]:
    """Where other contacts that the member sees have one of these addresses too; each row with its
    contact."""
    return BOOK.sharing(member, contact_id, given)


def store(contact: Contact, given: Sequence[str]) -> None:
    """Save a contact with these normalised addresses, the primary one first.

    Mail of addresses that came or went is linked anew at once. The caller holds the row of a
    contact that exists (``select_for_update``).
    """
    contact.save()
    owners.tell(KIND, {contact.pk: contact.owner_id})
    BOOK.write(contact.pk, ranked(given))
    companions.tell([contact.pk])
    activity.touch(KIND, [contact.pk])


def adopt(contact_id: int, address: str) -> bool:
    """Give a contact one more normalised address; false if it has it, or there is no contact."""
    contact = Contact.objects.select_for_update().filter(pk=contact_id).first()
    given = [row.address for row in addresses(contact_id)]
    if contact is None or address in given:
        return False
    store(contact, [*given, address])
    return True


def release(contact_id: int, address: str) -> None:
    """Take an address away from a contact, if both are there."""
    contact = Contact.objects.select_for_update().filter(pk=contact_id).first()
    if contact is not None:
        store(contact, [one.address for one in addresses(contact_id) if one.address != address])


def delete(contact: Contact) -> None:
    """Delete a contact, its addresses and its links. Mail, companies and deals stay."""
    linked.forget(KIND, contact.pk)
    entries.forget(KIND, contact.pk)
    contact.delete()
