"""Linking the slow way, one message at a time, straight from the rules."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from mailweave.linking import matching, registry
from mailweave.linking.models import (
    Activity,
    Companion,
    Link,
    RecordAddress,
    ThreadRecord,
    Unlinked,
)
from mailweave.linking.policy import Matching
from mailweave.mail.models import Copy, Message, Participant, Thread, ThreadMailbox

Record = tuple[str, int]
Why = tuple[bool, str]
"""Linked or not, and whether by an address, by hand, by the thread or as a companion."""
ROLES = {1: "from", 4: "to", 5: "cc", 6: "bcc"}
KINDS = ["primary", "portal", "additional"]
WORDS = dict.fromkeys(["sender", "recipient"], "address")
WORDS |= dict.fromkeys(["company", "deal"], "companion")
OURS = "@home.example"
STANDARD = Matching()


@dataclass(slots=True)
class Letter:
    """A stored message as linking sees it."""

    pk: int
    thread: int
    sender: int | None
    ours: bool
    at: datetime
    outside: bool = False
    people: set[int] = field(default_factory=set)
    to: set[int] = field(default_factory=set)
    matched: list[tuple[int, int, str]] = field(default_factory=list)
    """(role, position, address), foremost first."""


def letters(matching: Matching = STANDARD) -> dict[int, Letter]:
    """Everything that is stored."""
    found = {
        one.pk: Letter(one.pk, one.thread_id, one.sender_id, one.direction == "out", one.sent_at)
        for one in Message.objects.all()
    }
    for one in Participant.objects.select_related("address"):
        letter = found[one.message_id]
        letter.people.add(one.address_id)
        if one.role in {Participant.Role.TO, Participant.Role.CC}:
            letter.to.add(one.address_id)
        if one.role in ROLES:
            _note(letter, ROLES[one.role], one.position, one.address.address, matching)
    for copy in Copy.objects.all():
        for address in copy.bcc:
            _note(found[copy.message_id], "bcc", 0, address, matching)
    for letter in found.values():
        letter.matched.sort()
    return found


def _note(letter: Letter, role: str, position: int, address: str, matching: Matching) -> None:
    letter.outside |= not address.endswith(OURS)
    if role in (matching.roles_out if letter.ours else matching.roles_in):
        letter.matched.append((list(ROLES.values()).index(role), position, address))


def expected(
    pins: dict[tuple[int, Record], bool], matching: Matching = STANDARD
) -> dict[tuple[int, Record], Why]:
    """What every link should be, given people's decisions (message, record) -> linked."""
    owned: dict[str, list[tuple[int, int, Record]]] = defaultdict(list)
    for row in RecordAddress.objects.select_related("address"):
        typed = not matching.match_types or row.kind in matching.match_types
        if typed and row.address_kind in matching.match_kinds:
            places = (KINDS.index(row.address_kind), place_of(row.kind))
            owned[row.address.address].append((*places, (row.kind, row.record_id)))
    stored = letters(matching)
    wanted: dict[int, dict[Record, Why]] = {}
    for thread in {one.thread for one in stored.values()}:
        held = [one for one in stored.values() if one.thread == thread]
        held.sort(key=lambda one: (one.at, one.pk))
        wanted |= _thread(held, owned, pins, matching)
    for letter in stored.values():
        _accompany(letter, wanted[letter.pk], pins, matching)
    decided = {key: (linked, "manual") for key, linked in pins.items()}
    return {
        (pk, record): why for pk, found in wanted.items() for record, why in found.items()
    } | decided


def _thread(
    held: list[Letter],
    owned: dict[str, list[tuple[int, int, Record]]],
    pins: dict[tuple[int, Record], bool],
    matching: Matching,
) -> dict[int, dict[Record, Why]]:
    hand = {one.pk: sorted(_by_hand(one, pins), key=_order) for one in held}
    direct = {one.pk: _direct(one, owned, pins) for one in held}
    if not matching.takes_first:
        bases = {one.pk: hand[one.pk] + direct[one.pk] for one in held}
        passed = {record for records in bases.values() for record in records}
    else:
        bases = {one.pk: hand[one.pk] or direct[one.pk] for one in held}
        chain = [hand[one.pk] for one in held] + [bases[one.pk] for one in held]
        passed = set(next(([records[0]] for records in chain if records), []))
    found: dict[int, dict[Record, Why]] = {}
    for one in held:
        mine: dict[Record, Why] = dict.fromkeys(hand[one.pk], (True, "manual"))
        if matching.takes_first and mine:
            found[one.pk] = mine
            continue
        for record in bases[one.pk]:
            mine.setdefault(record, (True, "address"))
        heirs = {
            record: (True, "thread")
            for record in passed
            if matching.inherits
            and record not in mine
            and (one.pk, record) not in pins
            and one.outside
            and _continues(one, record, held, bases)
        }
        if matching.takes_first:
            theirs = [record for record in (*mine, *heirs) if record in passed]
            chosen = (theirs if matching.inherits else []) or list(mine)
            both = {**mine, **heirs}
            found[one.pk] = {record: both[record] for record in chosen[:1]}
        else:
            found[one.pk] = mine | heirs
    return found


