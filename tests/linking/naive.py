"""Linking the slow way, one message at a time, straight from the rules."""

from collections import defaultdict
from dataclasses import dataclass, field

from mailweave.linking.models import Link, RecordAddress, ThreadRecord
from mailweave.mail.models import Copy, Message, Participant, ThreadMailbox

Record = tuple[str, int]
Why = tuple[bool, str]
"""Linked or not, and whether by an address, by hand or by the thread."""
FROM, TO, CC, BCC = 1, 4, 5, 6


@dataclass(slots=True)
class Letter:
    """A stored message as linking sees it."""

    pk: int
    thread: int
    sender: int | None
    ours: bool
    people: set[int] = field(default_factory=set)
    matched: list[tuple[int, int, str]] = field(default_factory=list)
    """(role, position, address), foremost first."""


def letters() -> dict[int, Letter]:
    """Everything that is stored."""
    found = {
        one.pk: Letter(one.pk, one.thread_id, one.sender_id, one.direction == "out")
        for one in Message.objects.all()
    }
    for one in Participant.objects.select_related("address"):
        letter = found[one.message_id]
        letter.people.add(one.address_id)
        if one.role in ((TO, CC) if letter.ours else (FROM, TO, CC)):
            letter.matched.append((one.role, one.position, one.address.address))
    for copy in Copy.objects.all():
        letter = found[copy.message_id]
        letter.matched += [(BCC, 0, address) for address in copy.bcc if letter.ours]
    for letter in found.values():
        letter.matched.sort()
    return found


def expected(pins: dict[tuple[int, Record], bool]) -> dict[tuple[int, Record], Why]:
    """What every link should be, given people's decisions (message, record) -> linked."""
    owned: dict[Record, set[str]] = defaultdict(set)
    for row in RecordAddress.objects.select_related("address"):
        owned[row.kind, row.record_id].add(row.address.address)
    stored = letters()
    records = set(owned) | {record for _, record in pins}
    wanted: dict[tuple[int, Record], Why] = {}
    for record in records:
        for letter in stored.values():
            why = _direct(letter, owned[record], pins.get((letter.pk, record)))
            if why:
                wanted[letter.pk, record] = why
    return wanted | _inherited(stored, records, wanted)


def _direct(letter: Letter, owned: set[str], decided: bool | None) -> Why | None:
    if decided is not None:
        return (decided, "manual")
    if any(address in owned for _, _, address in letter.matched):
        return (True, "address")
    return None


def _inherited(
    stored: dict[int, Letter], records: set[Record], direct: dict[tuple[int, Record], Why]
) -> dict[tuple[int, Record], Why]:
    found: dict[tuple[int, Record], Why] = {}
    for record in records:
        for letter in stored.values():
            if (letter.pk, record) in direct:
                continue
            about = [
                other
                for other in stored.values()
                if other.thread == letter.thread and direct.get((other.pk, record), (False,))[0]
            ]
            people = set[int]().union(*(other.people for other in about))
            if about and (letter.ours or letter.sender in people):
                found[letter.pk, record] = (True, "thread")
    return found


def actual() -> dict[tuple[int, Record], Why]:
    """What every link is. By which address, other checks below look at."""
    return {
        (one.message_id, (one.kind, one.record_id)): (
            one.linked,
            "address" if one.reason in {"sender", "recipient"} else one.reason,
        )
        for one in Link.objects.all()
    }


def check_matched() -> None:
    """A link by an address names one of the record's that is on the message, and where it is.

    Which of several, is for the one that came first: an address added later does not rewrite why.
    """
    owned = set(RecordAddress.objects.values_list("kind", "record_id", "address_id"))
    stored = letters()
    for link in Link.objects.filter(reason__in=["sender", "recipient"]).select_related("address"):
        assert link.address
        assert (link.kind, link.record_id, link.address_id) in owned
        roles = {
            "sender" if role == FROM else "recipient"
            for role, _, address in stored[link.message_id].matched
            if address == link.address.address
        }
        assert link.reason in roles


def check_derived() -> None:
    """Thread records, linked flags and lists are what the links say."""
    stored = {one.pk: one for one in Message.objects.all()}
    linked = {one.message_id for one in Link.objects.filter(linked=True)}
    assert {pk for pk, one in stored.items() if one.linked} == linked
    wanted: dict[tuple[int, Record], list[Message]] = defaultdict(list)
    for link in Link.objects.filter(linked=True):
        message = stored[link.message_id]
        wanted[message.thread_id, (link.kind, link.record_id)].append(message)
    assert {
        (one.thread_id, (one.kind, one.record_id)): (one.message_count, one.last_at)
        for one in ThreadRecord.objects.all()
    } == {key: (len(found), max(m.sent_at for m in found)) for key, found in wanted.items()}
    for row in ThreadMailbox.objects.all():
        held = Copy.objects.filter(mailbox=row.mailbox_id, thread=row.thread_id)
        assert held
        assert row.linked == any(one.message_id in linked for one in held)


def check_inherited() -> None:
    """An inherited link names an address of the record by which a message of its thread is linked,
    or none if that was a person's decision."""
    for link in Link.objects.filter(reason="thread").select_related("message"):
        sources = Link.objects.filter(
            message__thread_id=link.message.thread_id,
            kind=link.kind,
            record_id=link.record_id,
            linked=True,
        ).exclude(reason="thread")
        assert link.address_id in set(sources.values_list("address_id", flat=True))
