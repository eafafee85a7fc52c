# ruff: noqa: RUF001 - letters of many alphabets on purpose
"""Plain text out of mail: for the list, for the index, for the database. All of it linear."""

import re
from html import unescape

from mailweave.mime import quotes

MAX_HTML = 1024 * 1024
MAX_LINES = 20_000
PREVIEW_SCAN = 8_000

_COLONS = (":", ":\r", ": ", "：", "：\r")

# Each pattern either meets the end of its element or runs to the end of the text, and no attribute
# value reaches over a "<": nothing is scanned twice.
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_UNSEEN = re.compile(
    r"<(script|style|title|template|noscript|svg|math|textarea|select|object|xmp)\b"
    r".*?(?:</\1\s*>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTES = r"(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*+>?"
_TAG = re.compile(rf"<(?:/?([a-zA-Z][a-zA-Z0-9]*)\b|[a-zA-Z/!?]){_ATTRIBUTES}")
_ROOM = {
    **dict.fromkeys(("td", "th"), " "),
    **dict.fromkeys(
        (
            *("p", "div", "br", "hr", "tr", "table", "ul", "ol", "li", "dl", "dt", "dd", "pre"),
            *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article", "header"),
            *("footer", "center", "address", "figure", "body"),
        ),
        "",
    ),
}
"""What a tag leaves behind: a blank, or, where it is empty here, the end of a line."""
_PRE = re.compile(r"(<pre\b.*?(?:</pre\s*>|\Z))", re.DOTALL | re.IGNORECASE)
_SPACE = re.compile(r"[\t\r\n\f][ \t\r\n\f]*+| [ \t\r\n\f]++")  # a lone blank stays as it is
_BREAK = "\x1e"
_LONG_NUMBER = re.compile(r"&#(?:[xX][0-9a-fA-F]{7,}+|[0-9]{8,}+);?")
_BLANK_LINES = re.compile(r"\n{3,}")

# Letters that take no room: what newsletters pad their preview with.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb"
    "\ud800-\udfff]+"
)
_JOINERS = re.compile(r"(?:^|(?<=\s))[\u200c\u200d]+|[\u200c\u200d]+(?=\s|$)")


def clean(text: str) -> str:
    """``text`` as PostgreSQL takes it: no NUL, no lone surrogate (which becomes U+FFFD)."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def from_html(html: str) -> str:
    """The words of an HTML body, blocks on lines of their own; at most 1 MB is read.

    The result is text, not safe HTML: escape it wherever it is shown.
    """
    html = html[:MAX_HTML]
    if "<!--" in html:
        html = _COMMENT.sub("", html)
    html = _UNSEEN.sub(" ", html)
    if "<pre" in html or "<PRE" in html:
        parts = _PRE.split(html)
        parts[::2] = [_SPACE.sub(" ", part) for part in parts[::2]]
        lines = [line.strip() for line in _words("".join(parts), "\n").split("\n")]
    else:
        words = _words(html.replace(_BREAK, " "), _BREAK)
        lines = [" ".join(line.split()) for line in words.split(_BREAK)]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _words(html: str, line_break: str) -> str:
    """HTML without its tags, in one pass: a tag that ends a line leaves ``line_break``."""
    pieces = _TAG.split(html)
    pieces[1::2] = [
        "" if (room := _ROOM.get(name.lower())) is None else room or line_break
        for name in [name or "" for name in pieces[1::2]]
    ]
    words = "".join(pieces)
    return unescape(_LONG_NUMBER.sub("\ufffd", words)) if "&" in words else words


def preview(text: str, limit: int = 200) -> str:
    """The first real words, on one line, at most ``limit`` characters.

    Quoted lines and what introduces them are passed over, and so is the invisible padding of
    newsletters. A message that only quotes shows its quote.
    """
    for scan in (limit * 3, PREVIEW_SCAN):
        words = _visible(_unquoted(text[:scan], stop=False), limit)
        if words or len(text) <= scan:
            break
    return words or _visible(text, limit)


def strip_quotes(text: str) -> str:
    """What the writer of a message wrote: for the search index, not for display.

    Lines with ">" go, and all after "-- ", after Outlook's copy of the original, and after
    "On …, … wrote:" unless quoted lines with answers between them follow. A message that is
    nothing but a copy (a forward without comment) is kept whole.
    """
    return _unquoted(text, stop=True).strip() or text.strip()


def _visible(text: str, limit: int) -> str:
    words = " ".join(text[: limit * 4].split())
    if not words.isascii():
        words = _INVISIBLE.sub("", words)
        if "\u200c" in words or "\u200d" in words:
            words = _JOINERS.sub("", words)
        words = " ".join(words.split())
    elif not words.isprintable():
        words = " ".join(_INVISIBLE.sub("", words).split())
    return words[:limit].rstrip()


def _unquoted(text: str, *, stop: bool) -> str:
    """``text`` without quotes; with ``stop`` also without signature."""
    lines = text.split("\n", MAX_LINES)
    kept: list[str] = []
    for index, line in enumerate(lines):
        first = line[:1]
        if first == ">":
            continue
        if first == "-" or first == "_" or first in quotes.FROM_STARTS:
            if stop and line.rstrip("\r") in ("-- ", "--"):
                break
            if first and quotes.is_original(lines, index):
                break
        if line.endswith(_COLONS):
            count = quotes.introduction(lines, index)
            if count:
                del kept[len(kept) - count + 1 :]
                if not _quote_follows(lines, index):
                    break
                continue
        kept.append(line)
    return "\n".join(kept)


def _quote_follows(lines: list[str], index: int) -> bool:
    for line in lines[index + 1 : index + 4]:
        if line.strip():
            return line.startswith(">")
    return False
