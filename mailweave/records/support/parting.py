"""A merge of two tickets undone, as long as nothing else happened to them."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from mailweave.journal import entries, moving
from mailweave.journal.models import EntryRecord
from mailweave.kit import clock, live
from mailweave.kit.errors import Expected
from mailweave.linking import merging
from mailweave.linking.models import Link
from mailweave.mail import store as archive
from mailweave.people.access import Member
from mailweave.records.support import tickets
from mailweave.records.support.models import Joining, Reading, Ticket, TicketAddress
from mailweave.records.support.tickets import KIND

UNDO = timedelta(days=1)
STATE = ("title", "description", "status", "priority", "type", "owner_id", "customer", "tags")
LATE = (
    "This cannot be undone any more: something has happened to {} since, or somebody has undone it "
    "already. Nothing was changed; messages can still be split off."
)


def remember(into: Ticket, other: Ticket) -> dict[str, Any]:
    """What :func:`undo` needs to know of two tickets, whose rows the caller holds, before they are
    merged."""
    held = set(_entries(into.pk))
    return {
        "status": other.status,
        "owner": other.owner_id,
        "links": merging.remember(KIND, other.pk, into.pk),
        "entries": _entries(other.pk),
        "shared": sorted(held.intersection(_entries(other.pk))),
        "copies": tickets.copies(into.pk),
        "readings": list(Reading.objects.filter(ticket=other).values_list("pk", flat=True)),
        "merged": list(Ticket.objects.filter(merged_into=other).values_list("pk", flat=True)),
    }


def keep(member: Member, into: Ticket, other: Ticket, before: dict[str, Any]) -> None:
    """Keep what was remembered, now that they are merged; what is older than a day goes."""
    Joining.objects.filter(made_at__lt=clock.now() - UNDO).delete()
    row = {"into": into, "before": before, "after": _digest(into.pk), "made_by_id": member.user_id}
    Joining.objects.update_or_create(ticket=other, defaults={**row, "made_at": clock.now()})


def undoable(into: Ticket) -> list[Joining]:
    """What became part of a ticket and can still be undone, the newest first."""
    rows = list(_fresh().filter(into=into).select_related("ticket", "made_by").order_by("-pk"))
    now = _digest(into.pk) if rows else ""
    return [row for row in rows if row.after == now]


def undo(member: Member, other_id: int) -> Ticket:
    """Make a ticket one of its own again, as it was. The caller has asked whether the member may.

    Raises Expected where something else happened to either since.
    """
    archive.hold()
    row = _fresh().select_related("into").filter(ticket_id=other_id).first()
    into = tickets.hold(row.into_id) if row else None
    other: Ticket | None = Ticket.objects.select_for_update().filter(pk=other_id).first()
    if row is None or into is None or other is None or other.merged_into_id != into.pk:
        raise Expected(LATE.format("them"))
    if row.after != _digest(into.pk):
        raise Expected(LATE.format(into.reference))
    _put_back(into, other, row.before)
    other.merged_into, other.status = None, row.before["status"]
    other.owner_id = row.before["owner"]
    tickets.store(other, member)
    for one, second in ((into, other), (other, into)):
        said = f"Merging with {second.reference} was undone"
        entries.note_event(member, (KIND, one.pk), said)
    row.delete()
    live.tell(tickets.TOPIC, tickets.topic(into.pk), tickets.topic(other.pk))
    return other


def _put_back(into: Ticket, other: Ticket, before: dict[str, Any]) -> None:
    merging.part(KIND, other.pk, into.pk, before["links"])
    moving.part((KIND, other.pk), (KIND, into.pk), before["entries"], before["shared"])
    Reading.objects.filter(pk__in=before["readings"]).update(ticket=other)
    Ticket.objects.filter(pk__in=before["merged"]).update(merged_into=other)
    added = TicketAddress.objects.filter(ticket=into).exclude(address__in=before["copies"])
    added.delete()


def _fresh() -> QuerySet[Any]:
    rows: QuerySet[Any] = Joining.objects.filter(made_at__gte=clock.now() - UNDO)
    return rows


def _digest(ticket_id: int) -> str:
    """What a ticket is now, in short: its facts, mail, entries, people, and what is part of it."""
    links = Link.objects.filter(kind=KIND, record_id=ticket_id).order_by("message_id")
    told = EntryRecord.objects.filter(kind=KIND, record_id=ticket_id).order_by("entry_id")
    parts = Ticket.objects.filter(merged_into=ticket_id).order_by("pk")
    found = [
        list(Ticket.objects.filter(pk=ticket_id).values_list(*STATE)),
        list(links.values_list("message_id", "linked", "pinned")),
        list(
            told.values_list("entry_id", "entry__edited_at", "entry__done_at", "entry__deleted_at")
        ),
        tickets.copies(ticket_id),
        list(parts.values_list("pk", flat=True)),
    ]
    return hashlib.sha256(json.dumps(found, default=str).encode()).hexdigest()


def _entries(ticket_id: int) -> list[int]:
    rows = EntryRecord.objects.filter(kind=KIND, record_id=ticket_id).order_by("entry_id")
    return list(rows.values_list("entry_id", flat=True))
