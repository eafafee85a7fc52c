"""Mail that was handed to support, read: what it is part of is found out, decided and done.

Every message ends in a :class:`Reading`, whatever was decided.
"""

from dataclasses import replace

from mailweave.kit import clock, live
from mailweave.linking import links, registry
from mailweave.linking.models import Handed, RecordAddress
from mailweave.mail import colleagues
from mailweave.mail.models import Message, Participant
from mailweave.records.support import assigning, facts, tickets
from mailweave.records.support.deciding import Decision, Facts, Outcome, decide
from mailweave.records.support.models import Processor, Reading, Ticket
from mailweave.records.support.tickets import KIND, Status

UNTITLED = "No subject"


def read(row: Handed) -> None:
    """Read one message; the caller holds the archive, and this transaction is the message's."""
    message = Message.objects.select_related("sender").get(pk=row.message_id)
    found = facts.gather(row, message)
    _do(row.mailbox_id, message, found, decide(found, facts.rules_of(row.mailbox_id)))


def release(reading: Reading) -> Ticket:
    """Let a message through that was held back: it opens its ticket after all."""
    message = Message.objects.select_related("sender").get(pk=reading.message_id)
    row = Handed(message=message, mailbox_id=reading.mailbox_id, received_at=message.sent_at)
    found = facts.gather(row, message)
    again = decide(replace(found, lately=0), facts.rules_of(reading.mailbox_id))
    if again.outcome not in {Outcome.OPENED, Outcome.FOLLOWED, Outcome.JOINED}:
        again = Decision(Outcome.OPENED, "Let through by hand.")
    ticket = _do(reading.mailbox_id, message, found, again)
    assert ticket is not None  # noqa: S101 - all three have one
    return ticket


def _do(mailbox_id: int, message: Message, found: Facts, decision: Decision) -> Ticket | None:
    processor = None
    if decision.rule:
        processor = Processor.objects.get(pk=decision.rule.id)
    ticket = None
    if decision.outcome in {Outcome.OPENED, Outcome.FOLLOWED}:
        ticket = _open(message, found, decision, processor)
    elif decision.outcome == Outcome.JOINED and decision.ticket:
        ticket = _join(message, found, decision)
    Reading.objects.update_or_create(
        message=message,
        mailbox_id=mailbox_id,
        defaults={
            "processor": processor,
            "ticket": ticket,
            "outcome": decision.outcome,
            "reason": decision.reason[:300],
            "sender": found.sender,
            "read_at": clock.now(),
        },
    )
    live.tell(tickets.TOPIC)
    return ticket


def _open(
    message: Message, found: Facts, decision: Decision, processor: Processor | None
) -> Ticket:
    ticket = Ticket(
        title=" ".join(found.subject.split())[:200] or UNTITLED,
        channel=Ticket.Channel.EMAIL,
        customer=found.sender,
        customer_name=found.sender_name or "",
        processor=processor,
        named_id=decision.named.id if decision.named else None,
    )
    if processor:
        ticket.priority, ticket.type = processor.priority, processor.type
        ticket.owner_id = assigning.pick(processor)
        if processor.makes_contacts:
            _make_contact(found)
    if decision.outcome == Outcome.FOLLOWED and decision.ticket:
        ticket.follows_id = decision.ticket.id
    tickets.open_(ticket)
    _copy(ticket, message)
    links.file([message.pk], (KIND, ticket.pk), decision.reason)
    return ticket


def _join(message: Message, found: Facts, decision: Decision) -> Ticket | None:
    assert decision.ticket  # noqa: S101 - whoever joins has one
    ticket = tickets.hold(decision.ticket.id)
    if ticket is None:
        return None
    if not found.filed:
        links.file([message.pk], (KIND, ticket.pk), decision.reason)
    if not found.automatic:
        _copy(ticket, message)
    if decision.answers and ticket.first_response_at is None and not found.filed:
        ticket.first_response_at = message.sent_at
    if decision.reopens:
        ticket.status = Status.OPEN
    tickets.store(ticket, None, by="The customer answered" if decision.reopens else "Mail came in")
    return ticket


def _copy(ticket: Ticket, message: Message) -> None:
    """Whoever the message names in Cc gets copies from now on, as far as there is room."""
    rows = Participant.objects.filter(message=message, role=Participant.Role.CC)
    given = rows.order_by("position").values_list("address__address", flat=True)
    tickets.add_copies(ticket, list(given[: 3 * tickets.MAX_CC]), colleagues.own())


def _make_contact(found: Facts) -> None:
    known = RecordAddress.objects.filter(address__address=found.sender)
    if not known.exclude(kind=KIND).exists():
        name = found.sender_name or found.sender
        registry.make(name, found.sender, "Made by a rule of support from mail by them")
