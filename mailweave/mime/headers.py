"""Header values as strangers write them: decoded, stripped of controls, and read with care.

Nothing here raises, and every function is linear in the length of its input.
"""

import binascii
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

from mailweave.mime import charsets

MAX_HEADERS = 1_000
MAX_HEADER = 64 * 1024
MAX_MESSAGE_ID = 998
MAX_REFERENCES = 100

# RFC 2047. Two words never share a span free of "?", so the search is linear.
_WORD = re.compile(r"=\?([\w.:*+'-]{1,60})\?([bBqQ])\?([^?]*+)\?=", re.ASCII)
_Q = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+ ?")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_ESCAPED = re.compile(r"[\udc80-\udcff]")
_ID = re.compile(r"<([^<>]{1,4000})>")


class Headers:
    """Header pairs in their order, found by name whatever the case.

    At most the first 1,000 are looked at, each cut at 64 KB.
    """

    __slots__ = ("_by_name",)

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        by_name: dict[str, list[str]] = {}
        for name, value in pairs[:MAX_HEADERS]:
            by_name.setdefault(name.lower(), []).append(value[:MAX_HEADER])
        self._by_name = by_name

    def first(self, name: str) -> str:
        """The first value under ``name``, raw; "" when there is none."""
        values = self._by_name.get(name.lower())
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value under ``name``, raw and in order."""
        return tuple(self._by_name.get(name.lower(), ()))

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name


def decode(value: str) -> str:
    """A header value for people: encoded words decoded, then made safe to show and to re-emit.

    Line breaks and tabs become blanks; other C0 and C1 controls, bidirectional overrides and lone
    surrogates go. This happens after decoding, so that an encoded CR LF cannot inject a header.
    """
    if value.isascii() and value.isprintable() and "=?" not in value:
        return value
    value = _recover(value)
    if "=?" in value:
        value = _decode_words(value)
    return strip_controls(value)


def strip_controls(value: str) -> str:
    """``value`` on one line, without characters that break headers or reorder text."""
    if not _UNSAFE.search(value):
        return value
    return _UNSAFE.sub("", _BREAKS.sub(" ", value))


def message_id(headers: Headers) -> str:
    """The Message-ID without its angle brackets; "" when missing, unbracketed or over 998 chars."""
    ids = _ids(headers.first("Message-ID"))
    return ids[0] if ids else ""


def references(headers: Headers) -> tuple[str, ...]:
    """The ids of earlier messages, oldest first and the one answered last; at most 100."""
    found: dict[str, None] = {}
    for name in ("References", "In-Reply-To"):
        for value in headers.all(name)[:3]:
            found.update(dict.fromkeys(_ids(value)))
    return tuple(found)[-MAX_REFERENCES:]


def date(headers: Headers) -> datetime | None:
    """The Date header in UTC; None when it is garbage or not between 1970 and 2200.

    A year of three digits counts from 1900 (RFC 5322 section 4.3); an offset of a day or more
    counts as unknown, and so as UTC.
    """
    try:
        parsed = parsedate_tz(headers.first("Date")[:200])
        if parsed is None:
            return None
        year, month, day, hour, minute, second = parsed[:6]
        offset = parsed[9] or 0
        moment = datetime(
            year + 1900 if 100 <= year < 1000 else year,
            *(month, day, hour, minute, min(second, 59)),
            tzinfo=UTC,
        )
        if abs(offset) < 24 * 3600:
            moment -= timedelta(seconds=offset)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if 1970 <= moment.year < 2200 else None


def is_bulk(headers: Headers) -> bool:
    """Sent to many: a mailing list, a newsletter, a campaign (RFC 2919, RFC 2369)."""
    if any(name in headers for name in ("List-Id", "List-Unsubscribe", "List-Post")):
        return True
    return _token(headers.first("Precedence")) in ("bulk", "list", "junk")


def is_automatic(headers: Headers) -> bool:
    """Nobody wrote this to us by hand: a notice, an automatic answer, a bounce, bulk mail.

    Such mail must not be answered automatically (RFC 3834 section 2). X-Auto-Response-Suppress is
    no sign of it: it only asks others not to answer.
    """
    if _token(headers.first("Auto-Submitted")) not in ("", "no"):
        return True
    if any(name in headers for name in ("X-Autoreply", "X-Autorespond", "X-Failed-Recipients")):
        return True
    if headers.first("Return-Path").strip() == "<>" or _is_report(headers.first("Content-Type")):
        return True
    return _token(headers.first("Precedence")) == "auto_reply" or is_bulk(headers)


def _is_report(content_type: str) -> bool:
    return _token(content_type) == "multipart/report"


def _token(value: str) -> str:
    return value[:200].partition(";")[0].partition("(")[0].strip().lower()


def _ids(value: str) -> list[str]:
    found = ("".join(strip_controls(match).split()) for match in _ID.findall(value))
    return [each for each in found if 0 < len(each) <= MAX_MESSAGE_ID]


def _recover(value: str) -> str:
    """Undo what a parser did to raw 8-bit bytes (surrogateescape); other surrogates stay."""
    if value.isascii() or not _ESCAPED.search(value):
        return value
    try:
        return charsets.decode(value.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return value


def _decode_words(value: str) -> str:
    """Decode encoded words; neighbours in one charset are joined as bytes first."""
    out: list[str] = []
    charset, pending, end = "", bytearray(), 0
    for match in _WORD.finditer(value):
        gap = value[end : match.start()]
        adjacent = bool(pending) and not gap.strip()
        if pending and not (adjacent and charset == match[1].lower()):
            out.append(charsets.decode(bytes(pending), charset))
            pending.clear()
        if not adjacent:
            out.append(gap)
        charset = match[1].lower()
        pending += _b(match[3]) if match[2] in "bB" else _q(match[3])
        end = match.end()
    out.extend((charsets.decode(bytes(pending), charset), value[end:]))
    return "".join(out)


def _b(text: str) -> bytes:
    text = _NOT_BASE64.sub("", text)
    text = text[: len(text) - (len(text) % 4 == 1)]
    return binascii.a2b_base64(text + "=" * (-len(text) % 4))


def _q(text: str) -> bytes:
    raw = text.replace("_", " ").encode("utf-8", "replace")
    return _Q.sub(lambda match: bytes((int(match[1], 16),)), raw)
