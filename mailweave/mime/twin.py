"""The plain text that goes with HTML we send: the same words, readable without their looks."""

import re

from mailweave.mime import tree

MAX_NESTED = 12

_LINE, _APART, _KEPT = "\x01", "\x02", "\x03"
"""Here a line ends, here an empty line follows, and a blank that stays: until lines are made."""
_LINE_BLOCKS = frozenset(
    (
        *("address", "article", "center", "dd", "div", "dt", "figcaption", "figure", "footer"),
        *("header", "li", "main", "section", "table", "tr", "caption", "tbody", "thead", "tfoot"),
    )
)
_APART_BLOCKS = frozenset(
    ("p", "blockquote", "ul", "ol", "dl", "pre", "h1", "h2", "h3", "h4", "h5", "h6")
)
_TOKEN = re.compile(rf"[\n{_LINE}{_APART}]|[^\n{_LINE}{_APART}]+")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SCHEME = re.compile(r"^(?:https?://|mailto:|tel:)", re.IGNORECASE)
_RULE = "-" * 20


def of(html: str) -> str:
    """``html``, as :func:`mailweave.mime.writing.clean` made it, as text.

    Links are followed by where they lead, points of lists by "- " or their number, quotes stand
    behind "> ", images are named. Lines are not wrapped.
    """
    body, _ = tree.parse(f"<html><body>{html}</body></html>")
    return "\n".join(_lines(_inside(body, pre=False)))


def _lines(tokens: str) -> list[str]:
    """Finished lines; none of them empty at either end."""
    lines: list[str] = []
    line, apart = "", False
    for piece in [*_TOKEN.findall(tokens), _LINE]:
        if piece not in ("\n", _LINE, _APART):
            line += piece if line else piece.lstrip(" ")
            continue
        text = line.rstrip(" ")
        if text or piece == "\n":
            if apart and lines and lines[-1]:
                lines.append("")
            lines.append("-- " if text == "--" else text)  # the mark above a signature
            line, apart = "", False
        apart = apart or piece == _APART
    text = "\n".join(lines).strip("\n")
    return text.replace(_KEPT, " ").replace("\xa0", " ").split("\n")


def _inside(node: tree.Element, *, pre: bool) -> str:
    """What stands between a node's tags."""
    parts = [_words(node.text, pre=pre)]
    for child in node:
        if isinstance(child.tag, str):
            parts.append(_element(child, pre=pre))
        parts.append(_words(child.tail, pre=pre))
    return "".join(parts)


def _words(text: str | None, *, pre: bool) -> str:
    if not text:
        return ""
    return text.replace(" ", _KEPT) if pre else _BLANKS.sub(" ", text)


def _element(node: tree.Element, *, pre: bool) -> str:
    tag = node.tag
    if tag == "br":
        return "\n"
    if tag == "hr":
        return f"{_APART}{_RULE}{_APART}"
    if tag == "img":
        return f"[{alt}]" if (alt := _BLANKS.sub(" ", node.get("alt") or "").strip()) else ""
    inside = _list(node) if tag in ("ul", "ol") else _inside(node, pre=pre or tag == "pre")
    if tag == "a":
        return _link(inside, node.get("href") or "")
    if tag == "blockquote" and _is_shallow(node):
        inside = _prefixed(inside, f">{_KEPT}", f">{_KEPT}")
    if tag in ("td", "th"):
        return f"{inside} "
    if tag in _APART_BLOCKS and not _is_nested_list(node):
        return f"{_APART}{inside}{_APART}"
    return f"{_LINE}{inside}{_LINE}" if tag in _LINE_BLOCKS or tag in _APART_BLOCKS else inside


def _is_nested_list(node: tree.Element) -> bool:
    return node.tag in ("ul", "ol") and any(one.tag == "li" for one in node.iterancestors())


def _is_shallow(node: tree.Element) -> bool:
    """Whether a quote or list is nested no deeper than anybody reads: each level costs a pass."""
    return sum(one.tag in ("blockquote", "li") for one in node.iterancestors()) < MAX_NESTED


def _list(node: tree.Element) -> str:
    start = node.get("start") or "1"
    number = int(start) if start.isdecimal() and start.isascii() and len(start) < 7 else 1
    points = []
    for child in node:
        if child.tag != "li":
            points.append(_element(child, pre=False) if isinstance(child.tag, str) else "")
            continue
        mark = f"-{_KEPT}" if node.tag == "ul" else f"{number}.{_KEPT}"
        number += 1
        point = _inside(child, pre=False)
        if _is_shallow(node):
            point = _prefixed(point, mark, _KEPT * len(mark))
        points.append(point)
    return "".join(f"{_LINE}{point}{_LINE}" for point in points)


def _prefixed(tokens: str, first: str, others: str) -> str:
    lines = [line.replace(" ", _KEPT) for line in _lines(tokens)]
    return "\n".join(
        ((others if number else first) + line).rstrip(_KEPT) for number, line in enumerate(lines)
    )


def _link(words: str, href: str) -> str:
    """The words of a link, and its address unless they already say it."""
    shown = words.strip(f" \n{_LINE}{_APART}").rstrip("/")
    bare = _SCHEME.sub("", href).rstrip("/")
    if not href or not shown or shown in (href.rstrip("/"), bare):
        return words
    return f"{words} <{bare if href[:4].lower() in ('mail', 'tel:') else href}>"
