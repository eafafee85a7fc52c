"""A fetched message, read: everything the archive writes about it, before any database work.

Pure and per message, so that a message that cannot be read is known by itself.
"""

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import zstandard

from mailweave.mail.models import Message, Participant, Policy
from mailweave.mime import address as addresses
from mailweave.mime import headers as header_values
from mailweave.mime import text as texts
from mailweave.mime import threads as subjects
from mailweave.providers.base import Attachment, Fetched

MAX_TEXT = 1024 * 1024
MAX_HTML = 4 * 1024 * 1024
MAX_HEADERS = 256 * 1024
MAX_INDEXED = 16 * 1024
MAX_PEOPLE = 500
MAX_PARTS = 200
MAX_KEYS = 40
FAMILY = 8
"""Bytes of an identity that copies share even where their servers changed the body."""
_NAME = 200
_SHORT = 500
_OWN = threading.local()

_ROLES = (
    ("From", Participant.Role.FROM),
    ("Sender", Participant.Role.SENDER),
    ("Reply-To", Participant.Role.REPLY_TO),
    ("To", Participant.Role.TO),
    ("Cc", Participant.Role.CC),
)
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


@dataclass(frozen=True, slots=True)
class Person:
    """An address in a role on one message."""

    address: str
    role: int
    name: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message ready to be stored."""

    remote_id: str
    remote_thread_id: str
    identity: bytes
    message_id: str
    in_reply_to: str
    keys: tuple[int, ...]
    """64-bit hashes of its own Message-ID (first, if any) and of those it refers to."""
    subject: str
    people: tuple[Person, ...]
    bcc: tuple[str, ...]
    sent_at: datetime
    received_at: datetime
    direction: str
    automatic: bool
    preview: str
    text: str
    indexed: str
    html_zstd: bytes | None
    headers_zstd: bytes
    parts: tuple[Attachment, ...]
    folder_ids: tuple[str, ...]
    seen: bool
    flagged: bool
    size: int
    truncated: bool
    attachment_count: int = 0
    kept: str = Message.Kept.FULL
    parts_kept: bool = True

    @property
    def sender(self) -> Person | None:
        """The first From, or Sender when there is no From."""
        return next((p for p in self.people if p.role <= Participant.Role.SENDER), None)


def read(fetched: Fetched, *, mailbox_id: int, sent_ids: frozenset[str]) -> Arrival:
    """Everything kept of ``fetched``. ``sent_ids`` are the folders that hold sent mail: only lying
    there makes a message ours, since anybody can write our address into From."""
    headers = header_values.Headers(fetched.headers)
    subject = texts.clean(header_values.decode(headers.first("Subject")))[:2000]
    people = read_people(headers)
    sender = next((p.address for p in people if p.role == Participant.Role.FROM), "")
    given_html = texts.clean(fetched.html) if fetched.html else ""
    text = texts.clean(fetched.text or "")
    words = text if text.strip() else texts.from_html(given_html)
    indexed = texts.strip_quotes(words[: 4 * MAX_INDEXED])[:MAX_INDEXED]
    own_id = texts.clean(header_values.message_id(headers))
    references = [texts.clean(one) for one in header_values.references(headers)]
    date = header_values.date(headers)
    sent = not sent_ids.isdisjoint(fetched.folder_ids)
    return Arrival(
        remote_id=fetched.remote_id,
        remote_thread_id=fetched.remote_thread_id,
        identity=identify(own_id, sender, date, subject, text, given_html)
        or identify_copy(mailbox_id, fetched.remote_id),
        message_id=own_id,
        in_reply_to=references[-1] if references else "",
        keys=tuple(dict.fromkeys(map(hash_id, filter(None, [own_id, *references[-MAX_KEYS:]])))),
        subject=subject,
        people=people,
        bcc=tuple(one for _, one in _addresses(headers.all("Bcc")))[:MAX_PEOPLE],
        sent_at=date if date and date <= fetched.received_at else fetched.received_at,
        received_at=fetched.received_at,
        direction=Message.Direction.OUTBOUND if sent else Message.Direction.INBOUND,
        automatic=header_values.is_automatic(headers),
        preview=texts.clean(texts.preview(words) or fetched.preview)[:200],
        text=text[:MAX_TEXT],
        indexed=indexed,
        html_zstd=compress(given_html[:MAX_HTML]) if given_html else None,
        headers_zstd=compress(_join(fetched.headers)),
        parts=tuple(map(_tidy, fetched.attachments[:MAX_PARTS])),
        folder_ids=fetched.folder_ids,
        seen=fetched.seen,
        flagged=fetched.flagged,
        size=max(0, fetched.size),
        truncated=fetched.truncated or len(text) > MAX_TEXT or len(given_html) > MAX_HTML,
        attachment_count=sum(not part.inline for part in fetched.attachments[:MAX_PARTS]),
    )


def narrow(arrival: Arrival, *, body: str, attachments: str) -> Arrival:
    """What a policy lets be kept of an arrival: nothing else of it is written anywhere.

    ``body`` and ``attachments`` are the choices of :class:`Policy`. Its identity stays that of the
    whole message, so that it is known again when more of it may be kept.
    """
    if attachments == Policy.Attachments.FLAG and arrival.parts:
        arrival = replace(arrival, parts=(), parts_kept=False)
    if body == Policy.Body.FULL:
        return arrival
    preview = arrival.preview if body == Policy.Body.SNIPPET else ""
    return replace(arrival, kept=body, preview=preview, text="", indexed=preview, html_zstd=None)


def read_people(headers: header_values.Headers) -> tuple[Person, ...]:
    """Who is on the message, each address once a role, at most 500."""
    found: dict[tuple[str, int], Person] = {}
    for header, role in _ROLES:
        for name, one in _addresses(headers.all(header)[:3]):
            found.setdefault((one, role), Person(one, role, texts.clean(name)[:_NAME]))
    return tuple(found.values())[:MAX_PEOPLE]


def identify(
    message_id: str, sender: str, date: datetime | None, subject: str, text: str, html: str
) -> bytes:
    """What makes two copies one message: its family, then its content.

    The first FAMILY bytes are of Message-ID, sender, date and subject: alone they prove nothing,
    since they can be repeated or forged. The rest is of the bodies. Copies that differ only there
    are compared by :mod:`mailweave.mail.sameness`. Without Message-ID this is empty, and the
    message is known by its copy only.
    """
    if not message_id:
        return b""
    moment = str(int(date.timestamp())) if date else ""
    facts = (message_id, sender, moment, subjects.base_subject(subject))
    family = hashlib.blake2b("\x1f".join(facts).encode(), digest_size=FAMILY)
    content = hashlib.blake2b("".join(text[:4000].split())[:1000].encode(), digest_size=8)
    content.update(b"\x1f" + html.encode())
    return family.digest() + content.digest()


def identify_copy(mailbox_id: int, remote_id: str) -> bytes:
    """The identity of a message without Message-ID: where it lies."""
    return hashlib.blake2b(f"{mailbox_id}\x1e{remote_id}".encode(), digest_size=16).digest()


def hash_id(message_id: str) -> int:
    """A Message-ID as a signed 64-bit number."""
    digest = hashlib.blake2b(message_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def compress(text: str) -> bytes:
    """Text as zstd-compressed UTF-8."""
    return _compressor().compress(text.encode())


def decompress(data: bytes, limit: int = 8 * 1024 * 1024) -> str:
    """The text of :func:`compress`; at most ``limit`` bytes of it."""
    reader = zstandard.ZstdDecompressor().stream_reader(data)
    return reader.read(limit).decode(errors="replace")


def _compressor() -> zstandard.ZstdCompressor:
    """One for each thread: making one costs as much as a short message."""
    if not hasattr(_OWN, "compressor"):
        _OWN.compressor = zstandard.ZstdCompressor(level=3)
    compressor: zstandard.ZstdCompressor = _OWN.compressor
    return compressor


def _addresses(values: Sequence[str]) -> list[tuple[str, str]]:
    """(name, normalised address) of every readable address in some header values."""
    found: list[tuple[str, str]] = []
    for value in values:
        found.extend(_parsed(value) if len(value) <= _SHORT else _parse(value))
    return found


def _parse(value: str) -> tuple[tuple[str, str], ...]:
    pairs = ((one.name, addresses.normalise(one.address)) for one in addresses.parse_list(value))
    return tuple([(name, normal) for name, normal in pairs if normal])


_parsed = lru_cache(maxsize=4096)(_parse)
"""The people of a mailbox write to each other: their headers come again and again."""


def split_headers(text: str) -> tuple[tuple[str, str], ...]:
    """The (name, value) headers that are stored as this text, unfolded; a line that is none is a
    name without a value."""
    pairs = (line.partition(":") for line in _FOLD.sub("", text).splitlines())
    return tuple((name, value.strip()) for name, _, value in pairs)


def _join(headers: Sequence[tuple[str, str]]) -> str:
    text = "\n".join(f"{name}: {value}" for name, value in headers)
    return texts.clean(text)[:MAX_HEADERS]


def _tidy(part: Attachment) -> Attachment:
    """An attachment's description without anything that could harm where it is shown."""
    kind = part.content_type.lower()[:127]
    return Attachment(
        part_id=texts.clean(part.part_id)[:64],
        filename=texts.clean(header_values.decode(part.filename))[:255],
        content_type=kind if _TYPE.fullmatch(kind) else "application/octet-stream",
        size=max(0, part.size),
        content_id=texts.clean(header_values.decode(part.content_id))[:255],
        inline=part.inline,
    )
