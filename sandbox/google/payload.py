"""One message, parsed once: Gmail's ``payload`` tree and everything the store keeps beside it."""

import base64
import binascii
import html
import quopri
import re
from dataclasses import dataclass, field
from email import policy
from email.feedparser import BytesFeedParser
from email.message import Message
from typing import Any

import msgspec

from sandbox.google.charsets import codec_for, decode, scrub
from sandbox.google.headers import decode_words, shown_headers, text

MAX_DEPTH = 60
MAX_BOUNDARIES = 2000
LONG_PARAMETERS = re.compile(rb"(?im)^content-(?:type|disposition):(?:[^\n]|\n[ \t]){30000}")
TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
AS_IT_CAME = policy.compat32.clone(linesep="\r\n", max_line_length=0)
BROKEN = (RecursionError, ValueError, LookupError, TypeError, AttributeError)
"""What the standard library's parser raises on mail that only an attacker writes."""

Json = dict[str, Any]


@dataclass(slots=True)
class Rendered:
    """What is read from a message at delivery. ``payload`` is the JSON of format=full, with
    ``mark + partId + mark`` where an attachment id goes (``-`` for the empty part id);
    ``head`` is the JSON of format=metadata."""

    payload: bytes
    head: bytes
    headers: list[Json]
    plain: str
    files: list[str] = field(default_factory=list)

    def header(self, name: str) -> str:
        """The first header of that name, or an empty string."""
        return next((h["value"] for h in self.headers if h["name"].lower() == name), "")

    def all(self, name: str) -> str:
        """All headers of that name, joined by commas."""
        return ", ".join(h["value"] for h in self.headers if h["name"].lower() == name)


def render(raw: bytes, mark: str) -> Rendered:
    """Parse a message, however broken. ``mark`` must be unguessable: it tells the store's own
    placeholders from text a sender wrote."""
    walk = _Walk(mark)
    try:
        message = parse(raw)
        tree = walk.part(message, "", 0)
    except BROKEN:
        walk = _Walk(mark)
        tree = walk.degraded(raw)
    head = {key: tree[key] for key in ("mimeType", "headers") if key in tree}
    return Rendered(
        payload=msgspec.json.encode(tree),
        head=msgspec.json.encode(head),
        headers=tree.get("headers", []),
        plain=walk.plain or strip_tags(walk.html),
        files=walk.files,
    )


def parse(raw: bytes) -> Message:
    """The parsed message; ValueError when its nesting is a bomb."""
    if raw.lower().count(b"boundary") > MAX_BOUNDARIES:
        raise ValueError("too many multipart boundaries")
    if LONG_PARAMETERS.search(raw):
        raise ValueError("too long a list of parameters")
    parser = BytesFeedParser(policy=policy.compat32)
    parser.feed(raw)
    return parser.close()


def find_part(raw: bytes, part_id: str) -> bytes | None:
    """The decoded bytes of one part, or None when there is no such part."""
    try:
        part: Message = parse(raw)
        for step in part_id.split(".") if part_id else []:
            part = children(part)[int(step)]
        return content_of(part)
    except BROKEN:
        return None


def children(part: Message) -> list[Message]:
    """The parts inside: of a multipart, or of an attached message."""
    if not part.is_multipart() or part.get_content_type() == "message/delivery-status":
        return []
    return [item for item in part.get_payload() if isinstance(item, Message)]


