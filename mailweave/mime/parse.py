"""Raw messages to text, HTML and attachments. For providers that give bytes, and for mail in mail.

The standard library's parser is not used: its time grows with depth times lines, and 3,000 nested
parts overflow its stack. This one splits, never goes deeper than 30, and stops at its caps.
"""

import binascii
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailweave.mime import charsets
from mailweave.mime.headers import MAX_HEADER, MAX_HEADERS, Headers
from mailweave.mime.params import filename, params

MAX_RAW = 50 * 1024 * 1024
MAX_HEADER_BLOCK = 256 * 1024
MAX_PARTS = 1_000
MAX_DEPTH = 30
MAX_TEXT = 10 * 1024 * 1024
MAX_BOUNDARY = 200

_BLANK_LINE = re.compile(rb"\n\r?\n")
_BOUNDARY_END = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\Z)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_HEADER = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_ANGLES = re.compile(r"<?\s*([^<>\s]{1,998})")
_BASE64 = (string.ascii_letters + string.digits + "+/").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


@dataclass(frozen=True, slots=True)
class Part:
    """An attachment.

    ``part_id`` numbers it as Gmail does: "1" is the second part, "0.1" the second in the first,
    "" the message itself when it has no parts. ``size`` counts decoded bytes.
    """

    part_id: str
    filename: str
    content_type: str
    size: int
    content_id: str
    inline: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """One message. ``truncated`` says why it was not read to its end, or is ""."""

    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None
    attachments: tuple[Part, ...]
    truncated: str = ""


@dataclass(slots=True)
class _Walk:
    """How far a message has been read."""

    parts: int = 0
    truncated: str = ""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part without parts, still encoded."""

    part_id: str
    headers: Headers
    encoded: memoryview
    content_type: str
    charset: str
    filename: str
    disposition: str

    def decoded(self) -> bytes:
        return decoded(bytes(self.encoded), self.headers.first("Content-Transfer-Encoding"))

    @property
    def is_text(self) -> bool:
        """Whether it is something to read, rather than something to save."""
        shown = self.disposition != "attachment" and not self.filename
        return shown and self.content_type in ("text/plain", "text/html")


@dataclass(slots=True)
class _Bodies:
    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)

    def add(self, leaf: _Leaf) -> bool:
        """Keep a text part; answers whether it had to be cut."""
        data = leaf.decoded()
        into = self.html if leaf.content_type == "text/html" else self.plain
        into.append(charsets.decode(data[:MAX_TEXT], leaf.charset))
        return len(data) > MAX_TEXT


def parse(raw: bytes) -> Parsed:
    """Read a message. Never raises: of a bomb come its headers and what could be read.

    Text is Unicode without lone surrogates, whatever charset was claimed; it may hold NULs. Header
    values are unfolded, not decoded.
    """
    walk = _Walk(truncated="the message is over 50 MB" if len(raw) > MAX_RAW else "")
    raw = _message(raw)
    body, pairs = _head(raw, 0, len(raw), walk)
    bodies, attachments = _Bodies(), []
    for leaf in _leaves(raw, (body, len(raw)), Headers(pairs), walk):
        if not leaf.is_text:
            attachments.append(_part(leaf))
        elif bodies.add(leaf):
            walk.truncated = walk.truncated or "a text is over 10 MB"
    return Parsed(
        tuple(pairs),
        "\n".join(bodies.plain) if bodies.plain else None,
        "\n".join(bodies.html) if bodies.html else None,
        tuple(attachments),
        walk.truncated,
    )


def content(raw: bytes, part_id: str) -> bytes | None:
    """The decoded bytes of one part of a raw message; None when it has no such part."""
    walk = _Walk()
    raw = _message(raw)
    body, pairs = _head(raw, 0, len(raw), walk)
    for leaf in _leaves(raw, (body, len(raw)), Headers(pairs), walk):
        if leaf.part_id == part_id:
            return leaf.decoded()
    return None


def decoded(body: bytes, encoding: str) -> bytes:
    """``body`` without its Content-Transfer-Encoding, as far as it can be undone."""
    encoding = encoding.strip().lower()
    if encoding == "base64":
        data = body.translate(None, _NOT_BASE64)
        data = data[: len(data) - (len(data) % 4 == 1)]
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body


def _message(raw: bytes) -> bytes:
    """At most 50 MB, without leading blank lines and mbox line."""
    raw = raw[:MAX_RAW].lstrip(b"\r\n")
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def _head(raw: bytes, start: int, end: int, walk: _Walk) -> tuple[int, list[tuple[str, str]]]:
    """(where the body starts, header names and unfolded values) of a message or part."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return raw.index(b"\n", start) + 1, []
    match = _BLANK_LINE.search(raw, start, end)
    stop, body = (match.start(), match.end()) if match else (end, end)
    if stop - start > MAX_HEADER_BLOCK:
        walk.truncated = walk.truncated or "the headers are over 256 KB"
        stop = start + MAX_HEADER_BLOCK
    return body, _pairs(raw[start:stop], walk)


