"""Tickets: found, numbered, stored, deleted. What changes is written down in the journal."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from mailweave.journal import entries
from mailweave.kit import clock, live
from mailweave.linking import activity, owners
from mailweave.linking import addresses as linked
from mailweave.mail import store as archive
from mailweave.mail.colleagues import Own
from mailweave.people import notifications
from mailweave.people.access import Member
from mailweave.people.models import User
from mailweave.records.common import rights
from mailweave.records.common.lists import words
from mailweave.records.support.models import Desk, Ticket, TicketAddress

KIND = "support.ticket"
MODULE = "support"
MAX_CC = 20
MAX_TAGS = 20
TOPIC = "tickets"
Status = Ticket.Status
_NUMBER = re.compile(r"(?:tkt-?|#)?0*(\d{1,9})", re.IGNORECASE)


def find(member: Member, text: str = "") -> QuerySet[Any]:
    """The tickets a member sees whose number, title, tags or customer have each word of ``text``;
    those that became part of another are left out."""
    rows: QuerySet[Any] = Ticket.objects.select_related("owner", "processor")
    rows = rights.seen(member, rows.filter(merged_into=None))
    for word in words(text):
        rows = rows.filter(_means(word))
    return rows


def _means(word: str) -> Q:
    found = Q(title__icontains=word) | Q(customer_name__icontains=word)
    found |= Q(customer__contains=word.lower()) | Q(tags__contains=[word.lower()])
    number = _NUMBER.fullmatch(word)
    return found | Q(number=int(number[1])) if number and int(number[1]) < 2**31 else found


def copies(ticket_id: int) -> list[str]:
    """Who gets a copy, in the order they came."""
    rows = TicketAddress.objects.filter(ticket_id=ticket_id).order_by("pk")
    return list(rows.values_list("address", flat=True))


def hold(ticket_id: int) -> Ticket | None:
    """The row to change, until the transaction ends; of one that was merged, the ticket that it
    became part of. The archive is held before it, as whoever reads mail does."""
    archive.hold()
    for _ in range(10):
        row: Ticket | None = Ticket.objects.select_for_update().filter(pk=ticket_id).first()
        if row is None or row.merged_into_id is None:
            return row
        ticket_id = row.merged_into_id
    return None


def open_(ticket: Ticket, cc: Sequence[str] = (), member: Member | None = None) -> Ticket:
    """Give a new ticket its number, and keep it; whom it is assigned to hears of it, unless that
    is ``member``, who adds it."""
    archive.hold()
    desk, _ = Desk.objects.get_or_create()
    desk.last_number += 1
    desk.save()
    ticket.number = desk.last_number
    ticket.tags = tidy_tags(ticket.tags)
    _settle(ticket)
    ticket.save()
    owners.tell(KIND, {ticket.pk: ticket.owner_id})
    add_copies(ticket, cc)
    activity.touch(KIND, [ticket.pk])
    _tell_owner(ticket, None, member)
    live.tell(TOPIC)
    return ticket


def store(ticket: Ticket, member: Member | None, *, by: str = "") -> None:
    """Keep what was changed of a ticket whose row the caller holds, and write down what that was:
    by a member, or by a rule, which ``by`` names."""
    before = Ticket.objects.select_related("owner").get(pk=ticket.pk)
    ticket.tags = tidy_tags(ticket.tags)
    _settle(ticket)
    ticket.save()
    owners.tell(KIND, {ticket.pk: ticket.owner_id})
    for what, (old, new) in _changes(before, ticket).items():
        entries.note_change(member, (KIND, ticket.pk), what, old, new, by=by)
    _tell_owner(ticket, before.owner_id, member)
    live.tell(TOPIC, topic(ticket.pk))


def topic(ticket_id: int) -> str:
    """What open pages hear when something of a ticket changes."""
    return f"ticket-{ticket_id}"


def add_copies(ticket: Ticket, given: Collection[str], own: Own | None = None) -> list[str]:
    """Let these normalised addresses have copies, but for the customer and, if ``own`` says who
    that is, our own; at most twenty in all. Returns those that found no place."""
    known = copies(ticket.pk)
    ours = own.addresses if own else ()
    wanted = [
        one
        for one in dict.fromkeys(given)
        if one not in known and one != ticket.customer and one not in ours
    ]
    room = MAX_CC - len(known)
    TicketAddress.objects.bulk_create(
        [TicketAddress(ticket=ticket, address=one) for one in wanted[:room]], ignore_conflicts=True
    )
    return wanted[room:]


def set_copies(ticket: Ticket, given: Sequence[str]) -> None:
    """Make these normalised addresses, at most twenty, all that have copies."""
    TicketAddress.objects.filter(ticket=ticket).exclude(address__in=given).delete()
    add_copies(ticket, given)


def tidy_tags(given: Collection[str]) -> list[str]:
    """Tags in small letters, each once, short, and not too many."""
    tidy = (" ".join(one.lower().split())[:40] for one in given)
    return list(dict.fromkeys(one for one in tidy if one))[:MAX_TAGS]


def delete(ticket: Ticket) -> None:
    """Delete a ticket whose row the caller holds, its notes and its links. The mail stays."""
    linked.forget(KIND, ticket.pk)
    entries.forget(KIND, ticket.pk)
    hush(ticket, "It was deleted.")
    ticket.delete()
    live.tell(TOPIC)


def hush(ticket: Ticket, text: str) -> None:
    """Nobody need look after it any more; ``text`` says why."""
    notifications.end([topic(ticket.pk)], text)


def _tell_owner(ticket: Ticket, before: int | None, member: Member | None) -> None:
    """Let a new assignee know; it is over when somebody else has it, or it is settled."""
    if before is not None and before != ticket.owner_id:
        hush(ticket, "It was given to somebody else.")
    if ticket.status not in Ticket.UNSETTLED:
        hush(ticket, f"{ticket.reference} is {ticket.get_status_display().lower()}.")
    elif ticket.owner_id not in {None, before, member.user_id if member else None}:
        notifications.notify(
            [ticket.owner_id],
            kind="ticket",
            key=topic(ticket.pk),
            title=f"{ticket.reference} was assigned to you",
            text=ticket.title,
            path=reverse("support:ticket", args=[ticket.pk]),
        )


def _settle(ticket: Ticket) -> None:
    if ticket.status != Status.CLOSED:
        ticket.closed_at = None
    elif ticket.closed_at is None:
        ticket.closed_at = clock.now()


def _changes(before: Ticket, after: Ticket) -> Mapping[str, tuple[str, str]]:
    """What people are told that was changed."""
    named: dict[str, tuple[str, str]] = {}
    for field in ("status", "priority", "type"):
        show = f"get_{field}_display"
        named[field.title()] = (str(getattr(before, show)()), str(getattr(after, show)()))
    named["Assignee"] = (_called(before.owner_id), _called(after.owner_id))
    named["Customer"] = (before.customer, after.customer)
    named["Title"] = (before.title, after.title)
    named["Tags"] = (", ".join(before.tags), ", ".join(after.tags))
    return {what: pair for what, pair in named.items() if pair[0] != pair[1]}


def _called(user_id: int | None) -> str:
    return "" if user_id is None else User.objects.values_list("name", flat=True).get(pk=user_id)
