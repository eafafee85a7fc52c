"""A thread as one line of a list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from mailweave.mail import cursors
from mailweave.mail.cursors import Place
from mailweave.mail.visibility import Level, Viewer, compose, read

DEPTH = 200
"""Messages of a thread that a line looks at, newest first; its counts end there."""
SENDERS = 12
PEOPLE = 3
MAX_LIMIT = 200
"""Lines of a page."""


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody as a message names them. Either may be empty."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """A thread in a list, made of what the viewer sees of it and nothing else.

    ``last_at``, ``subject``, ``preview``, ``direction`` and ``level`` are those of the newest
    visible message (in a search: of the newest that was found). ``subject`` and ``preview`` are
    None where they are hidden. ``people`` are the newest senders, at most three. The counts are
    of visible messages, up to :data:`DEPTH`; unread ones are counted in the viewer's own mailboxes.
    """

    thread_id: int
    last_at: datetime
    subject: str | None
    preview: str | None
    people: tuple[Correspondent, ...]
    message_count: int
    unread_count: int
    attachment_count: int
    direction: str
    kinds: tuple[str, ...]
    mailbox_ids: tuple[int, ...]
    level: Level


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """One page of a list; ``next`` is where the following page starts, None at the end.

    ``reached`` is how far a search came that stopped before the page was full.
    """

    rows: tuple[ThreadRow, ...]
    next: str | None
    reached: datetime | None = None


@dataclass(frozen=True, slots=True)
class Find:
    """A thread that belongs on a page: where it stands, and which message put it there."""

    place: Place
    thread_id: int
    focus_id: int | None = None


class _Line(NamedTuple):
    """One message of a thread, as the query gives it."""

    place: int
    focus_id: int | None
    id: int
    sent_at: datetime
    direction: str
    level: int
    sender_name: str
    sender_address: str | None
    subject: str | None
    preview: str | None
    messages: int
    unread: int
    attachments: int
    rank: int
    mailbox_ids: list[int] | None
    kinds: list[str] | None


def cut(
    viewer: Viewer,
    scope: Sequence[int],
    finds: Sequence[Find],
    limit: int,
    about: str = "",
    **parameters: Any,
) -> ThreadPage:
    """The page that ``finds`` fill, as by :func:`make`; one more than ``limit`` of them means
    that more follow."""
    shown = finds[:limit]
    after = cursors.write(shown[-1].place) if len(finds) > limit else None
    return ThreadPage(make(viewer, scope, shown, about, **parameters), after)


def make(
    viewer: Viewer, scope: Sequence[int], finds: Sequence[Find], about: str = "", **parameters: Any
) -> tuple[ThreadRow, ...]:
    """The lines of these threads, in their order, as the mailboxes of ``scope`` show them.

    A thread of which nothing is visible is left out. ``about`` is a further SQL condition on the
    message ``m``, with its ``parameters``.
    """
    if not finds:
        return ()
    lines = read(
        compose("mailweave.mail", "rows", "rows", about=about),
        viewer,
        threads=[find.thread_id for find in finds],
        focus=[find.focus_id for find in finds],
        scope=list(scope),
        depth=DEPTH,
        senders=SENDERS,
        **parameters,
    )
    by_thread = groupby(map(_Line._make, lines), key=lambda line: line.place)
    return tuple(_row(finds[place - 1].thread_id, list(group)) for place, group in by_thread)


def _row(thread_id: int, lines: list[_Line]) -> ThreadRow:
    newest = next((line for line in lines if line.id == line.focus_id), lines[0])
    return ThreadRow(
        thread_id=thread_id,
        last_at=newest.sent_at,
        subject=newest.subject,
        preview=newest.preview,
        people=tuple(_people(lines)),
        message_count=newest.messages,
        unread_count=newest.unread,
        attachment_count=int(newest.attachments),
        direction=newest.direction,
        kinds=tuple(dict.fromkeys(newest.kinds or ())),
        mailbox_ids=tuple(newest.mailbox_ids or ()),
        level=Level(newest.level),
    )


def _people(lines: Iterable[_Line]) -> list[Correspondent]:
    newest: dict[str, Correspondent] = {}
    for line in lines:
        address = line.sender_address or ""
        newest.setdefault(address or line.sender_name, Correspondent(line.sender_name, address))
    return list(newest.values())[:PEOPLE]
