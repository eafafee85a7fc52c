"""HTML that people wrote in an editor, made fit to be kept and to be sent.

It comes from a browser or out of a foreign mail, so it is as hostile as any: it passes the same
readers as mail that is shown (:mod:`mailweave.mime.html`). What differs is what stays: images keep
their addresses, nothing is folded, and two marks of our own may stand in what is kept as a draft.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import nh3

from mailweave.mime import css, html, tokens, tree
from mailweave.mime.images import INLINE, TICKET, is_remote, is_tracker
from mailweave.mime.outgoing import File, Unwritable
from mailweave.mime.vocabulary import TAGS

SIGNATURE = "data-signature"
"""Marks the block that holds a signature, so that it can be exchanged for another one."""
UNRESOLVED = "data-unresolved"
"""Marks a merge field without a value; what it names is the attribute's value."""
MARKS = frozenset((SIGNATURE, UNRESOLVED))
FONT = "font-family:Arial,Helvetica,sans-serif;font-size:14px"

_MARK = re.compile(r"[\w.-]{0,200}", re.ASCII)
_CID = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]{1,200}")
_DROPPED = frozenset(("class", "id", "name", "background", "srcset", "text"))


@dataclass(frozen=True, slots=True)
class Written:
    """Safe HTML; the Content-IDs it shows; images that stood in it as data, to be sent with it.

    ``unresolved`` names the merge fields that still have no value.
    """

    html: str
    cids: tuple[str, ...] = ()
    images: tuple[File, ...] = ()
    unresolved: tuple[str, ...] = ()


def clean(text: str, *, marks: bool = True, sources: Mapping[str, str] | None = None) -> Written:
    """What may stay of HTML that somebody wrote; raises Unwritable when it is too large to read.

    ``sources`` gives images another address, from what stands in ``src``: on the way to the editor
    from "cid:…" to a path of ours, on the way back the other way round. Without ``marks`` it is
    ready to be sent: nothing of ours is left in it. Style sheets become styles of elements, and
    images that only watch the reader go. Applying it twice changes nothing.
    """
    sheet, body, depth = _read(text, MARKS if marks else frozenset())
    pictures = _Pictures(sources or {})
    pictures.settle(body)
    names = [node.get(UNRESOLVED) for node in body.iter("*") if node.get(UNRESOLVED)]
    safe = _Filter(pictures.issued).clean(html.inline(body, sheet, depth))
    files = tuple(pictures.files.values())
    return Written(_bare(safe), tuple(pictures.cids), files, tuple(dict.fromkeys(names)))


def sign(text: str, signature: str, name: str = "") -> str:
    """``text`` with another signature, called ``name``, in its marked block; "" takes it away.

    A text without such a block gets one at its end. Both are cleaned. Raises Unwritable.
    """
    _, body, _ = _read(text, MARKS)
    block = body.find(f".//*[@{SIGNATURE}]")
    if block is None and signature:
        block = tree.new("div")
        body.append(block)
    if block is not None and not signature:
        block.drop_tree()
    elif block is not None:
        _, inside, _ = _read(signature, frozenset())
        tail = block.tail
        block.clear()
        block.tag, block.text, block.tail = "div", inside.text, tail
        block.set(SIGNATURE, name)
        block.extend(list(inside))
    return clean(_bare(html.inline(body, "", 0))).html


def document(body: str, quote: str = "") -> str:
    """A whole HTML document of what :func:`clean` gave, and of a quote below it."""
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"></head>'
        f'<body><div style="{FONT}">{body}</div>{quote}</body></html>'
    )


def _bare(text: str) -> str:
    """Without the <div> that stands for the body, unless it wears a style."""
    return text.removeprefix("<div>").removesuffix("</div>") if text[:5] == "<div>" else text


def _read(text: str, marks: frozenset[str]) -> tuple[str, tree.Element, int]:
    try:
        return html.read(text, marks)
    except tokens.OverCap:
        raise Unwritable("The text is too large or too tangled to be sent.") from None


@dataclass(slots=True)
class _Pictures:
    """Gives every image a number for its address, and the address it will have (``issued``)."""

    sources: Mapping[str, str]
    issued: dict[str, str] = field(default_factory=dict)
    cids: dict[str, None] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)

    def settle(self, body: tree.Element) -> None:
        for image in list(body.iter("img")):
            image.attrib.pop("srcset", None)
            source = (image.get("src") or "").strip()
            address = "" if is_remote(source) and is_tracker(source, image) else source
            address = self._address(address)
            if not address:
                image.drop_tree()
                continue
            ticket = f"{TICKET}{len(self.issued)}"
            self.issued[ticket] = address
            image.set("src", ticket)

    def _address(self, source: str) -> str:
        source = self.sources.get(source, source)
        if INLINE.fullmatch(source):
            return self._attached(source)
        if source[:4].lower() == "cid:":
            cid = unquote(source[4:]).strip("<>")
            if not _CID.fullmatch(cid):
                return ""
            self.cids[cid] = None
            return f"cid:{cid}"
        if is_remote(source):
            return "https:" + source if source.startswith("//") else source
        return source if source in self.sources.values() else ""

    def _attached(self, source: str) -> str:
        head, _, encoded = source.partition(",")
        content_type = head[5:].partition(";")[0].lower()
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
        cid = f"{hashlib.sha256(data).hexdigest()[:32]}@inline"
        name = f"image.{content_type.partition('/')[2]}"
        self.files[cid] = File(name, content_type, data, cid)
        self.cids[cid] = None
        return f"cid:{cid}"


@dataclass(frozen=True, slots=True)
class _Filter:
    """The sanitiser, with its judgement of attribute values. It comes last."""

    issued: Mapping[str, str]

    def clean(self, text: str) -> str:
        allowed = html.attributes()
        allowed["*"] |= MARKS
        return nh3.clean(
            text,
            tags=set(TAGS),
            clean_content_tags={"script", "style", "svg", "math", "template", "title", "object"},
            attributes=allowed,
            attribute_filter=self._attribute,
            url_schemes={"http", "https", "mailto", "tel", "cid"},
            link_rel=None,
            strip_comments=True,
        )

    def _attribute(self, _tag: str, name: str, value: str) -> str | None:
        """The value an attribute may have; None to drop it. Called for each attribute."""
        if name in MARKS:
            return value if _MARK.fullmatch(value) else None
        if name == "style":
            return css.style(value).text or None
        if name == "href":
            return html.link(value)
        if name == "src":
            return self.issued.get(value)
        if name in ("color", "bgcolor"):
            return html.colour(value)
        return None if name in _DROPPED or len(value) > 2_000 else value
