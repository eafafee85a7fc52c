"""Who wrote a message that somebody forwarded, as mail programs say it in the text. Pure."""

import re
from dataclasses import dataclass

from mailweave.mime.address import normalise, parse_list
from mailweave.mime.headers import Headers, decode
from mailweave.mime.parse import parse

MAX_LINES = 300
MAX_LINE = 500

MARKS = (
    *("forwarded message", "begin forwarded message", "original message"),
    *("weitergeleitete nachricht", "weitergeleiteten nachricht", "ursprüngliche nachricht"),
    *("message transféré", "message réexpédié", "message transmis", "message d'origine"),
    *("mensaje reenviado", "mensaje original"),
)
"""What stands above the copy, in English, German, French and Spanish."""
_FROM = re.compile(
    r"[\s>*_]*(?:from|von|de|expéditeur)\s?[*_]*\s?:[*_\s]*(?P<who>.+)", re.IGNORECASE
)
_NEXT = re.compile(
    r"[\s>*_]*(?:sent|date|to|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|fecha|para"
    r"|asunto)\b[^:]{0,20}:",
    re.IGNORECASE,
)
"""The lines that follow in such a copy's head."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by a normalised address; the name may be empty."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was forwarded whole: who wrote it about what, and its attachments as (number
    inside of it, name, type)."""

    sender: Person | None
    subject: str
    parts: tuple[tuple[str, str, str], ...]


def open_letter(raw: bytes) -> Letter:
    """What a message that came as an attachment says of itself."""
    parsed = parse(raw)
    headers = Headers(parsed.headers)
    found = parse_list(headers.first("From"))[:1]
    people = [Person(one.name[:200], made) for one in found if (made := normalise(one.address))]
    parts = tuple(
        (one.part_id, decode(one.filename)[:255], one.content_type) for one in parsed.attachments
    )
    return Letter(people[0] if people else None, decode(headers.first("Subject"))[:500], parts)


def original(text: str) -> Person | None:
    """The sender of the outermost message that this text forwards; None if it forwards none.

    A line "From: …" counts below a mark, or where another line of a head follows within three.
    """
    lines = [line[:MAX_LINE] for line in text.splitlines()[:MAX_LINES]]
    marked = False
    for at, line in enumerate(lines):
        said = line.replace("\u2019", "'").lower()
        marked = marked or any(mark in said for mark in MARKS)
        match = _FROM.fullmatch(line)
        if match and (marked or any(_NEXT.match(one) for one in lines[at + 1 : at + 4])):
            return _person(match["who"])
    return None


def _person(text: str) -> Person | None:
    """``Nia Patel <nia@x.example>``, ``Nia Patel [mailto:nia@x.example]``, or the address alone."""
    plain = re.sub(r"\[(?:mailto:)?([^\]\s]+)\]", r"<\1>", text)
    plain = re.sub(r"<mailto:([^>]+)>", r"<\1>", plain).replace("*", "")
    for one in parse_list(plain)[:1]:
        if address := normalise(one.address):
            return Person(one.name[:200], address)
    return None
