"""Deals: found, stored with their contacts, deleted."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery

from mailweave.journal import entries
from mailweave.kit import clock
from mailweave.linking import activity, owners
from mailweave.linking import addresses as linked
from mailweave.people.access import Member
from mailweave.people.models import Scope
from mailweave.records.common import rights
from mailweave.records.common.lists import words
from mailweave.records.crm import companions
from mailweave.records.crm.models import Company, Contact, ContactAddress, Deal, DealContact

KIND = "crm.deal"


def brief(member: Member | None) -> QuerySet[Any]:
    """Deals that the member sees with what a card says: their company."""
    found: QuerySet[Any] = rights.seen(member, Deal.objects.all())
    return rights.with_related(member, found, "company")


def find(member: Member | None, text: str = "") -> QuerySet[Any]:
    """Those where the name, the company or a contact's name or address has
    each word of ``text``, with ``primary``, the primary contact's name."""
    own = DealContact.objects.filter(deal=OuterRef("pk"))
    own = own.filter(rights.seen_at(member, Contact, "contact"))
    found: QuerySet[Any] = brief(member)
    found = found.annotate(primary=Subquery(own.filter(primary=True).values("contact__name")[:1]))
    named = rights.seen_at(member, Company, "company")
    for word in words(text):
        addressed = ContactAddress.objects.filter(
            contact=OuterRef("contact"), address__contains=word.lower()
        )
        found = found.filter(
            Q(name__icontains=word)
            | Q(company__name__icontains=word) & named
            | Exists(own.filter(Q(contact__name__icontains=word) | Exists(addressed)))
        )
    return found


def contacts(member: Member | None, deal_id: int) -> list[DealContact]:
    """Whom a deal is made with, as far as the member sees, the primary contact first; each row with
    its contact and ``address``, the contact's primary one."""
    addresses = ContactAddress.objects.filter(contact=OuterRef("contact"), kind="primary")
    people = rights.with_related(member, Contact.objects.all(), "company")
    rows = DealContact.objects.filter(deal_id=deal_id).prefetch_related(Prefetch("contact", people))
    rows = rows.filter(rights.seen_at(member, Contact, "contact"))
    rows = rows.annotate(address=Subquery(addresses.values("address")[:1]))
    return list(rows.order_by("-primary", "contact__sort_name", "contact_id"))


def of_contact(member: Member | None, contact_id: int) -> list[DealContact]:
    """The deals a contact is part of, as far as the member sees, in the order of names; each row
    with its deal."""
    sales = rights.with_related(member, Deal.objects.all(), "company")
    rows = DealContact.objects.filter(contact_id=contact_id)
    rows = rows.filter(rights.seen_at(member, Deal, "deal")).prefetch_related(
        Prefetch("deal", sales)
    )
    return list(rows.order_by("deal__sort_name", "deal_id")[:100])


def with_unseen(member: Member | None, deal: Deal, chosen: Sequence[int]) -> list[int]:
    """What a member chose as the contacts of a deal, with those of its contacts that they do not
    see: nobody takes away what they cannot see."""
    if rights.reach(member, "see", Contact).scope == Scope.ALL:
        return list(chosen)
    rows = DealContact.objects.filter(deal=deal.pk)
    unseen = rows.exclude(rights.seen_at(member, Contact, "contact"))
    first = list(unseen.filter(primary=True).values_list("contact_id", flat=True))
    rest = list(unseen.filter(primary=False).values_list("contact_id", flat=True))
    return [*first, *chosen, *rest]


def store(deal: Deal, contact_ids: Sequence[int]) -> None:
    """Save a deal with these contacts, the primary one first. The caller holds its row.

    It is closed by its stage. Mail of contacts that came or went, or that it was open for, is
    linked anew at once.
    """
    if deal.stage not in Deal.CLOSED:
        deal.closed_at = None
    elif deal.closed_at is None:
        deal.closed_at = clock.now()
    deal.save()
    owners.tell(KIND, {deal.pk: deal.owner_id})
    before = people(deal)
    DealContact.objects.filter(deal=deal).delete()
    DealContact.objects.bulk_create(
        [
            DealContact(deal=deal, contact_id=id_, primary=not index)
            for index, id_ in enumerate(dict.fromkeys(contact_ids))
        ]
    )
    activity.touch(KIND, [deal.pk])
    companions.tell({*before, *contact_ids})


def people(deal: Deal) -> list[int]:
    """The contacts of a deal."""
    return list(DealContact.objects.filter(deal=deal).values_list("contact_id", flat=True))


def delete(deal: Deal) -> None:
    """Delete a deal and its links. Its contacts, its company and the mail stay."""
    linked.forget(KIND, deal.pk)
    entries.forget(KIND, deal.pk)
    deal.delete()
