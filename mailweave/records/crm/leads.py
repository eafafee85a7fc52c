"""Leads: found, stored, deleted. Their addresses are what mail is matched by."""

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
from mailweave.records.crm.addresses import LEADS as BOOK
from mailweave.records.crm.models import Lead, LeadAddress

KIND = BOOK.kind


def brief(member: Member | None) -> QuerySet[Any]:
    """Leads that the member sees with ``primary``, the primary address."""
    found: QuerySet[Any] = rights.seen(member, Lead.objects.annotate(primary=BOOK.primary()))
    return found


def find(member: Member | None, text: str = "") -> QuerySet[Any]:
    """Those whose name, company, source or address has each word of ``text``, with their owner."""
    found: QuerySet[Any] = brief(member).select_related("owner")
    for word in words(text):
        found = found.filter(
            Q(name__icontains=word)
            | Q(company_name__icontains=word)
            | Q(source__icontains=word)
            | Exists(BOOK.own().filter(address__contains=word.lower()))
        )
    return found


def addresses(lead_id: int) -> list[LeadAddress]:
    """A lead's addresses, the primary one first."""
    return BOOK.of(lead_id)


def sharing(member: Member | None, lead_id: int, given: Collection[str]) -> list[LeadAddress]:
    """Where other leads that the member sees have one of these addresses too; each row with its
    lead."""
    return BOOK.sharing(member, lead_id, given)


def store(lead: Lead, given: Sequence[str]) -> None:
    """Save a lead with these normalised addresses, the primary one first.

    Mail of addresses that came or went is linked anew at once. The caller holds the row of a
    lead that exists (``select_for_update``).
    """
    lead.save()
    owners.tell(KIND, {lead.pk: lead.owner_id})
    BOOK.write(lead.pk, ranked(given))
    activity.touch(KIND, [lead.pk])


def delete(lead: Lead) -> None:
    """Delete a lead, its addresses and its links. Mail, and what it was converted to, stay."""
    linked.forget(KIND, lead.pk)
    entries.forget(KIND, lead.pk)
    lead.delete()
