"""Many calls in one HTTP request, on bytes.

https://developers.google.com/workspace/gmail/api/guides/batch: each part is a whole HTTP request
or answer; a Content-ID tells which answer belongs to which call.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LIMIT = 50
"""Parts per request; Google takes 100 and advises against more than 50."""

BOUNDARY = "mailweave_calls"
CONTENT_TYPE = f"multipart/mixed; boundary={BOUNDARY}"

_BLANK = re.compile(rb"\r?\n\r?\n")
_NUMBER = re.compile(rb"(?i)\nContent-ID:[ \t]*<[^>\r\n]*\+[ \t]*(\d{1,6})>")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")
_RETRY_AFTER = re.compile(rb"(?i)\nRetry-After:[ \t]*([^\r\n]*)")
_BOUNDARY = re.compile(r'(?i)boundary="?([^";,\s]+)"?')


class Malformed(ValueError):
    """Not an answer to a batch."""


@dataclass(frozen=True, slots=True)
class Part:
    """One inner answer; ``number`` is the place of its call."""

    number: int
    status: int
    retry_after: str
    body: bytes


def compose(calls: Sequence[tuple[str, str, bytes | None]]) -> bytes:
    """The body for calls (method, path, JSON if there is any), numbered from 0."""
    parts = [
        f"--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <call+{number}>\r\n\r\n"
        f"{method} {path} HTTP/1.1\r\n{_content(body)}\r\n"
        for number, (method, path, body) in enumerate(calls)
    ]
    return f"{''.join(parts)}--{BOUNDARY}--\r\n".encode("ascii")


def _content(body: bytes | None) -> str:
    """The rest of an inner call: its headers, the blank line, its body."""
    if body is None:
        return "\r\n"
    text = body.decode("ascii")
    return f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{text}"


def parse(content_type: str, body: bytes) -> Iterator[Part]:
    """The inner answers in whatever order they come. Raises Malformed if there are none.

    A boundary only counts at the start of a line, which JSON text cannot forge: inside a string a
    line break is always escaped.
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/") or not found:
        raise Malformed("not multipart")
    delimiter = b"--" + found[1].encode("ascii", "replace")
    if not body.startswith(delimiter):
        delimiter = b"\n" + delimiter
    start = body.find(delimiter)
    if start < 0:
        raise Malformed("no parts")
    delimiter = b"\n" + delimiter.lstrip(b"\n")
    while start >= 0:
        end = body.find(delimiter, start + 1)
        part = _part(body, start, end if end >= 0 else len(body))
        if part is not None:
            yield part
        start = end


def _part(body: bytes, start: int, end: int) -> Part | None:
    """One part, or None for the closing mark and for what cannot be matched to a call."""
    outer = _BLANK.search(body, start, end)
    number = outer and _NUMBER.search(body, start, outer.start())
    if not outer or not number:
        return None
    inner = _BLANK.search(body, outer.end(), end)
    status = _STATUS.match(body, outer.end(), end)
    if not inner or not status:
        return None
    retry_after = _RETRY_AFTER.search(body, outer.end(), inner.start())
    told = retry_after[1].decode("latin-1").strip() if retry_after else ""
    return Part(int(number[1]), int(status[1]), told, body[inner.end() : end])
