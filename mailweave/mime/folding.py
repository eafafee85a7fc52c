"""Folding the quoted end of an HTML mail behind a summary. Nothing is ever removed."""

import re

from mailweave.mime import quotes
from mailweave.mime.tree import (
    Element,
    ancestors,
    last_shown,
    new,
    something_after,
    something_before,
    text_of,
)

SUMMARY = "•••"
MARK = "quote"

# What mail programs call the element around the message answered.
_CONTAINERS = frozenset(
    (
        *("gmail_quote", "gmail_quote_container", "yahoo_quoted", "protonmail_quote"),
        *("zmail_extra", "tutanota_quote", "OutlookMessageHeader"),
    )
)
# From these on, everything is the message answered.
_STARTS = frozenset(["divRplyFwdMsg", "appendonsend", "OLK_SRC_BODY_SECTION", "stopSpelling"])
_FORWARDED = re.compile(
    r"-{4,}\s*(?:forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado"
    r"|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat)|begin forwarded message",
    re.IGNORECASE,
)
_RULE = re.compile(r"border-top:\s*solid|border-top:[^;]*solid|border:\s*none;\s*border-top")
_WRAPPABLE = frozenset(
    ("div", "blockquote", "p", "span", "font", "center", "section", "table", "hr", "pre")
)
_MAX_STARTS = 20


def fold(body: Element) -> int:
    """Wrap the quoted end of ``body`` in <details>; answers how many quotes were folded (0 or 1).

    Folded is only what stands after something new and has nothing after it, so that an answer
    between or below quoted lines stays in sight. A forwarded message is content and stays open.
    """
    # Whichever begins earlier: an answer from Outlook often copies one from Gmail, quote and all.
    found = [_trailing_quote(body), _copied_message(body)]
    start = next((node for node in body.iter() if any(node is one for one in found)), None)
    if start is None or start.tag not in _WRAPPABLE:
        return 0
    if not something_before(start, body) or _FORWARDED.search(text_of(start, 300)):
        return 0
    _wrap(start)
    return 1


def _trailing_quote(body: Element) -> Element | None:
    """The outermost quote that holds the last thing to see, with its introduction."""
    for node in reversed(list(ancestors(last_shown(body), body))):
        if _is_quote(node) and not something_after(node, body):
            return _with_introduction(node)
    return None


def _is_quote(node: Element) -> bool:
    if _names(node) & _CONTAINERS:
        return True
    if node.tag != "blockquote":
        return False
    return node.get("type") == "cite" or _with_introduction(node) is not node


def _with_introduction(node: Element) -> Element:
    """The "On …, … wrote:" element in front of a quote if there is one, else the quote."""
    for before in node.itersiblings(preceding=True):
        text = text_of(before, 400)
        if before.tag == "br" and not text and not before.tail:
            continue
        if before.tag in _WRAPPABLE and _introduces(text):
            return before
        break
    return node


def _introduces(text: str) -> bool:
    text = text.rstrip()
    ends = text.endswith((":", "："))  # noqa: RUF001
    return ends and len(text) < quotes.MAX_LINE and quotes.introduction([text], 0) > 0


def _copied_message(body: Element) -> Element | None:
    """Where a copy of the message answered starts, Outlook's way, and runs to the end."""
    seen = 0
    for node in body.iter():
        if not _starts_copy(node):
            continue
        seen += 1
        start = _climb(node, body)
        parent = start.getparent()
        if parent is not None and (parent is body or not something_after(parent, body)):
            return start
        if seen >= _MAX_STARTS:
            break
    return None


def _starts_copy(node: Element) -> bool:
    if _names(node) & _STARTS:
        return True
    if node.tag in ("div", "p") and _RULE.search(node.get("style") or ""):
        text = text_of(node, 400)
        return quotes.is_header_block(text)
    own = (node.text or "").strip()
    return own.startswith("--") and quotes.is_original([own], 0)


def _climb(node: Element, body: Element) -> Element:
    """As far out as ``node`` is still the first thing to see in its parent."""
    while True:
        parent = node.getparent()
        if parent is None or parent is body or parent.tag not in _WRAPPABLE:
            return node
        if something_before(node, parent):
            return node
        node = parent


def _names(node: Element) -> set[str]:
    return {*(node.get("class") or "").split(), node.get("id") or ""}


def _wrap(start: Element) -> None:
    """Put ``start`` and all its following siblings into one folded element."""
    parent = start.getparent()
    if parent is None:
        return
    details = new("details", **{"class": MARK})
    summary = new("summary")
    summary.text = SUMMARY
    followers = [start, *start.itersiblings()]
    parent.insert(parent.index(start), details)
    details.append(summary)
    details.extend(followers)
