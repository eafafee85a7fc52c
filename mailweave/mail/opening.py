"""Opening a thread: a window on its messages, at its end or further back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mailweave.mail import cursors, reading
from mailweave.mail.cursors import Place
from mailweave.mail.reading import MessageView
from mailweave.mail.visibility import Level, NotFound, Viewer, compose, read

MAX_MESSAGES = 500
"""Messages of a thread that are counted at a time."""
WINDOW = 25
"""Messages of a thread that are read at first."""
OLDER = 50
"""Messages that are read at a time further back."""


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A window on the visible messages of a thread.

    ``messages`` are those in the window, oldest first, and ``ids`` all of them up to its end.
    ``older`` ones, of which ``older_unread`` are unread, stand before the window: the next one
    ends at ``before``, which is None if there are none. With ``more``, there are others yet before
    those counted. ``subject`` is the first visible one, None if none may be shown.
    """

    id: int
    subject: str | None
    messages: tuple[MessageView, ...]
    ids: tuple[int, ...]
    older: int
    older_unread: int
    before: str | None
    more: bool
    unread: tuple[int, ...] = ()
    """Which of ``ids`` are unread in mailboxes of the viewer's own."""


class _Line(NamedTuple):
    """A message in the outline of its thread."""

    id: int
    sent_at: datetime
    level: int
    seen: bool


def open_thread(
    viewer: Viewer, thread_id: int, before: str | None = None, since: int | None = None
) -> ThreadView:
    """The newest messages of a thread, at most :data:`WINDOW`; or those ``before`` a window, at
    most :data:`OLDER`; or those ``since`` a message, as many as there are. Four queries.

    Raises :class:`NotFound` if there is no such thread or nothing of it is visible, and
    ``Expected`` for a broken ``before``.
    """
    lines = _outline(viewer, thread_id, cursors.parse(before), MAX_MESSAGES + 1)
    if not lines:
        raise NotFound("no such thread")
    more = len(lines) > MAX_MESSAGES
    lines = lines[MAX_MESSAGES - 1 :: -1] if more else lines[::-1]
    start = _start(lines, OLDER if before else WINDOW, since)
    named = next((one.id for one in lines if one.level >= Level.SUBJECT), 0)
    wanted = {named, *(one.id for one in lines[start:])}
    found = {one.id: one for one in reading.messages(viewer, wanted)}
    messages = tuple(found[one.id] for one in lines[start:] if one.id in found)
    if not messages:
        raise NotFound("not visible any more")
    older = lines[:start]
    return ThreadView(
        id=thread_id,
        subject=found[named].subject if named in found else None,
        messages=messages,
        ids=tuple(one.id for one in lines),
        older=len(older),
        older_unread=sum(not one.seen for one in older),
        before=_write(lines[start]) if older or more else None,
        more=more,
        unread=tuple(one.id for one in lines if not one.seen),
    )


def is_newest(viewer: Viewer, thread_id: int, message_id: int) -> bool:
    """Whether a message is the newest visible one of its thread."""
    return [one.id for one in _outline(viewer, thread_id, cursors.FIRST, 1)] == [message_id]


def newest_readable(viewer: Viewer, thread_id: int) -> int | None:
    """The newest message of a thread that the viewer may read in full, if it is among the last
    :data:`WINDOW` they see."""
    lines = _outline(viewer, thread_id, cursors.FIRST, WINDOW)
    return next((one.id for one in lines if one.level >= Level.FULL), None)


def _outline(viewer: Viewer, thread_id: int, start: Place, limit: int) -> list[_Line]:
    query = compose("mailweave.mail", "opening", "outline")
    rows = read(query, viewer, thread=thread_id, at=start.at, id=start.id, limit=limit)
    return [_Line(*row) for row in rows]


def _start(lines: Sequence[_Line], size: int, since: int | None) -> int:
    """Where in the outline the window starts."""
    wanted = next((place for place, one in enumerate(lines) if one.id == since), None)
    return max(0, len(lines) - size) if wanted is None else wanted


def _write(line: _Line) -> str:
    return cursors.write(Place(line.sent_at, line.id))
