"""Opening a thread, a body, an attachment, as far as the viewer may."""

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import zstandard

from mailweave.mail import arrival, cursors
from mailweave.mail.cursors import Place
from mailweave.mail.models import Participant
from mailweave.mail.rows import Correspondent
from mailweave.mail.visibility import Level, NotFound, Viewer, compose, read

__all__ = [
    "AttachmentView",
    "MessageView",
    "NotFound",
    "PartSource",
    "StoredBody",
    "ThreadView",
    "body",
    "headers",
    "is_newest",
    "message",
    "open_thread",
    "part",
]

log = logging.getLogger(__name__)

MAX_MESSAGES = 500
"""Messages of a thread that are counted at a time."""
WINDOW = 25
"""Messages of a thread that are read at first."""
OLDER = 50
"""Messages that are read at a time further back."""
MAX_HTML = 8 * 1024 * 1024
MAX_HEADERS = 1024 * 1024

# The archive keeps one set of headers per message, from whichever copy came first. These say whose
# copy that was, which is not for everybody who has another one.
_ENVELOPE = frozenset(
    {"bcc", "resent-bcc", "delivered-to", "x-delivered-to", "envelope-to", "x-envelope-to"}
    | {"x-original-to", "x-apparently-to", "x-forwarded-to", "x-forwarded-for", "x-rcpt-to"}
)
_FOR_WHOM = re.compile(r"\bfor\s+<?[^\s<>;]+@[^\s<>;]+>?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """An attachment's description. ``size`` is in bytes, as the provider says."""

    id: int
    filename: str
    content_type: str
    size: int
    inline: bool
    content_id: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as one viewer sees it.

    ``subject``, ``preview`` and ``attachments`` are None, None and empty where the level hides
    them; ``bcc`` is known to the owner of the sent copy only. ``seen`` is the viewer's own copy's
    (true without one). ``gone``: the provider has deleted every copy the viewer sees. The mailbox
    is the one the message is best seen through.
    """

    id: int
    level: Level
    direction: str
    sender: Correspondent
    reply_to: tuple[Correspondent, ...]
    to: tuple[Correspondent, ...]
    cc: tuple[Correspondent, ...]
    bcc: tuple[str, ...]
    sent_at: datetime
    subject: str | None
    preview: str | None
    seen: bool
    gone: bool
    truncated: bool
    attachments: tuple[AttachmentView, ...]
    mailbox_id: int
    mailbox_address: str
    mailbox_kind: str


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


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A message's text and its HTML exactly as it came: never to be shown as it is."""

    text: str
    html: str | None


@dataclass(frozen=True, slots=True)
class PartSource:
    """Where the bytes of an attachment can be fetched: ``part_id`` is the provider's."""

    mailbox_id: int
    remote_id: str
    part_id: str
    filename: str
    content_type: str
    size: int
    content_id: str


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
    found = {one.id: one for one in _read(viewer, {named, *(one.id for one in lines[start:])})}
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
    )


def message(viewer: Viewer, message_id: int) -> MessageView:
    """One message, else :class:`NotFound`. Three queries."""
    for one in _read(viewer, {message_id}):
        return one
    raise NotFound("no such message")


def is_newest(viewer: Viewer, thread_id: int, message_id: int) -> bool:
    """Whether a message is the newest visible one of its thread."""
    return [one.id for one in _outline(viewer, thread_id, cursors.FIRST, 1)] == [message_id]


def _outline(viewer: Viewer, thread_id: int, start: Place, limit: int) -> list[_Line]:
    rows = _ask("outline", viewer, thread=thread_id, at=start.at, id=start.id, limit=limit)
    return [_Line(*row) for row in rows]


def _start(lines: Sequence[_Line], size: int, since: int | None) -> int:
    """Where in the outline the window starts."""
    wanted = next((place for place, one in enumerate(lines) if one.id == since), None)
    return max(0, len(lines) - size) if wanted is None else wanted


def _write(line: _Line) -> str:
    return cursors.write(Place(line.sent_at, line.id))