def _pairs(block: bytes, walk: _Walk) -> list[tuple[str, str]]:
    """Header names and unfolded values, within the caps."""
    unfolded: list[list[bytes]] = []
    for line in _LINE_END.split(block):
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded[-1].append(line)
        elif line:
            unfolded.append([line])
    if len(unfolded) > MAX_HEADERS:
        walk.truncated = walk.truncated or "there are over 1,000 headers"
    pairs = []
    for lines in unfolded[:MAX_HEADERS]:
        match = _HEADER.match(b"".join(lines))
        if match:
            value = match[2].strip()
            if len(value) > MAX_HEADER:
                walk.truncated = walk.truncated or "a header is over 64 KB"
            pairs.append((match[1].decode("ascii"), charsets.decode(value[:MAX_HEADER])))
    return pairs


def _leaves(
    raw: bytes, span: tuple[int, int], headers: Headers, walk: _Walk, part_id: str = ""
) -> Iterator[_Leaf]:
    """Every part that has no parts, in order; stops at the caps and says so in ``walk``.

    Works on positions in ``raw``, so that depth costs no memory.
    """
    content_type, given = params(headers.first("Content-Type"))
    boundary = given.get("boundary", "")[:MAX_BOUNDARY].rstrip()
    if not content_type.startswith("multipart/") or not boundary:
        yield _leaf(headers, memoryview(raw)[slice(*span)], part_id)
        return
    if part_id.count(".") >= MAX_DEPTH - 1:
        walk.truncated = walk.truncated or "parts are nested over 30 deep"
        return
    for number, (start, end) in enumerate(_chunks(raw, span, boundary)):
        walk.parts += 1
        if walk.parts > MAX_PARTS:
            walk.truncated = walk.truncated or "there are over 1,000 parts"
            return
        body, pairs = _head(raw, start, end, walk)
        child = f"{part_id}.{number}" if part_id else str(number)
        yield from _leaves(raw, (min(body, end), end), Headers(pairs), walk, child)


def _chunks(raw: bytes, span: tuple[int, int], boundary: str) -> Iterator[tuple[int, int]]:
    """Where the parts between lines of ``boundary`` are; the last one may lack its end."""
    marker = b"--" + boundary.encode("utf-8", "replace")
    position, end = span
    start = -1
    while (found := raw.find(marker, position, end)) >= 0:
        position = found + len(marker)
        match = _BOUNDARY_END.match(raw, position, end)
        if match is None or (found > span[0] and raw[found - 1] != ord("\n")):
            continue
        if start >= 0:
            stop = found - 1 - raw.startswith(b"\r\n", max(found - 2, start))
            yield start, max(stop, start)
        if match[1]:
            return
        start = position = match.end()
    if start >= 0:
        yield start, end


def _leaf(headers: Headers, encoded: memoryview, part_id: str) -> _Leaf:
    content_type, given = params(headers.first("Content-Type"))
    if content_type.startswith("multipart/"):  # one without a boundary is all text
        content_type = "text/plain"
    elif not _TYPE.fullmatch(content_type):
        content_type = "application/octet-stream" if content_type else "text/plain"
    disposition, named = params(headers.first("Content-Disposition"))
    name = filename(named.get("filename") or given.get("name") or "")
    return _Leaf(
        part_id, headers, encoded, content_type, given.get("charset", ""), name, disposition
    )


def _part(leaf: _Leaf) -> Part:
    match = _ANGLES.match(leaf.headers.first("Content-ID").strip())
    return Part(
        part_id=leaf.part_id,
        filename=leaf.filename,
        content_type=leaf.content_type,
        size=len(leaf.decoded()),
        content_id=match[1] if match else "",
        inline=leaf.disposition == "inline" or (bool(match) and leaf.disposition != "attachment"),
    )
