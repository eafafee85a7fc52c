"""The mail of a record as one flat list, newest first, message by message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailweave.linking import history
from mailweave.mail import cursors
from mailweave.mail.cursors import Place
from mailweave.mail.rows import Correspondent
from mailweave.mail.visibility import Level, Viewer, compose, read

MAX_LIMIT = 100
MOST_NAMED = 3
"""Recipients that are named; of the others there is only a number."""

Way = Literal["", "in", "out"]


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message in a list, as far as the viewer sees it.

    ``subject`` and ``preview`` are None where they are hidden. ``people`` are who sent a received
    message, or to whom a sent one went, of ``people_count``.
    """

    id: int
    thread_id: int
    sent_at: datetime
    direction: str
    level: Level
    people: tuple[Correspondent, ...]
    people_count: int
    subject: str | None
    preview: str | None
    attachment_count: int
    unread: bool
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of a list; ``next`` is where the following page starts, None at the end."""

    rows: tuple[MessageRow, ...]
    next: str | None


def messages_of(
    viewer: Viewer,
    records: Sequence[tuple[str, int]],
    way: Way = "",
    after: str | None = None,
    limit: int = 20,
) -> MessagePage:
    """Visible mail about any of these (kind, id) records, of one direction or both.

    What mail is about a record is what :func:`mailweave.linking.history.threads_of` says. Raises
    ``Expected`` for a broken ``after``.
    """
    start = cursors.parse(after)
    limit = max(1, min(limit, MAX_LIMIT))
    found = places(viewer, records, way, start, limit + 1)
    shown = found[:limit]
    following = cursors.write(shown[-1]) if len(found) > limit else None
    return MessagePage(rows(viewer, [place.id for place in shown]), following)


def places(
    viewer: Viewer, records: Sequence[tuple[str, int]], way: Way, start: Place, limit: int
) -> list[Place]:
    """Where the messages of such a list stand, from ``start`` on, by their ids."""
    if not records:
        return []
    about, asked = history.condition(viewer, records)
    query = compose("mailweave.linking", "flat", "messages", about=about)
    batch = limit + 10
    while True:
        lines = read(
            query, viewer, at=start.at, id=start.id, way=way, batch=batch, limit=limit, **asked
        )
        found = [Place(at, pk) for at, pk, _ in lines if pk is not None]
        if len(found) >= limit or lines[0][2] is None:
            return found
        batch *= 4


def rows(viewer: Viewer, ids: Sequence[int]) -> tuple[MessageRow, ...]:
    """These messages as lines of a list, in this order; those the viewer does not see are left
    out."""
    if not ids:
        return ()
    query = compose("mailweave.linking", "flat", "rows")
    return tuple(_row(*line) for line in read(query, viewer, messages=list(ids), named=MOST_NAMED))


def _row(
    pk: int,
    thread_id: int,
    at: datetime,
    direction: str,
    level: int,
    unread: bool | None,
    kinds: list[str],
    subject: str | None,
    preview: str | None,
    attachments: int,
    names: list[str] | None,
    addresses: list[str] | None,
    count: int,
) -> MessageRow:
    people = zip(names or (), addresses or (), strict=True)
    return MessageRow(
        id=pk,
        thread_id=thread_id,
        sent_at=at,
        direction=direction,
        level=Level(level),
        people=tuple(Correspondent(name or "", address or "") for name, address in people),
        people_count=count,
        subject=subject,
        preview=preview,
        attachment_count=attachments,
        unread=bool(unread),
        kinds=tuple(dict.fromkeys(kinds)),
    )
