"""Contacts: found, stored, deleted. Their addresses are what mail is matched by."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from mailweave.linking import addresses as linked
from mailweave.records.crm.lists import words
from mailweave.records.crm.models import Contact, ContactAddress

KIND = "crm.contact"
PRIMARY = ContactAddress.Kind.PRIMARY
ADDITIONAL = ContactAddress.Kind.ADDITIONAL


def find(text: str = "") -> QuerySet[Any]:
    """Contacts whose name, address or company has each word of ``text``, with ``primary``, the
    primary address."""
    own = ContactAddress.objects.filter(contact=OuterRef("pk"))
    found: QuerySet[Any] = Contact.objects.select_related("company").annotate(
        primary=Subquery(own.filter(kind=PRIMARY).values("address")[:1])
    )
    for word in words(text):
        found = found.filter(
            Q(name__icontains=word)
            | Q(company__name__icontains=word)
            | Exists(own.filter(address__contains=word.lower()))
        )
    return found


def addresses(contact_id: int) -> list[ContactAddress]:
    """A contact's addresses, the primary one first."""
    rows = ContactAddress.objects.filter(contact_id=contact_id)
    return sorted(rows, key=lambda row: (row.kind != PRIMARY, row.pk))


def sharing(contact_id: int, given: Collection[str]) -> list[ContactAddress]:
    """Where other contacts have one of these addresses too; each row with its contact."""
    rows = ContactAddress.objects.filter(address__in=given).exclude(contact_id=contact_id)
    return list(rows.select_related("contact").order_by("address", "contact__sort_name")[:20])


def store(contact: Contact, given: Sequence[str]) -> None:
    """Save a contact with these normalised addresses, the primary one first.

    Mail of addresses that came or went is linked anew at once. The caller holds the row of a
    contact that exists (``select_for_update``).
    """
    contact.save()
    ordered = list(dict.fromkeys(given))
    pairs = [(each, PRIMARY if not index else ADDITIONAL) for index, each in enumerate(ordered)]
    ContactAddress.objects.filter(contact=contact).delete()
    ContactAddress.objects.bulk_create(
        [ContactAddress(contact=contact, address=each, kind=kind) for each, kind in pairs]
    )
    linked.set_addresses(KIND, contact.pk, pairs)


def delete(contact: Contact) -> None:
    """Delete a contact, its addresses and its links. Mail, companies and deals stay."""
    linked.forget(KIND, contact.pk)
    contact.delete()
