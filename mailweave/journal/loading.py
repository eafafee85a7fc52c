"""Entries from a JSON document, as often as you like."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from mailweave.journal import entries
from mailweave.journal.models import Entry, EntryRecord
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking.models import RecordAddress
from mailweave.mime.address import normalise
from mailweave.people import members
from mailweave.people.access import Member

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern=r"\A[^\0]*\Z")]
Days = Annotated[float, msgspec.Meta(ge=0, le=3650)]


class EntryIn(msgspec.Struct):
    """An entry about the records that have an address; known by its type, text and record. ``by``
    is the address a member signs in with. A task with ``done`` was done a day after it was given.
    """

    type: Literal["note", "call", "meeting", "task"]
    text: Text
    about: str
    by: str
    days_ago: Days = 0
    due_in: Days | None = None
    done: bool = False
    minutes: Annotated[int, msgspec.Meta(ge=0, le=1440)] | None = None
    direction: Literal["", "in", "out"] = ""
    participants: Annotated[str, msgspec.Meta(max_length=200, pattern=r"\A[^\0]*\Z")] = ""


class Document(msgspec.Struct):
    """Everything to load; what else is in the document is somebody else's."""

    entries: list[EntryIn] = []


def load(text: bytes) -> int:
    """Write down what the current workspace does not have yet, of members and records it knows.
    Returns how many entries the document names. Raises Expected for a document that cannot be read;
    then nothing changed."""
    document = read(text)
    people = {row.user.email.lower(): row for row in members.everyone()}
    for row in document.entries:
        author, records = people.get(row.by.lower()), _records(row.about)
        if author and records and not _is_known(row, records[0]):
            _write(row, Member(author.workspace_id, author.user_id, author.role), records)
    return len(document.entries)


def read(text: bytes) -> Document:
    """The document, checked. Raises Expected that says where it is wrong."""
    try:
        return msgspec.json.decode(text, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Expected(f"This is not a document of entries: {error}") from error


def _records(about: str) -> list[entries.Record]:
    rows = RecordAddress.objects.filter(address__address=normalise(about) or "")
    return list(rows.order_by("kind", "record_id").values_list("kind", "record_id").distinct())


def _is_known(row: EntryIn, record: entries.Record) -> bool:
    about = EntryRecord.objects.filter(kind=record[0], record_id=record[1], type=row.type)
    return bool(about.filter(entry__text=row.text).exists())


def _write(row: EntryIn, member: Member, records: list[entries.Record]) -> None:
    now = clock.now()
    at = now - timedelta(days=row.days_ago)
    due_at = None if row.due_in is None else now + timedelta(days=row.due_in)
    said: dict[str, Any] = {
        name: value
        for name in ("minutes", "direction", "participants")
        if (value := getattr(row, name))
    }
    entry = entries.write(member, records, row.type, row.text, at, said, due_at=due_at)
    if row.done and entry.type == Entry.Type.TASK:
        entries.tick(member, entry.pk, done=True, at=_day_after(at, now))


def _day_after(at: datetime, now: datetime) -> datetime:
    return min(at + timedelta(days=1), now)
