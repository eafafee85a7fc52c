"""The first wall: what is left of a mail's HTML can neither run, load, nor reach out of its place.

Order: rewrite (tokens), balance (libxml2), settle images, fold quotes, inline sheets, sanitise.
The sanitiser comes last; nothing touches the HTML after it. The second wall is the frame.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import css_inline
import nh3

from mailweave.mime import css, folding, tokens, tree
from mailweave.mime.images import ImageRewriter, Images, is_remote
from mailweave.mime.plain import from_text
from mailweave.mime.text import clean
from mailweave.mime.vocabulary import ATTRIBUTES, ATTRIBUTES_OF, TAGS

__all__ = ["SANITISER_VERSION", "Clean", "ImageRewriter", "from_text", "sanitise"]

SANITISER_VERSION = 2
"""Raise it with every change of what comes out: it is part of the key of what is cached."""

MAX_DEPTH = 200
MAX_INLINED = 8 * 1024 * 1024

_NEVER_SHOWN = frozenset(("class", "id", "name", "background", "srcset", "text"))
_HREF = re.compile(r"(?:https?://[^/?#]|mailto:[^/]|tel:[+\d(])", re.IGNORECASE)
_JUNK = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_COLOUR = re.compile(r"#?[a-zA-Z0-9]{1,30}|(?:rgb|rgba|hsl|hsla)\([0-9.,%\s/]{1,40}\)")
_INLINER = css_inline.CSSInliner(
    inline_style_tags=True,
    keep_style_tags=False,
    keep_link_tags=False,
    load_remote_stylesheets=False,
)


@dataclass(frozen=True, slots=True)
class Clean:
    """HTML that is safe to show, and what was done to get it.

    ``blocked_images`` wait for consent; ``trackers`` were taken out for good; ``styled`` mail sets
    colours of its own and belongs on white paper; ``over_cap`` mail was not read (``html`` is ""):
    show its text.
    """

    html: str
    blocked_images: int = 0
    trackers: int = 0
    styled: bool = False
    folded_quotes: int = 0
    over_cap: bool = False


def sanitise(
    html: str, *, images: Literal["blocked"] | ImageRewriter, cids: Mapping[str, str]
) -> Clean:
    """Make a mail's HTML safe to show inside a page.

    ``images`` is "blocked", or a function from an absolute http(s) URL to the address of a proxy.
    ``cids`` maps Content-IDs (no angle brackets) to our addresses for inline images.
    Pure: no network, no files. Never raises for any ``html``.
    """
    try:
        sheet, body, depth = read(html)
    except tokens.OverCap:
        return Clean("", over_cap=True)
    pictures = Images(images, cids)
    pictures.settle(body)
    folded = folding.fold(body)
    whole = inline(body, sheet, depth)
    final = _Filter(pictures)
    safe = final.clean(whole)
    return Clean(safe, pictures.blocked, pictures.trackers, final.styled, folded)


def read(html: str, marks: frozenset[str] = frozenset()) -> tuple[str, tree.Element, int]:
    """(style sheet, body, depth) of foreign HTML, balanced; raises OverCap.

    ``marks`` are attributes of our own that stay besides those HTML mail may use.
    """
    tidy = tokens.tidy(clean(html), marks)
    worn = "".join(f' {name}="{value}"' for name, value in tidy.body.items())
    body, depth = tree.parse(f"<html><head></head><body{worn}>{tidy.html}</body></html>")
    if depth > MAX_DEPTH:
        raise tokens.OverCap
    return tidy.sheet, body, depth


def inline(element: tree.Element, sheet: str, depth: int) -> str:
    """The body with its style sheet moved into style attributes, as a <div>."""
    body = tree.serialise(element)
    rules = css.sheet(sheet, tree.size(element), depth) if sheet else ""
    if rules:
        document = f"<html><head><style>{rules}</style></head>{body}</html>"
        try:
            inlined = _INLINER.inline(document)
        except css_inline.InlineError:
            inlined = ""
        start = inlined.find("<body")
        if start >= 0 and len(inlined) <= MAX_INLINED:
            body = inlined[start:]
    body = body.removesuffix("</html>").removesuffix("</body>")
    return f"<div{body.removeprefix('<body')}</div>"


@dataclass(slots=True)
class _Filter:
    """The sanitiser with its judgement of attribute values."""

    images: Images
    styled: bool = False
    _styles: dict[str, css.Style] = field(default_factory=dict)

    def clean(self, html: str) -> str:
        return nh3.clean(
            html,
            tags=set(TAGS | {"details", "summary"}),
            clean_content_tags={"script", "style", "svg", "math", "template", "title", "object"},
            attributes={**attributes(), "details": {"class"}},
            attribute_filter=self._attribute,
            url_schemes={"http", "https", "mailto", "tel", "data"},  # href and src: _attribute
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
            strip_comments=True,
        )

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        """The value an attribute may have; None to drop it. Called for each attribute."""
        if name == "style":
            return self._style(value)
        if name == "href":
            return link(value)
        if name == "src":
            return self.images.issued.get(value)
        if name == "class":
            return value if tag == "details" and value == folding.MARK else None
        if name in ("color", "bgcolor"):
            return self._colour(value)
        if name == "background":
            self.images.count_background(is_remote(value))
            return None
        if name in _NEVER_SHOWN or len(value) > 2_000:
            return None
        return value

    def _style(self, value: str) -> str | None:
        style = self._styles.get(value)
        if style is None:
            style = self._styles[value] = css.style(value)
        self.images.count_background(style.remote)
        self.styled = self.styled or style.coloured
        return style.text or None

    def _colour(self, value: str) -> str | None:
        value = colour(value) or ""
        self.styled = self.styled or bool(value)
        return value or None


def colour(value: str) -> str | None:
    """The value of an attribute that names a colour; None when it names none."""
    return value.strip() if _COLOUR.fullmatch(value.strip()) else None


def link(value: str) -> str | None:
    """An absolute link for people, without the blanks and controls browsers would ignore."""
    value = _JUNK.sub("", value)
    return value if _HREF.match(value) and len(value) <= 8_000 else None


def attributes() -> dict[str, set[str]]:
    """The attributes that the sanitiser looks at, by tag; "*" for every tag."""
    allowed = {tag: set(names) for tag, names in ATTRIBUTES_OF.items() if tag in TAGS}
    return {**allowed, "*": set(ATTRIBUTES)}
