"""The only door into the archive: a page of arrivals, a handful of statements.

One page of a workspace is stored at a time (an advisory lock until the transaction ends), which
is what keeps threads and identities free of races between mailboxes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from mailweave.kit import clock, scope, sql
from mailweave.mail import grouping, sameness, threads
from mailweave.mail.arrival import FAMILY, Arrival, hash_id
from mailweave.mail.models import Message

QUERIES = sql.load("mailweave.mail", "store")
# fmt: off
_TYPES = [
    "int8", "int8", "bytea", "text", "text", "text", "int8", "text", "timestamptz", "text", "text",
    "int8", "int4", "bool", "bool", "text", "bytea", "bytea", "text", "text", "int8[]", "int2[]",
    "text[]", "text[]", "text[]", "text[]", "text[]", "int8[]", "bool[]", "text", "bool",
]
# fmt: on
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a page brought. Threads still want :func:`mailweave.mail.threads.refresh`."""

    message_ids: tuple[int, ...]
    """Every message of the page, new here or known from another mailbox."""
    new_message_ids: tuple[int, ...]
    thread_ids: tuple[int, ...]
    news: int = 0
    """Copies that were on the list as new mail, not as the past."""
    new_here: tuple[int, ...] = ()
    """Messages that the mailbox did not hold before, new to the workspace or not."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """How much of a message is kept."""

    kept: str
    parts_kept: bool

    def lacks(self, arrival: Arrival) -> bool:
        """Whether an arrival brings more than is kept."""
        order = list(Message.Kept)
        more_text = order.index(Message.Kept(arrival.kept)) < order.index(Message.Kept(self.kept))
        return more_text or (arrival.parts_kept and not self.parts_kept)


WHOLE = _Kept(Message.Kept.FULL, parts_kept=True)


@dataclass(slots=True)
class _Page:
    """A page on its way: ids fill in as they become known."""

    mailbox_id: int
    arrivals: Sequence[Arrival]
    address_ids: dict[str, int]
    message_ids: dict[bytes, int]
    thread_of: dict[bytes, int]
    fresh: list[tuple[Arrival, int]]
    thin: dict[bytes, _Kept]
    """How much is kept of messages that are known and of which not all is."""


def store(mailbox_id: int, arrivals: Sequence[Arrival]) -> Stored:
    """Store a page of one mailbox. Storing the same page again changes nothing."""
    if not arrivals:
        return Stored((), (), ())
    hold()
    with connection.cursor() as cursor:
        rows = _find_families(cursor, arrivals)
        found = {bytes(i): (m, t, d) for i, m, t, d, *_ in rows}
        kept = {bytes(i): _Kept(*more) for i, _, _, _, *more in rows}
        arrivals = _unify(cursor, arrivals, found, kept)
        known = {a.identity: found[a.identity] for a in arrivals if a.identity in found}
        page = _Page(
            mailbox_id,
            arrivals,
            _address_ids(cursor, arrivals),
            {identity: row[0] for identity, row in known.items()},
            {identity: row[1] for identity, row in known.items()},
            [],
            {identity: one for identity, one in kept.items() if one != WHOLE},
        )
        _place(cursor, page)
        _write_messages(cursor, page)
        _fill_thin(cursor, page)
        news, left, new_here = _write_copies(cursor, page)
        if left:
            threads.drop_emptied(set(left.values()))
        sent = {
            known[a.identity][0]
            for a in arrivals
            if a.identity in known
            and a.direction == Message.Direction.OUTBOUND
            and known[a.identity][2] == Message.Direction.INBOUND
        }
        if sent:
            _run(cursor, "mark_sent", messages=list(sent))
    return Stored(
        tuple(dict.fromkeys(page.message_ids[a.identity] for a in arrivals)),
        tuple(message_id for _, message_id in page.fresh),
        tuple(sorted({page.thread_of[a.identity] for a in arrivals} | set(left.values()))),
        news,
        new_here,
    )


def hold() -> None:
    """Let nobody else store, link or derive in this workspace until the transaction ends.

    Whoever does one of these takes this before it changes any row of the archive.
    """
    with connection.cursor() as cursor:
        _run(cursor, "lock")


def _find_families(cursor: Any, arrivals: Sequence[Arrival]) -> list[tuple[Any, ...]]:
    identities = list({a.identity for a in arrivals})
    families = [identity[:FAMILY] for identity in identities]
    return _rows(cursor, "find_families", families=families, identities=identities)


def _unify(
    cursor: Any,
    arrivals: Sequence[Arrival],
    found: Mapping[bytes, tuple[Any, ...]],
    kept: Mapping[bytes, _Kept],
) -> list[Arrival]:
    """Where nothing of a text is kept there is nothing to compare: only equals are the same."""
    equal = {one.identity for one in arrivals}
    known = [one for one in found if one in equal or kept[one].kept != Message.Kept.HEADERS]
    comparable = [one for one in arrivals if one.kept != Message.Kept.HEADERS]
    same = iter(sameness.unify(comparable, known, lambda ids: _find_bodies(cursor, ids, found)))
    return [one if one.kept == Message.Kept.HEADERS else next(same) for one in arrivals]


def _find_bodies(
    cursor: Any, wanted: Sequence[bytes], found: Mapping[bytes, tuple[Any, ...]]
) -> dict[bytes, sameness.Body]:
    identities = {found[identity][0]: identity for identity in wanted}
    rows = _rows(cursor, "find_bodies", messages=list(identities))
    return {identities[one]: (text, html and bytes(html)) for one, text, html in rows}


def _address_ids(cursor: Any, arrivals: Sequence[Arrival]) -> dict[str, int]:
    """The ids of every address on the page, made where they are new."""
    names: dict[str, str] = {}
    for arrival in arrivals:
        for person in arrival.people:
            names[person.address] = names.get(person.address) or person.name
    found = dict(_rows(cursor, "find_addresses", addresses=list(names)))
    missing = [address for address in names if address not in found]
    if missing:
        given = [names[address] for address in missing]
        found.update(_rows(cursor, "add_addresses", addresses=missing, names=given))
        late = [address for address in missing if address not in found]
        if late:
            found.update(_rows(cursor, "find_addresses", addresses=late))
    return found


def _place(cursor: Any, page: _Page) -> None:
    """Decide the thread of every arrival, opening new threads and merging old ones."""
    arrivals = page.arrivals
    known = _known(cursor, page)
    grouped = grouping.group(arrivals, known)
    wanting = [number for number, old in enumerate(grouped.existing) if not old]
    made = iter([row[0] for row in _rows(cursor, "new_threads", count=len(wanting))])
    winners: list[int] = [old[0] if old else next(made) for old in grouped.existing]
    merges = {
        loser: winners[number] for number, old in enumerate(grouped.existing) for loser in old[1:]
    }
    threads.merge(merges)
    for place, arrival in zip(grouped.places, arrivals, strict=True):
        page.thread_of[arrival.identity] = winners[place]


def _known(cursor: Any, page: _Page) -> grouping.Known:
    arrivals = page.arrivals
    remote = dict(
        _rows(
            cursor,
            "find_remote_threads",
            mailbox=page.mailbox_id,
            remote_threads=list({a.remote_thread_id for a in arrivals}),
        )
    )
    keys: dict[int, list[int]] = defaultdict(list)
    wanted = list({key for a in arrivals for key in a.keys})
    for key, thread_id in _rows(cursor, "find_keys", keys=wanted):
        keys[key].append(thread_id)
    doubtful = {
        thread_id
        for a in arrivals
        for key in a.keys
        for thread_id in keys.get(key, ())
        if thread_id not in {remote.get(a.remote_thread_id), page.thread_of.get(a.identity)}
    }
    parties = _parties(cursor, page, list(doubtful)) if doubtful else {}
    return grouping.Known(page.thread_of, remote, keys, parties)


def _parties(cursor: Any, page: _Page, thread_ids: list[int]) -> dict[int, grouping.Party]:
    """Who of the page takes part in these threads, and which Message-IDs are theirs."""
    addresses = list(page.address_ids.values())
    people: dict[int, set[str]] = {one: set() for one in thread_ids}
    writers: dict[int, set[str]] = {one: set() for one in thread_ids}
    found = _rows(cursor, "find_people", threads=thread_ids, addresses=addresses)
    for thread_id, address, writes in found:
        people[thread_id].add(address)
        if writes:
            writers[thread_id].add(address)
    return {
        thread_id: grouping.Party(
            people[thread_id], writers[thread_id], ours, frozenset(map(hash_id, message_ids or ()))
        )
        for thread_id, ours, message_ids in _rows(cursor, "find_own_ids", threads=thread_ids)
    }


def _write_messages(cursor: Any, page: _Page) -> None:
    seen: dict[bytes, Arrival] = {}
    for arrival in page.arrivals:
        if arrival.identity not in page.message_ids and (
            arrival.identity not in seen or arrival.direction == Message.Direction.OUTBOUND
        ):
            seen[arrival.identity] = arrival
    if not seen:
        return
    ids = [row[0] for row in _rows(cursor, "new_ids", count=len(seen))]
    page.fresh = list(zip(seen.values(), ids, strict=True))
    page.message_ids.update(zip(seen, ids, strict=True))
    _copy_in(cursor, page, page.fresh)
    for name in ("add_messages", "add_bodies", "add_people", "add_parts", "add_words"):
        _run(cursor, name)


def _fill_thin(cursor: Any, page: _Page) -> None:
    """Write what was not kept of known messages before, and may be kept now."""
    fuller = {
        one.identity: one
        for one in page.arrivals
        if one.identity in page.thin and page.thin[one.identity].lacks(one)
    }
    if not fuller:
        return
    _copy_in(cursor, page, [(one, page.message_ids[key]) for key, one in fuller.items()])
    for name in ("fill_messages", "fill_bodies", "fill_words", "drop_parts", "add_parts"):
        _run(cursor, name)


def _copy_in(cursor: Any, page: _Page, messages: Iterable[tuple[Arrival, int]]) -> None:
    _run(cursor, "table")
    _run(cursor, "clear")
    with cursor.copy(QUERIES["copy_in"]) as copy:
        copy.set_types(_TYPES)
        for arrival, message_id in messages:
            copy.write_row(_row(arrival, message_id, page))


def _row(arrival: Arrival, message_id: int, page: _Page) -> tuple[Any, ...]:
    sender = arrival.sender
    people = arrival.people
    parts = arrival.parts
    return (
        message_id,
        page.thread_of[arrival.identity],
        arrival.identity,
        arrival.message_id,
        arrival.in_reply_to,
        arrival.subject,
        page.address_ids[sender.address] if sender else None,
        sender.name if sender else "",
        arrival.sent_at,
        str(arrival.direction),
        arrival.preview,
        arrival.size,
        arrival.attachment_count,
        arrival.automatic,
        arrival.truncated,
        arrival.text,
        arrival.html_zstd,
        arrival.headers_zstd,
        arrival.indexed,
        " ".join(f"{person.name} {person.address}" for person in people[:50]),
        [page.address_ids[person.address] for person in people],
        [int(person.role) for person in people],
        [person.name for person in people],
        [part.part_id for part in parts],
        [part.filename for part in parts],
        [part.content_type for part in parts],
        [part.content_id for part in parts],
        [part.size for part in parts],
        [part.inline for part in parts],
        str(arrival.kept),
        arrival.parts_kept,
    )


def _write_copies(cursor: Any, page: _Page) -> tuple[int, dict[int, int], tuple[int, ...]]:
    """Write every copy of the page.

    Says how many of them were news, which messages they held before, with their threads, and which
    they hold for the first time.
    """
    latest = {arrival.remote_id: arrival for arrival in page.arrivals}
    arrivals = list(latest.values())
    thread_ids = [page.thread_of[a.identity] for a in arrivals]
    remote_threads = [a.remote_thread_id for a in arrivals]
    written = _rows(
        cursor,
        "add_copies",
        mailbox=page.mailbox_id,
        remote_ids=list(latest),
        remote_threads=remote_threads,
        messages=[page.message_ids[a.identity] for a in arrivals],
        threads=thread_ids,
        folders=_joined(a.folder_ids for a in arrivals),
        seen=[a.seen for a in arrivals],
        flagged=[a.flagged for a in arrivals],
        bccs=_joined(a.bcc for a in arrivals),
        received=[a.received_at for a in arrivals],
        now=clock.now(),
    )
    threads.settle_sharing(set(thread_ids))
    pairs = dict(zip(remote_threads, thread_ids, strict=True))
    _run(
        cursor,
        "add_remote_threads",
        mailbox=page.mailbox_id,
        remote_threads=list(pairs),
        threads=list(pairs.values()),
    )
    keys = sorted({(key, page.thread_of[a.identity]) for a in arrivals for key in a.keys})
    _run(cursor, "add_keys", keys=[one[0] for one in keys], threads=[one[1] for one in keys])
    held = ((now, *before) for _, now, before in written if before and before[0])
    left = {before: thread_id for now, before, thread_id in held if before != now}
    new_here = [now for _, now, before in written if not before or before[0] != now]
    return sum(place < 0 for place, _, _ in written), left, tuple(dict.fromkeys(new_here))


def _joined(lists: Iterable[Sequence[str]]) -> list[str]:
    """Lists of text as one array: PostgreSQL has no arrays of ragged arrays."""
    return [_SEPARATOR.join(one) for one in lists]


def _run(cursor: Any, name: str, **parameters: Any) -> None:
    cursor.execute(QUERIES[name], {"workspace": scope.current(), **parameters})


def _rows(cursor: Any, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    _run(cursor, name, **parameters)
    return list(cursor.fetchall())
