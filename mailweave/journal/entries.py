"""Entries written, changed, ticked off, deleted and had back.

Whoever writes one brings the last activity of its records up to date, and tells the open pages.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailweave.journal.models import Entry, EntryRecord
from mailweave.kit import clock, live, sql
from mailweave.kit.errors import Expected
from mailweave.linking import activity
from mailweave.mail import store
from mailweave.people.access import Member

QUERIES = sql.load("mailweave.journal", "entries")
MOST = 20_000
"""Characters of an entry."""
UNDO = timedelta(days=1)

Record = tuple[str, int]
"""A kind and a number."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a person may say of an entry; see :class:`Entry`. Without ``at`` it happened now."""

    text: str
    at: datetime | None = None
    due_at: datetime | None = None
    data: Mapping[str, Any] | None = None


class NotFound(Exception):
    """There is no such entry, or no such right to it; the two look the same."""


def write(
    member: Member | None,
    records: Sequence[Record],
    type: str,  # noqa: A002 - the entry's word for it
    text: str,
    at: datetime | None = None,
    data: Mapping[str, Any] | None = None,
    *,
    due_at: datetime | None = None,
) -> Entry:
    """A note, call, meeting, task or mail about these records, which the member may see.

    Without ``member`` a rule wrote it; ``data["by"]`` says which. Raises Expected for a note or
    task without words, and for more than ``MOST`` characters.
    """
    store.hold()  # before any row: arriving mail writes the records' last activity, too
    entry = _new(member, type, _checked(type, text), at, data)
    entry.due_at = due_at if type == Entry.Type.TASK else None
    _save_new(entry, records)
    _refresh(records)
    return entry


def note_change(
    member: Member | None, record: Record, what: str, old: str, new: str, *, by: str = ""
) -> Entry | None:
    """That something of a record changed: "Stage: Proposal → Won". Nothing if it did not.

    Without ``member`` a rule did it, which ``by`` names.
    """
    if old == new:
        return None
    said = {"what": what, "old": old, "new": new} | ({"by": by} if by else {})
    text = f"{what}: {old or 'none'} → {new or 'none'}"
    entry = _new(member, Entry.Type.CHANGE, text[:MOST], None, said)
    _save_new(entry, [record])
    _tell([record])
    return entry


def note_move(
    member: Member | None, record: Record, what: str, old: Record | None, new: Record | None
) -> Entry | None:
    """That a record belongs to another one than before: "Company". Which ones it says to those who
    see them. Nothing if it does not."""
    if old == new:
        return None
    entry = _new(member, Entry.Type.CHANGE, what, None, {"what": what, "from": old, "to": new})
    _save_new(entry, [record])
    _tell([record])
    return entry


def note_event(member: Member | None, record: Record, text: str, *, by: str = "") -> Entry:
    """That something was done with a record, in words: "Merged with Ann Lee"."""
    entry = _new(member, Entry.Type.CHANGE, text[:MOST], None, {"by": by} if by else {})
    _save_new(entry, [record])
    _tell([record])
    return entry


def edit(member: Member, entry_id: int, wording: Wording) -> Entry:
    """Put it in other words. Raises NotFound where the member may not, Expected as ``write``."""
    entry = _held(member, entry_id)
    entry.text = _checked(entry.type, wording.text)
    entry.at = wording.at or entry.at
    entry.due_at = wording.due_at if entry.type == Entry.Type.TASK else None
    entry.data = dict(wording.data or {})
    entry.edited_at = clock.now()
    entry.save()
    EntryRecord.objects.filter(entry=entry).update(at=entry.at)
    _refresh(records_of(entry_id))
    return entry


def tick(member: Member, entry_id: int, *, done: bool, at: datetime | None = None) -> Entry:
    """A task is done, now or ``at``, or is not after all. Raises NotFound for what is no task."""
    store.hold()
    tasks = Entry.objects.select_for_update().filter(type=Entry.Type.TASK, deleted_at=None)
    entry: Entry | None = tasks.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound
    entry.done_at = (at or clock.now()) if done else None
    entry.done_by_id = member.user_id if done else None
    entry.save()
    _refresh(records_of(entry_id))
    return entry


def delete(member: Member, entry_id: int) -> Entry:
    """Take it off every page; for a day it can be had back. Raises NotFound as ``edit``."""
    entry = _held(member, entry_id)
    now = entry.deleted_at = clock.now()
    entry.save()
    Entry.objects.filter(deleted_at__lt=now - UNDO).delete()
    _refresh(records_of(entry_id))
    return entry


def restore(member: Member, entry_id: int) -> Entry:
    """Have it back. Raises NotFound if it is gone for good, or as ``edit``."""
    entry = _held(member, entry_id, is_deleted=True)
    entry.deleted_at = None
    entry.save()
    _refresh(records_of(entry_id))
    return entry


def may_change(member: Member, entry: Entry) -> bool:
    """Whether the member may edit or delete it: who wrote it, and admins. Changes stay."""
    if entry.type == Entry.Type.CHANGE or not member.may("edit records"):
        return False
    return entry.author_id == member.user_id or member.may("correct entries")


def forget(kind: str, record_id: int) -> None:
    """The record is deleted: what was written down of it alone goes too."""
    store.hold()
    sql.run(QUERIES["drop_orphans"], kind=kind, record=record_id)
    sql.run(QUERIES["drop"], kind=kind, record=record_id)


def records_of(entry_id: int) -> list[Record]:
    """What an entry is about."""
    rows = EntryRecord.objects.filter(entry_id=entry_id).order_by("pk")
    return list(rows.values_list("kind", "record_id"))


def topic(kind: str, record_id: int) -> str:
    """What open pages hear when something of a record's journal changes."""
    return f"journal-{kind.replace('.', '-')}-{record_id}"


def refresh(records: Collection[Record]) -> None:
    """Bring the last activity of these records up to date. The caller holds the store."""
    rows = sql.run(
        QUERIES["newest"], kinds=[kind for kind, _ in records], records=[pk for _, pk in records]
    )
    activity.enter({(kind, pk): at for kind, pk, at in rows})


def _new(
    member: Member | None,
    type_: str,
    text: str,
    at: datetime | None,
    data: Mapping[str, Any] | None,
) -> Entry:
    now = clock.now()
    author = member.user_id if member else None
    return Entry(
        type=Entry.Type(type_),
        text=text,
        at=at or now,
        author_id=author,
        made_at=now,
        data=dict(data or {}),
    )


def _save_new(entry: Entry, records: Sequence[Record]) -> None:
    entry.save()
    EntryRecord.objects.bulk_create(
        [
            EntryRecord(entry=entry, kind=kind, record_id=pk, type=entry.type, at=entry.at)
            for kind, pk in dict.fromkeys(records)
        ]
    )


def _held(member: Member, entry_id: int, *, is_deleted: bool = False) -> Entry:
    store.hold()
    rows = Entry.objects.select_for_update().filter(deleted_at__isnull=not is_deleted)
    entry: Entry | None = rows.filter(pk=entry_id).first()
    if entry is None or not may_change(member, entry):
        raise NotFound
    return entry


def _checked(type_: str, text: str) -> str:
    text = text.replace("\0", "").strip()
    if not text and type_ in {Entry.Type.NOTE, Entry.Type.TASK}:
        raise Expected("Please write a few words.")
    if len(text) > MOST:
        raise Expected(f"This is longer than {MOST:,} characters. Please write it in two.")
    return text


def _refresh(records: Collection[Record]) -> None:
    refresh(records)
    _tell(records)


def _tell(records: Collection[Record]) -> None:
    live.tell(*(topic(kind, pk) for kind, pk in records))
