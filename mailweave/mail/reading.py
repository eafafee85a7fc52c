"""Messages, a body, headers, an attachment, as far as the viewer may."""

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import zstandard

from mailweave.mail import arrival
from mailweave.mail.models import Participant
from mailweave.mail.rows import Correspondent
from mailweave.mail.visibility import Level, NotFound, Viewer, compose, read

__all__ = [
    "AttachmentView",
    "MessageView",
    "NotFound",
    "PartSource",
    "StoredBody",
    "body",
    "headers",
    "message",
    "messages",
    "part",
]

log = logging.getLogger(__name__)

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
    is the one the message is best seen through. ``kept`` is how much of its text the policy let us
    keep, ``parts_kept`` whether its ``attachment_count`` attachments are named.
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
    kept: str
    parts_kept: bool
    attachment_count: int
    attachments: tuple[AttachmentView, ...]
    mailbox_id: int
    mailbox_address: str
    mailbox_kind: str


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


def message(viewer: Viewer, message_id: int) -> MessageView:
    """One message, else :class:`NotFound`. Three queries."""
    for one in messages(viewer, {message_id}):
        return one
    raise NotFound("no such message")


def messages(viewer: Viewer, message_ids: Collection[int]) -> list[MessageView]:
    """Those of the messages that the viewer sees, oldest first. Three queries."""
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
    return tuple(
        (name, _FOR_WHOM.sub("", value) if name.lower() == "received" else value)
        for name, value in arrival.split_headers(_unpack(packed, MAX_HEADERS) or "")
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
    truncated, kept, parts_kept, attachment_count, mailbox_id, mailbox_address, mailbox_kind = rest
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
        kept=kept,
        parts_kept=parts_kept,
        attachment_count=attachment_count,
        attachments=tuple(attachments),
        mailbox_id=mailbox_id,
        mailbox_address=mailbox_address,
        mailbox_kind=mailbox_kind,
    )
