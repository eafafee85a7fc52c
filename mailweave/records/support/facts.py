"""What support knows of a message that was handed to it, looked up before anything is decided."""

import re
from collections.abc import Iterable
from datetime import timedelta

from mailweave.kit import clock
from mailweave.linking import policy
from mailweave.linking.models import Handed, Link
from mailweave.mail import arrival, colleagues
from mailweave.mail.colleagues import Own
from mailweave.mail.models import Body, Message, Participant
from mailweave.mime.headers import Headers
from mailweave.records.support.deciding import Facts, Found, Rule
from mailweave.records.support.models import Desk, Processor, Ticket, TicketAddress
from mailweave.records.support.tickets import KIND

HOUR = timedelta(hours=1)
_TOKEN = re.compile(r"\[TKT-0*(\d{1,9})\]", re.IGNORECASE)
_TAGGED = re.compile(r"(?P<box>[^@+]+)\+tkt-0*(?P<number>\d{1,9})@(?P<domain>.+)", re.IGNORECASE)
_SUBJECT = 2_000
FEW = 5
"""Tickets of one thread that are looked at."""


def gather(row: Handed, message: Message) -> Facts:
    """The facts of a message in the mailbox it was handed from."""
    own, hidden = colleagues.own(), policy.hidden()
    sender = message.sender.address if message.sender else ""
    people = list(
        Participant.objects.filter(
            message=message, role__in=[Participant.Role.TO, Participant.Role.CC]
        )
        .order_by("role", "position")
        .values_list("address__address", flat=True)
    )
    subject = message.subject[:_SUBJECT]
    automatic, report = _machine(message, own) if message.automatic else ("", False)
    named, named_by = _named(subject, people, own, sender)
    return Facts(
        received_at=row.received_at,
        sender=sender,
        sender_name=message.sender_name,
        subject=subject,
        recipients=tuple(people),
        sent=message.direction == Message.Direction.OUTBOUND,
        ours=sender in own.addresses,
        colleague=_is_of(sender, own),
        private=_is_of(sender, hidden),
        automatic=automatic,
        report=report,
        filed=_filed(message, sender),
        thread=_of_thread(message, sender),
        named=named,
        named_by=named_by,
        lately=_lately(sender),
        hourly=(Desk.objects.first() or Desk()).hourly,
    )


def rules_of(mailbox_id: int) -> list[Rule]:
    """The active processors of a mailbox, in the order they were made."""
    rows = Processor.objects.filter(mailbox_id=mailbox_id, active=True).order_by("pk")
    return [
        Rule(
            one.pk,
            one.name,
            one.sender.lower(),
            one.subject.lower(),
            one.recipient.lower(),
            one.reopening,
            one.reopening_days,
        )
        for one in rows
    ]


def takes_part(ticket: Ticket, address: str) -> bool:
    """Whether somebody is the customer, has copies, or stands on mail of the ticket that a person
    wrote: what machines send brings nobody in."""
    if not address:
        return False
    if address == ticket.customer:
        return True
    if TicketAddress.objects.filter(ticket=ticket, address=address).exists():
        return True
    links = Link.objects.filter(kind=KIND, record_id=ticket.pk, linked=True)
    there = Participant.objects.filter(
        message__in=links.filter(message__automatic=False).values("message"),
        address__address=address,
    )
    return there.exists()


def _filed(message: Message, sender: str) -> Found | None:
    """The ticket somebody filed it in; what it only inherits is looked at as any answer is."""
    rows = Link.objects.filter(kind=KIND, message=message, linked=True, pinned=True)
    found = _found(rows.order_by("made_at").values_list("record_id", flat=True), sender)
    return found[0] if found else None


def _of_thread(message: Message, sender: str) -> Found | None:
    """The ticket of the message it answers; else of the newest in its thread that has one. Where
    that is closed, one that goes on and in which its sender takes part comes first."""
    rows = Link.objects.filter(kind=KIND, linked=True, message__thread=message.thread_id)
    rows = rows.exclude(message=message)
    ids = list(rows.order_by("-sent_at", "-pk").values_list("record_id", flat=True))
    if message.in_reply_to:
        answered = rows.filter(message__message_id=message.in_reply_to)
        ids = [*answered.values_list("record_id", flat=True), *ids]
    found = _found(ids, sender)
    going = (one for one in found if one.party and one.status != Ticket.Status.CLOSED)
    return next(going, found[0] if found else None)


def _named(subject: str, people: Iterable[str], own: Own, sender: str) -> tuple[Found | None, str]:
    """The ticket whose number the message bears, and where."""
    for number in _TOKEN.findall(subject)[:3]:
        if found := _numbered(int(number), sender):
            return found[0], "subject"
    for one in people:
        tagged = _TAGGED.fullmatch(one)
        if not tagged or f"{tagged['box']}@{tagged['domain']}" not in own.addresses:
            continue
        if found := _numbered(int(tagged["number"]), sender):
            return found[0], "address"
    return None, "subject"


def _numbered(number: int, sender: str) -> list[Found]:
    if number >= 2**31:
        return []
    return _found(Ticket.objects.filter(number=number).values_list("pk", flat=True), sender)


def _found(ids: Iterable[int], sender: str) -> list[Found]:
    """Those of the first few of these tickets that still exist, or what they became part of."""
    led = (leads_to(pk) for pk in list(dict.fromkeys(ids))[:FEW])
    return [
        Found(one.pk, one.reference, one.status, takes_part(one, sender), one.closed_at)
        for one in dict.fromkeys(filter(None, led))
    ]


def leads_to(ticket_id: int) -> Ticket | None:
    """A ticket, or the one that it became part of."""
    for _ in range(10):
        ticket: Ticket | None = Ticket.objects.filter(pk=ticket_id).first()
        if ticket is None or ticket.merged_into_id is None:
            return ticket
        ticket_id = ticket.merged_into_id
    return None


def _is_of(address: str, own: Own) -> bool:
    return address in own.addresses or address.rpartition("@")[2] in own.domains


def _lately(sender: str) -> int:
    since = clock.now() - HOUR
    rows = Ticket.objects.filter(customer=sender, created_at__gt=since)
    return rows.filter(channel=Ticket.Channel.EMAIL).count() if sender else 0


def _machine(message: Message, own: Own) -> tuple[str, bool]:
    """How one can tell that a machine sent it; and whether it reports what was not delivered.

    What only came by a list of ours, as a group that is called support@, was written by somebody.
    """
    body = Body.objects.filter(message=message).first()
    stored = arrival.decompress(bytes(body.headers_zstd)) if body else ""
    headers = Headers(arrival.split_headers(stored))
    kind = headers.first("Content-Type").lower()
    if kind.startswith("multipart/report") or "X-Failed-Recipients" in headers:
        return "a report about mail that was sent", True
    if headers.first("Auto-Submitted").strip().lower() not in {"", "no"}:
        return "it says so itself", False
    if headers.first("Return-Path").strip() == "<>":
        return "it names nowhere to return it to", True
    if any(name in headers for name in ("X-Autoreply", "X-Autorespond")):
        return "an automatic answer", False
    if any(name in headers for name in ("List-Id", "List-Unsubscribe", "List-Post")):
        return ("", False) if _is_our_list(headers, own) else ("a mailing list", False)
    return "sent to many, or an automatic answer", False


def _is_our_list(headers: Headers, own: Own) -> bool:
    """Whether the list (RFC 2919) is of a domain of ours."""
    name = headers.first("List-Id")[:500].lower().rpartition("<")[2].partition(">")[0].strip()
    return any(name == one or name.endswith(f".{one}") for one in own.domains)