def _read(viewer: Viewer, message_ids: Collection[int]) -> list[MessageView]:
    rows = _ask("messages", viewer, messages=list(message_ids))
    people = _people(viewer, [row[0] for row in rows])
    parts = _parts(viewer, [row[0] for row in rows if row[1] >= Level.FULL])
    return [_message(row, people[row[0]], parts[row[0]]) for row in rows]


def body(viewer: Viewer, message_id: int) -> StoredBody:
    """The body of a message the viewer may read in full, else :class:`NotFound`.

    HTML that cannot be unpacked is left out; the text remains.
    """
    text, html_zstd = _one("body", viewer, message=message_id)
    return StoredBody(text, _unpack(html_zstd, MAX_HTML) if html_zstd is not None else None)


def headers(viewer: Viewer, message_id: int) -> tuple[tuple[str, str], ...]:
    """The (name, value) headers of a message the viewer may read in full, else :class:`NotFound`.

    Those that tell in whose mailbox it was found first are left out; values are unfolded.
    """
    (packed,) = _one("headers", viewer, message=message_id)
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", _unpack(packed, MAX_HEADERS) or "")
    pairs = (line.partition(":") for line in unfolded.splitlines())
    return tuple(
        (name, _FOR_WHOM.sub("", value.strip()) if name.lower() == "received" else value.strip())
        for name, _, value in pairs
        if name.lower() not in _ENVELOPE
    )


def part(viewer: Viewer, part_id: int) -> PartSource:
    """Where to fetch an attachment: a copy read in full that the provider still has, own first.

    Raises :class:`NotFound` if there is none.
    """
    return PartSource(*_one("part", viewer, part=part_id))


def _ask(name: str, viewer: Viewer, **parameters: Any) -> list[tuple[Any, ...]]:
    return read(compose("mailweave.mail", "reading", name), viewer, **parameters)


def _one(name: str, viewer: Viewer, **parameters: Any) -> tuple[Any, ...]:
    for row in _ask(name, viewer, **parameters):
        return row
    raise NotFound("no such message")


def _unpack(packed: bytes, limit: int) -> str | None:
    try:
        return arrival.decompress(packed, limit)
    except zstandard.ZstdError:
        log.exception("a stored body cannot be unpacked")
        return None


def _people(
    viewer: Viewer, message_ids: list[int]
) -> Mapping[int, Mapping[int, list[Correspondent]]]:
    found: dict[int, dict[int, list[Correspondent]]] = defaultdict(lambda: defaultdict(list))
    for message_id, role, name, address in _ask("people", viewer, messages=message_ids):
        found[message_id][role].append(Correspondent(name, address))
    return found


def _parts(viewer: Viewer, message_ids: list[int]) -> Mapping[int, Iterable[AttachmentView]]:
    found: dict[int, list[AttachmentView]] = defaultdict(list)
    for message_id, *fields in _ask("parts", viewer, messages=message_ids):
        found[message_id].append(AttachmentView(*fields))
    return found


def _message(
    row: tuple[Any, ...],
    people: Mapping[int, list[Correspondent]],
    attachments: Iterable[AttachmentView],
) -> MessageView:
    pk, level, direction, name, address, sent_at, subject, preview, seen, gone, bcc, *rest = row
    truncated, mailbox_id, mailbox_address, mailbox_kind = rest
    return MessageView(
        id=pk,
        level=Level(level),
        direction=direction,
        sender=Correspondent(name, address or ""),
        reply_to=tuple(people[Participant.Role.REPLY_TO]),
        to=tuple(people[Participant.Role.TO]),
        cc=tuple(people[Participant.Role.CC]),
        bcc=tuple(bcc),
        sent_at=sent_at,
        subject=subject,
        preview=preview,
        seen=seen,
        gone=gone,
        truncated=truncated,
        attachments=tuple(attachments),
        mailbox_id=mailbox_id,
        mailbox_address=mailbox_address,
        mailbox_kind=mailbox_kind,
    )
