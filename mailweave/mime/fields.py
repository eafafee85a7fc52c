"""Header fields written (RFC 5322, 2047, 2231): ASCII, folded, and unable to hold another field.

What comes in is text for people; what goes out is what :mod:`mailweave.mime.headers`,
:mod:`mailweave.mime.address` and :mod:`mailweave.mime.params` read back as the same text.
"""

import binascii
import re
from collections.abc import Iterable, Iterator, Sequence

from mailweave.mime.headers import strip_controls
from mailweave.mime.text import clean

MAX_LINE = 998
"""Characters in a line without its CRLF (RFC 5322 section 2.1.1)."""
WANTED_LINE = 78
MAX_WORD = 75
"""Characters of one encoded word (RFC 2047 section 2)."""
MAX_ID = 900

_ID = re.compile(r"[!-;=?-~]+")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_QUOTABLE = re.compile(r"[ !#-\[\]-~]+")
_ESCAPE = re.compile(r'(["\\])')
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_TOKEN_SAFE = _Q_SAFE - frozenset(b"*/") | frozenset(b"._~")
_LONG = re.compile(rf"\S{{{MAX_LINE - WANTED_LINE},}}")


def line(value: str) -> str:
    """``value`` on one line as it may stand in a header: no controls, single blanks."""
    return " ".join(strip_controls(clean(value)).split())


def field(name: str, words: Sequence[str]) -> bytes:
    """One header field, folded between ``words``, with its line ends."""
    out, room = [f"{name}:"], WANTED_LINE - len(name) - 1
    for number, word in enumerate(words):
        if number and len(word) >= room:
            out.append("\r\n")
            room = WANTED_LINE
        out.extend((" ", word))
        room -= len(word) + 1
    return "".join((*out, "\r\n")).encode("ascii")


def text(value: str) -> list[str]:
    """Words that read as ``value``, one line of text."""
    if value.isascii() and "=?" not in value and not _LONG.search(value):
        return value.split()
    return list(_encoded(value))


def phrase(value: str) -> list[str]:
    """Words that read as ``value`` in front of an address."""
    if not value.isascii() or "=?" in value:
        return list(_encoded(value))
    if _PHRASE.fullmatch(value):
        return value.split()
    return ['"' + _ESCAPE.sub(r"\\\1", value) + '"']


def mailboxes(people: Sequence[tuple[str, str]]) -> list[str]:
    """Words for a list of (name, ASCII addr-spec)."""
    words: list[str] = []
    for number, (name, address) in enumerate(people, 1):
        comma = "," if number < len(people) else ""
        words += phrase(name) if name else []
        words.append((f"<{address}>" if name else address) + comma)
    return words


def message_ids(ids: Iterable[str]) -> list[str]:
    """Words for message ids; those that cannot stand in a header as they are, are left out."""
    return [f"<{one}>" for one in ids if len(one) <= MAX_ID and _ID.fullmatch(one)]


def parameter(name: str, value: str) -> list[str]:
    """Words for one parameter, each with the ";" in front of the next one; the last has none."""
    if _QUOTABLE.fullmatch(value):
        return [f'{name}="{value}"']
    pieces = list(_pieces("utf-8''", (_percent(char) for char in value), 60))
    if len(pieces) == 1:
        return [f"{name}*={pieces[0]}"]
    last = len(pieces) - 1
    return [
        f"{name}*{number}*={piece}" + (";" if number < last else "")
        for number, piece in enumerate(pieces)
    ]


def _encoded(value: str) -> Iterator[str]:
    """``value`` as encoded words, each of whole characters."""
    q = [_q(char) for char in value]
    if sum(map(len, q)) <= len(value.encode()) * 4 // 3:
        for piece in _pieces("", q, MAX_WORD - len("=?utf-8?q??=")):
            yield f"=?utf-8?q?{piece}?="
        return
    room = (MAX_WORD - len("=?utf-8?b??=")) // 4 * 3
    word = b""
    for char in value:
        data = char.encode()
        if len(word) + len(data) > room:
            yield _b(word)
            word = b""
        word += data
    yield _b(word)


def _pieces(start: str, units: Iterable[str], room: int) -> Iterator[str]:
    """Units joined to pieces of at most ``room`` characters; the first begins with ``start``."""
    piece = start
    for unit in units:
        if len(piece) + len(unit) > room:
            yield piece
            piece = ""
        piece += unit
    yield piece


def _q(char: str) -> str:
    if char == " ":
        return "_"
    return "".join(chr(one) if one in _Q_SAFE else f"={one:02X}" for one in char.encode())


def _b(data: bytes) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(data, newline=False).decode('ascii')}?="


def _percent(char: str) -> str:
    return "".join(chr(one) if one in _TOKEN_SAFE else f"%{one:02X}" for one in char.encode())
