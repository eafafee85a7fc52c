"""Small questions to an lxml tree of mail."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from lxml import etree, html

Element: TypeAlias = Any
"""An lxml.html.HtmlElement; lxml ships no types."""

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\xad\u034f"
_TRIM = str.maketrans("", "", _INVISIBLE)


def parse(document: str) -> tuple[Element, int]:
    """The body of a document and how deep it nests. ``document`` has been tidied."""
    parser = html.HTMLParser(encoding="utf-8")
    root = etree.fromstring(document.encode("utf-8", "replace"), parser)
    body = root.find("body")
    return (root if body is None else body), _depth(root)


def new(tag: str, **attributes: str) -> Element:
    return html.Element(tag, attributes)


def size(element: Element) -> int:
    """How many elements there are from ``element`` down."""
    return sum(1 for _ in element.iter())


def serialise(element: Element) -> str:
    return str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))


def text_of(element: Element, limit: int = 2_000) -> str:
    """The words of an element, a blank between its pieces, up to about ``limit`` characters."""
    parts: list[str] = []
    size = 0
    for part in element.itertext():
        parts.append(part)
        size += len(part)
        if size > limit:
            break
    return " ".join(" ".join(parts).split()).replace(" :", ":")


def is_blank(text: str | None) -> bool:
    return not text or not text.translate(_TRIM).strip()


def shows_something(element: Element) -> bool:
    """Whether a reader would see anything of this element: words or an image."""
    if element.tag == "img" or any(not is_blank(part) for part in element.itertext()):
        return True
    return element.find(".//img") is not None


def something_after(element: Element, root: Element) -> bool:
    """Whether anything to see follows ``element`` inside ``root``."""
    node = element
    while node is not root and node is not None:
        if not is_blank(node.tail) or any(map(shows_something, node.itersiblings())):
            return True
        if any(not is_blank(each.tail) for each in node.itersiblings()):
            return True
        node = node.getparent()
    return False


def something_before(element: Element, root: Element) -> bool:
    """Whether anything to see stands in ``root`` in front of ``element``."""
    node = element
    while node is not root and node is not None:
        parent = node.getparent()
        if parent is not None and not is_blank(parent.text):
            return True
        for each in node.itersiblings(preceding=True):
            if not is_blank(each.tail) or shows_something(each):
                return True
        node = parent
    return False


def ancestors(element: Element, root: Element) -> Iterator[Element]:
    """``element`` and what it stands in, innermost first, without ``root``."""
    node = element
    while node is not None and node is not root:
        yield node
        node = node.getparent()


def last_shown(root: Element) -> Element:
    """The innermost element that holds the last thing to see."""
    node = root
    while True:
        for child in node.iterchildren(reversed=True):
            if not is_blank(child.tail):
                return node
            if shows_something(child):
                node = child
                break
        else:
            return node


def _depth(root: Element) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest
