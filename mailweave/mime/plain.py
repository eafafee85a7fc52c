"""Plain text mail as safe HTML: escaped piece by piece, links made, quotes and signature folded."""

import re
from html import escape

from mailweave.mime import quotes
from mailweave.mime.text import clean

MAX_TEXT = 1024 * 1024
MAX_LINES = 20_000
"""How many lines are searched for the start of a quote."""
SUMMARY = "•••"

# Found in the raw text, so that no pattern ever runs over escaped text.
_LINK = re.compile(r"\b(?:https?://|mailto:)[^\s<>\"\u2028\u2029\x00-\x1f]{1,2000}+", re.IGNORECASE)
_TRAILING = ".,;:!?'\"”’»)]}>*_"  # noqa: RUF001
_OPENED_BY = {")": "(", "]": "[", "}": "{"}


def from_text(text: str) -> str:
    """``text`` as HTML: one <div class="plain">, links absolute and opening apart.

    A quoted end and a signature are folded into <details class="quote">; at most 1 MB is shown.
    Never raises.
    """
    lines = clean(text[:MAX_TEXT]).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    quote = _quote_start(lines)
    signature = _signature_start(lines[:quote])
    pieces = [_lines(lines[:signature])]
    pieces += [_folded(part) for part in (lines[signature:quote], lines[quote:]) if any(part)]
    return f'<div class="plain">{"".join(pieces)}</div>'


def _lines(lines: list[str]) -> str:
    return linkify("\n".join(lines).rstrip("\n"))


def _folded(lines: list[str]) -> str:
    return f'<details class="quote"><summary>{SUMMARY}</summary>{_lines(lines)}</details>'


def linkify(text: str) -> str:
    """``text`` escaped, with http, https and mailto addresses as links."""
    out: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        url = _trim(match[0])
        out.append(escape(text[end : match.start()]))
        safe = escape(url)
        out.append(
            f'<a href="{safe}" target="_blank" rel="noopener noreferrer nofollow">{safe}</a>'
        )
        end = match.start() + len(url)
    out.append(escape(text[end:]))
    return "".join(out)


def _trim(url: str) -> str:
    """A URL without the punctuation of the sentence around it."""
    end = len(url)
    for last in url[:-21:-1]:
        opener = _OPENED_BY.get(last, "")
        if last not in _TRAILING or (
            opener and url.count(opener, 0, end) >= url.count(last, 0, end)
        ):
            break
        end -= 1
    return url[:end]


def _quote_start(lines: list[str]) -> int:
    """The line where a quote starts that runs to the end; the number of lines if none does.

    A mail that is nothing but a quote is not folded.
    """
    start = _trailing_marks(lines)
    if start == len(lines):
        start = next(
            (n for n in range(min(len(lines), MAX_LINES)) if quotes.starts_copy(lines, n)),
            len(lines),
        )
    return start if any(line.strip() for line in lines[:start]) else len(lines)


def _trailing_marks(lines: list[str]) -> int:
    """Where the last run of ">" lines starts, with its introduction, if nothing follows it."""
    index, start = len(lines) - 1, len(lines)
    while index >= 0 and (lines[index].startswith(">") or not lines[index].strip()):
        start = index if lines[index].startswith(">") else start
        index -= 1
    if start == len(lines) or index < 0:
        return start
    return index + 1 - quotes.introduction(lines, index) if _ends(lines[index]) else start


def _ends(line: str) -> bool:
    return line.rstrip().endswith((":", "："))  # noqa: RUF001


def _signature_start(lines: list[str]) -> int:
    for index in range(len(lines) - 1, max(len(lines) - 40, 0), -1):
        if lines[index] in ("-- ", "--"):
            return index
    return len(lines)
