"""Two tickets become one, and a part of one becomes another."""

from collections.abc import Collection

from mailweave.journal import entries, moving
from mailweave.kit import live
from mailweave.kit.errors import Expected
from mailweave.linking import links, merging
from mailweave.linking.models import Link
from mailweave.mail import colleagues
from mailweave.mail.models import Message
from mailweave.people.access import Member
from mailweave.records.support import parting, tickets
from mailweave.records.support.models import Looker, Reading, Ticket
from mailweave.records.support.tickets import KIND, Status


def merge(member: Member, into_id: int, other_id: int) -> Ticket:
    """Make one ticket part of another: its mail, notes and people go there, and its number leads
    there. For a day, and while nothing else happens to them, it can be undone
    (:mod:`records.support.parting`); messages can be split off at any time.

    Raises Expected where one of them is gone, or they are one already.
    """
    into, other = tickets.hold(into_id), tickets.hold(other_id)
    if into is None or other is None:
        raise Expected("One of these tickets was deleted meanwhile. Nothing was merged.")
    if into.pk == other.pk:
        raise Expected(f"They are one ticket already: {into.reference}.")
    before = parting.remember(into, other)
    merging.merge(KIND, [other.pk], into.pk)
    moving.merge((KIND, other.pk), (KIND, into.pk))
    people = [one for one in (other.customer, *tickets.copies(other.pk)) if one]
    left_over = tickets.add_copies(into, people, colleagues.own())
    Reading.objects.filter(ticket=other).update(ticket=into)
    Looker.objects.filter(ticket=other).delete()
    Ticket.objects.filter(merged_into=other).update(merged_into=into)
    tickets.hush(other, f"It became part of {into.reference}.")
    other.merged_into, other.status, other.owner = into, Status.CLOSED, None
    other.save()
    said = other.reference + (f" ({len(left_over)} people found no place)" if left_over else "")
    entries.note_event(member, (KIND, into.pk), f"Merged in: {said}")
    parting.keep(member, into, other, before)
    live.tell(tickets.TOPIC, tickets.topic(into.pk), tickets.topic(other.pk))
    return into


def split(member: Member, ticket: Ticket, message_ids: Collection[int]) -> Ticket:
    """Make some messages of a ticket, whose row the caller holds, a ticket of their own: of whoever
    wrote the first that was received. Raises Expected where that leaves one of the two empty."""
    rows = Link.objects.filter(kind=KIND, record_id=ticket.pk, linked=True)
    here = set(rows.values_list("message_id", flat=True))
    chosen = here & set(message_ids)
    if not chosen:
        raise Expected("Choose the messages that become a ticket of their own.")
    if chosen == here:
        raise Expected("One message at least has to stay: all of them are this ticket already.")
    made = tickets.open_(_begun_by(ticket, chosen), member=member)
    filed = set(rows.filter(reason=Link.Reason.FILED).values_list("message_id", flat=True))
    links.file(chosen, (KIND, made.pk), f"It was split off {ticket.reference}.")
    links.unfile(chosen & filed, (KIND, ticket.pk))
    if by_hand := chosen - filed:
        links.unlink(by_hand, (KIND, ticket.pk), member.user_id)
    Reading.objects.filter(ticket=ticket, message__in=chosen).update(ticket=made)
    entries.note_event(member, (KIND, ticket.pk), f"Split off: {made.reference}")
    entries.note_event(member, (KIND, made.pk), f"Split off from {ticket.reference}")
    live.tell(tickets.TOPIC, tickets.topic(ticket.pk))
    return made


def _begun_by(ticket: Ticket, chosen: Collection[int]) -> Ticket:
    messages = (
        Message.objects.select_related("sender").filter(pk__in=chosen).order_by("sent_at", "pk")
    )
    first = messages.filter(direction=Message.Direction.INBOUND).first() or messages[0]
    received = first.direction == Message.Direction.INBOUND and first.sender is not None
    return Ticket(
        title=" ".join(first.subject.split())[:200] or ticket.title,
        channel=ticket.channel,
        customer=first.sender.address if received else ticket.customer,
        customer_name=first.sender_name if received else ticket.customer_name,
        priority=ticket.priority,
        type=ticket.type,
        owner_id=ticket.owner_id,
        processor_id=ticket.processor_id,
    )
