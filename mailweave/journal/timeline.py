"""The timeline of a record: its mail and what was written down, as one list, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailweave.journal.models import Entry, EntryRecord
from mailweave.kit import sql
from mailweave.kit.errors import Expected
from mailweave.linking import flat, history, registry
from mailweave.linking.flat import MessageRow
from mailweave.mail import cursors
from mailweave.mail.cursors import FIRST, Place
from mailweave.mail.visibility import Viewer, read
from mailweave.people.access import Member

HERE = "mailweave.journal"
MAX_LIMIT = 200

Record = tuple[str, int]
Only = Literal["", "email", "call", "meeting", "note", "task", "change"]
"""What a timeline is narrowed to; "" is everything, "email" also what was logged by hand."""
Source = Literal["m", "e"]
"""Mail or entries. Of one moment, mail comes first."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line: a message or an entry, and the records it is about besides this one."""

    at: datetime
    message: MessageRow | None
    entry: Entry | None
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """One page. ``next`` is where the following one starts, None at the end; ``last`` is where
    this one ended, "" if it is empty."""

    items: tuple[Item, ...]
    next: str | None
    last: str


@dataclass(frozen=True, slots=True)
class _Start:
    """A place among both: where to begin in each."""

    mail: Place
    entries: Place


def page(
    viewer: Viewer,
    member: Member,
    record: Record,
    only: Only = "",
    after: str = "",
    limit: int = 20,
) -> TimelinePage:
    """The timeline of a record that the member may see, from a place on.

    Mail is what :func:`linking.flat.messages_of` shows of the record's sources; entries are the
    record's own, and, but for changes, those of its sources that the member may see. Raises
    ``Expected`` for a broken ``after``.
    """
    start = _parse(after)
    limit = max(1, min(limit, MAX_LIMIT))
    sources = registry.sources(record, member)
    found: list[tuple[datetime, Source, int]] = []
    if only in {"", "email"}:
        mail = flat.places(viewer, sources, "", start.mail, limit + 1)
        found += [(place.at, "m", place.id) for place in mail]
    asked = [record, *_noted(record, sources)]
    found += [(at, "e", pk) for at, pk in _entries(viewer, asked, only, start, limit + 1)]
    found.sort(reverse=True)
    shown = found[:limit]
    last = _write(*shown[-1]) if shown else ""
    return TimelinePage(_items(viewer, record, shown), last if len(found) > limit else None, last)


def until(
    viewer: Viewer, member: Member, record: Record, only: Only, last: str
) -> TimelinePage | None:
    """The timeline from its beginning to the place ``last``, for a page that shows so much of it;
    None if that is too long to be shown at once."""
    end = _key(last)
    found = page(viewer, member, record, only, limit=MAX_LIMIT)
    if found.next and _key_of(found.items[-1]) > end:
        return None
    items = tuple(one for one in found.items if _key_of(one) >= end)
    more = len(items) < len(found.items) or found.next
    return TimelinePage(items, last if more else None, last)


def entry(entry_id: int) -> Entry | None:
    """An entry that has not been deleted, with its author."""
    return _known([entry_id]).get(entry_id)


def _noted(record: Record, sources: Sequence[Record]) -> list[Record]:
    """The sources besides the record that have entries."""
    others = [one for one in sources if one != record]
    query = sql.load(HERE, "timeline")["having"]
    kinds, pks = [kind for kind, _ in others], [pk for _, pk in others]
    rows = sql.run(query, kinds=kinds, records=pks) if others else []
    return [(kind, pk) for kind, pk in rows]


def _entries(
    viewer: Viewer, records: Sequence[Record], only: Only, start: _Start, limit: int
) -> list[tuple[datetime, int]]:
    rows = read(
        sql.load(HERE, "timeline")["entries"],
        viewer,
        kinds=[kind for kind, _ in records],
        records=[pk for _, pk in records],
        type=Entry.Type.MAIL.value if only == "email" else only,
        at=start.entries.at,
        id=start.entries.id,
        limit=limit,
    )
    return [(at, pk) for at, pk in rows]


def _items(
    viewer: Viewer, record: Record, shown: Sequence[tuple[datetime, Source, int]]
) -> tuple[Item, ...]:
    message_ids = [pk for _, source, pk in shown if source == "m"]
    entry_ids = [pk for _, source, pk in shown if source == "e"]
    messages = {row.id: row for row in flat.rows(viewer, message_ids)}
    filed = history.reasons_for(message_ids) if message_ids else {}
    entries, about = _known(entry_ids), _about(entry_ids)
    items: list[Item] = []
    for at, source, pk in shown:
        if source == "m" and pk in messages:
            others = [(one.kind, one.record_id) for one in filed.get(pk, []) if one.linked]
            items.append(Item(at, messages[pk], None, _besides(record, others)))
        elif source == "e" and pk in entries:
            items.append(Item(at, None, entries[pk], _besides(record, about.get(pk, []))))
    return tuple(items)


def _besides(record: Record, others: Sequence[Record]) -> tuple[Record, ...]:
    return tuple(one for one in others if one != record)


def _known(ids: Sequence[int]) -> Mapping[int, Entry]:
    rows = Entry.objects.select_related("author", "done_by").filter(deleted_at=None)
    found: Mapping[int, Entry] = rows.in_bulk(ids)
    return found


def _about(ids: Sequence[int]) -> Mapping[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    rows = EntryRecord.objects.filter(entry_id__in=ids).order_by("pk")
    for pk, kind, record_id in rows.values_list("entry_id", "kind", "record_id"):
        found.setdefault(pk, []).append((kind, record_id))
    return found


def _key_of(item: Item) -> tuple[datetime, Source, int]:
    if item.message is not None:
        return item.at, "m", item.message.id
    return item.at, "e", item.entry.pk if item.entry else 0


def _write(at: datetime, source: Source, pk: int) -> str:
    return source + cursors.write(Place(at, pk))


def _key(text: str) -> tuple[datetime, Source, int]:
    place = cursors.parse(text[1:])
    if text[:1] not in {"m", "e"}:
        raise Expected("This link to a further page is broken. Start from the first one.")
    return place.at, "m" if text[0] == "m" else "e", place.id


def _parse(text: str) -> _Start:
    """Of the moment of a message, every entry is still to come; of an entry's, no message is."""
    if not text:
        return _Start(FIRST, FIRST)
    at, source, pk = _key(text)
    if source == "m":
        return _Start(Place(at, pk), Place(at, FIRST.id))
    return _Start(Place(at, 0), Place(at, pk))