def _continues(
    letter: Letter, record: Record, held: list[Letter], bases: dict[int, list[Record]]
) -> bool:
    about = [one for one in held if record in bases[one.pk]]
    there = {person for one in about for person in one.people}
    if not letter.ours:
        return letter.sender in there
    uninvited = {one.sender for one in held if not one.ours} - there
    return not letter.to & uninvited


def _by_hand(letter: Letter, pins: dict[tuple[int, Record], bool]) -> list[Record]:
    return [record for (pk, record), linked in pins.items() if pk == letter.pk and linked]


def _direct(
    letter: Letter,
    owned: dict[str, list[tuple[int, int, Record]]],
    pins: dict[tuple[int, Record], bool],
) -> list[Record]:
    """The records its addresses say, foremost first."""
    if not letter.outside:
        return []
    best: dict[Record, tuple[int, int, int, int]] = {}
    for role, position, address in letter.matched:
        for kind_place, type_place, record in owned.get(address, []):
            if (letter.pk, record) not in pins:
                best.setdefault(record, (role, position, kind_place, type_place))
    return sorted(best, key=lambda record: (best[record], record))


def _accompany(
    letter: Letter,
    found: dict[Record, Why],
    pins: dict[tuple[int, Record], bool],
    matching: Matching,
) -> None:
    for kind, record_id in list(found):
        rows = Companion.objects.filter(kind=kind, record_id=record_id)
        valid = [
            row
            for row in rows
            if (row.since is None or row.since <= letter.at)
            and (row.until is None or letter.at < row.until)
        ]
        chosen = [row for row in valid if row.rule == "company" and matching.link_company == "on"]
        deals = sorted(
            (row for row in valid if row.rule == "deal"),
            key=lambda row: (row.since is not None, row.since, row.to_record_id),
            reverse=True,
        )
        several = {"all": len(deals), "latest": 1}.get(matching.deal_mode, 0)
        for row in chosen + deals[:several]:
            record = (row.to_kind, row.to_record_id)
            if record not in found and (letter.pk, record) not in pins:
                found[record] = (True, "companion")


def _order(record: Record) -> tuple[int, str, int]:
    return (place_of(record[0]), *record)


def place_of(kind: str) -> int:
    """Where a kind of record stands in the order of registration."""
    known = registry.kinds()
    return known.index(kind) if kind in known else len(known)


def actual() -> dict[tuple[int, Record], Why]:
    """What every link is. By which address, other checks below look at."""
    return {
        (one.message_id, (one.kind, one.record_id)): (
            one.linked,
            WORDS.get(one.reason, one.reason),
        )
        for one in Link.objects.all()
    }


def check_matched(matching: Matching = STANDARD) -> None:
    """A link by an address names one of the record's that is on the message, and where it is."""
    owned = set(RecordAddress.objects.values_list("kind", "record_id", "address_id"))
    stored = letters(matching)
    for link in Link.objects.filter(reason__in=["sender", "recipient"]).select_related("address"):
        assert link.address
        assert (link.kind, link.record_id, link.address_id) in owned
        roles = {
            "sender" if role == 0 else "recipient"
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
    before = _derived()
    matching.derive(list(Thread.objects.values_list("pk", flat=True)))
    assert _derived() == before


def _derived() -> list[list[tuple[object, ...]]]:
    """All that follows from links besides, but for the numbers of the rows."""
    return [
        sorted(Message.objects.values_list("pk", "linked", "doors")),
        sorted(ThreadMailbox.objects.values_list("thread", "mailbox", "linked", "doors")),
        sorted(Unlinked.objects.values_list("message", "mailbox", "person", "sent_at")),
        list(Activity.objects.order_by("kind", "record_id").values_list("record_id", "mail_at")),
    ]


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