def content_of(part: Message) -> bytes:
    """The bytes of a part with its transfer encoding undone, as far as it can be."""
    if part.is_multipart():
        inside = (item for item in part.get_payload() if isinstance(item, Message))
        return b"\r\n".join(item.as_bytes(policy=AS_IT_CAME) for item in inside)
    # get_payload() would decode what is beyond ASCII with the charset the part claims.
    stored = part._payload or ""  # type: ignore[attr-defined]  # noqa: SLF001
    data = str(stored).encode("utf-8", "surrogateescape")
    encoding = text(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        return loose_base64(data)
    if encoding == "quoted-printable":
        return quopri.decodestring(data)
    return data


def loose_base64(data: bytes) -> bytes:
    """Base64 with whatever else is in it ignored and a cut end tolerated."""
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    try:
        return base64.b64decode(clean + b"=" * (-len(clean) % 4))
    except (binascii.Error, ValueError):
        return data


def strip_tags(source: str) -> str:
    """Roughly the text of an HTML body, good enough for a snippet and for search."""
    bare = re.sub(
        r"(?is)<(style|script|head|title)\b.{0,200000}?</\1\s*>|<!--.{0,200000}?-->",
        " ",
        source[:400_000],
    )
    return html.unescape(re.sub(r"<[^<>]{0,20000}>", " ", bare))


def snippet_of(plain: str) -> str:
    """The first two hundred characters, white space folded, escaped as Gmail escapes it."""
    folded = " ".join(plain[:4000].split())[:200].rstrip()
    return html.escape(folded).replace("&#x27;", "&#39;")


class _Walk:
    """Goes through the parts once, collecting text and file names on the way."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.plain = ""
        self.html = ""
        self.files: list[str] = []

    def part(self, part: Message, part_id: str, depth: int) -> Json:
        if depth > MAX_DEPTH:
            raise ValueError("nested too deep")
        kind = content_type(part)
        name = file_name(part, kind)
        shown: Json = {
            "partId": part_id,
            "mimeType": kind,
            "filename": name,
            **_shown_if_any(shown_headers(part)),
            "body": {"size": 0},
        }
        inside = children(part)
        if inside:
            if name and kind.startswith("message/"):
                self._attach(shown, part)
            prefix = f"{part_id}." if part_id else ""
            shown["parts"] = [
                self.part(child, f"{prefix}{index}", depth + 1)
                for index, child in enumerate(inside)
            ]
        else:
            self._leaf(shown, part)
        return shown

    def degraded(self, raw: bytes) -> Json:
        """A message no parser can take: its headers read loosely, the rest one text part."""
        head, _, rest = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
        body = decode(rest or head, "utf-8")
        self.plain = body
        data = base64.urlsafe_b64encode(body.encode()).decode()
        return {
            "partId": "",
            "mimeType": "text/plain",
            "filename": "",
            **_shown_if_any(_loose_headers(head)),
            "body": {"size": len(rest or head), "data": data},
        }

    def _leaf(self, shown: Json, part: Message) -> None:
        kind = shown["mimeType"]
        inline = kind.startswith(("text/", "multipart/")) or kind == "message/delivery-status"
        if shown["filename"] or not inline:
            self._attach(shown, part)
            return
        data = content_of(part)
        body = decode(data, _charset(part))
        if kind == "text/plain" and not self.plain:
            self.plain = body
        elif kind == "text/html" and not self.html:
            self.html = body
        shown["body"] = {"size": len(data)}
        if data:
            shown["body"]["data"] = base64.urlsafe_b64encode(body.encode()).decode()

    def _attach(self, shown: Json, part: Message) -> None:
        if shown["filename"]:
            self.files.append(shown["filename"])
        size = len(content_of(part))
        marked = f"{self.mark}{shown['partId'] or '-'}{self.mark}"
        shown["body"] = {"attachmentId": marked, "size": size}


def content_type(part: Message) -> str:
    """The media type in lower case; plain text when it is none."""
    found = TYPE.match(part.get_content_type())
    return found[0] if found else "text/plain"


def file_name(part: Message, kind: str) -> str:
    """The decoded file name of a part; a calendar without one is ``invite.ics``."""
    try:
        name = part.get_filename() or ""
    except BROKEN:
        name = ""
    if not name:
        return "invite.ics" if kind == "text/calendar" else ""
    return scrub(" ".join(decode_words(text(name)).split())).replace("\x00", "")


def _charset(part: Message) -> str | None:
    try:
        found = part.get_param("charset")
    except BROKEN:
        return None
    if isinstance(found, tuple):
        found = found[2]
    return str(found) if found else None


def _shown_if_any(headers: list[dict[str, str]]) -> Json:
    """An empty list is left out, as everywhere in the vendor's JSON."""
    return {"headers": headers} if headers else {}


def _loose_headers(head: bytes) -> list[dict[str, str]]:
    lines = re.sub(rb"\n[ \t]+", b" ", head).split(b"\n")[:2000]
    pairs = (line.split(b":", 1) for line in lines if re.match(rb"[!-9;-~]{1,200}:", line))
    return [
        {
            "name": name.decode("ascii"),
            "value": decode_words(decode(value.strip(), codec_for(None))),
        }
        for name, value in pairs
    ]
