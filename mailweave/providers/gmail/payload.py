"""A message's MIME tree as Gmail expands it: which parts are the body, which are attachments.

Gmail has already undone transfer encodings and turned every text into UTF-8, so a part's declared
charset is wrong by now and never used. RFC 2045, 2046, 2183, 2387, 2392.
"""

import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from string import ascii_letters, digits

from mailweave.providers.base import Attachment
from mailweave.providers.gmail.wire import Header, Part

DEPTH = 30
PARTS = 1000
TEXT = 8 * 1024 * 1024
"""Bytes of one body, in UTF-8."""
HEADER = 64 * 1024
HEADERS = 1000
HEADER_BLOCK = 256 * 1024

Load = Callable[[str], bytes | None]
"""Fetches a body too large to come along, by its attachment id; None if it cannot be had."""

_URLSAFE = bytes.maketrans(b"-_", b"+/")
_FOREIGN = bytes(set(range(256)) - set((ascii_letters + digits + "+/").encode()))


class Unfit(ValueError):
    """A tree nobody writes in good faith."""


@dataclass(slots=True)
class Content:
    """What a tree holds."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    truncated: bool = False


@dataclass(slots=True)
class _Found:
    """Bodies at one level: the alternatives of one text, or texts that follow each other."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


class _Walk:
    """One pass over a tree."""

    __slots__ = ("content", "load", "parts")

    def __init__(self, load: Load) -> None:
        self.content = Content()
        self.load = load
        self.parts = 0

    def visit(self, part: Part, found: _Found | None, depth: int, within: str) -> None:
        """Sort ``part``, which lies in a multipart of subtype ``within``.

        Bodies go to ``found``; None means they are not this message's.
        """
        self.parts += 1
        if depth > DEPTH or self.parts > PARTS:
            raise Unfit("it has too many parts" if depth <= DEPTH else "it is nested too deeply")
        mime_type = part.mime_type.lower()
        if mime_type.startswith("multipart/"):
            self._multipart(part, found, depth, mime_type[10:])
        elif _is_body(part, mime_type):
            if found is not None:
                self._body(part, found.html if mime_type == "text/html" else found.plain)
        elif mime_type == "message/rfc822" and not part.body.attachment_id:
            self._forwarded(part, depth)
        elif _is_worth_saving(part, mime_type, within):
            self.content.attachments.append(_attachment(part, mime_type, within))

    def _multipart(self, part: Part, found: _Found | None, depth: int, subtype: str) -> None:
        if subtype != "alternative" or found is None:
            for child in part.parts:
                self.visit(child, found, depth + 1, subtype)
            return
        chosen = _Found()
        for child in part.parts:
            own = _Found()
            self.visit(child, own, depth + 1, subtype)
            chosen.plain = chosen.plain or own.plain
            chosen.html = chosen.html or own.html
        found.plain += chosen.plain
        found.html += chosen.html

    def _body(self, part: Part, into: list[str]) -> None:
        data: bytes | None = None
        if part.body.data:
            data = decode(part.body.data)
        elif part.body.attachment_id:
            data = self.load(part.body.attachment_id)
            self.content.truncated |= data is None
        if data:
            self.content.truncated |= len(data) > TEXT
            into.append(data[:TEXT].decode("utf-8", "replace"))

    def _forwarded(self, part: Part, depth: int) -> None:
        """An attached message that cannot be had whole: its attachments can, its body is not ours.

        Gmail gives such a part without an id of its own, but with everything inside it.
        """
        for child in part.parts:
            self.visit(child, None, depth + 1, "rfc822")


def walk(root: Part, load: Load) -> Content:
    """The bodies and attachments of a message; raises Unfit past the caps."""
    walk = _Walk(load)
    found = _Found()
    walk.visit(root, found, 0, "")
    walk.content.plain, walk.content.html = found.plain, found.html
    return walk.content


def headers(root: Part) -> tuple[tuple[tuple[str, str], ...], bool]:
    """The message's headers in order, and whether any were cut."""
    told = root.headers
    if len(told) <= HEADERS:
        pairs = tuple([(one.name, one.value) for one in told])
        if sum([len(name) + len(value) for name, value in pairs]) <= HEADER:
            return pairs, False
    return _capped(told)


def _capped(told: list[Header]) -> tuple[tuple[tuple[str, str], ...], bool]:
    kept: list[tuple[str, str]] = []
    room, cut = HEADER_BLOCK, len(told) > HEADERS
    for one in told[:HEADERS]:
        name, value = one.name[:998], one.value[: min(HEADER, room)]
        cut |= len(value) < len(one.value) or len(name) < len(one.name)
        room -= len(value)
        kept.append((name, value))
    return tuple(kept), cut


def decode(data: str) -> bytes:
    """base64url with or without padding (RFC 4648, 5); what is broken is dropped."""
    raw = data.encode("ascii", "ignore").translate(_URLSAFE)
    try:
        return binascii.a2b_base64(raw + b"==")
    except binascii.Error:
        clean = raw.translate(None, _FOREIGN)
        return binascii.a2b_base64(clean[: len(clean) - (len(clean) % 4 == 1)] + b"==")


def header(part: Part, name: str) -> str:
    """The first header of this (lower-case) name; empty if there is none."""
    for one in part.headers:
        if one.name.lower() == name:
            return one.value
    return ""


def _is_body(part: Part, mime_type: str) -> bool:
    if mime_type not in {"text/plain", "text/html"} or part.filename:
        return False
    return not header(part, "content-disposition").lstrip().lower().startswith("attachment")


def _is_worth_saving(part: Part, mime_type: str, within: str) -> bool:
    """Other wordings of the same text and empty parts are not."""
    if part.filename or part.body.attachment_id:
        return True
    return bool(part.body.data) and not (within == "alternative" and mime_type.startswith("text/"))


def _attachment(part: Part, mime_type: str, within: str) -> Attachment:
    content_id = header(part, "content-id").strip()
    disposition = header(part, "content-disposition").lstrip().lower()
    related = within == "related" and bool(content_id)
    return Attachment(
        part_id=part.part_id,
        filename=part.filename[:1024],
        content_type=mime_type[:255],
        size=max(0, part.body.size),
        content_id=content_id.removeprefix("<").removesuffix(">")[:998],
        inline=disposition.startswith("inline") or (related and not disposition.startswith("att")),
    )
