"""Images in HTML mail: which are shown, which wait for consent, which only watch the reader."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

from mailweave.mime.tree import Element

INLINE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}", re.IGNORECASE)
ImageRewriter = Callable[[str], str]
"""Gives the address under which a remote image may be shown: ours, a proxy's."""

TICKET = "https://image.invalid/"
PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""A transparent pixel, so that a blocked image keeps its place."""

_REMOTE = re.compile(r"(?:https?:)?//[^\s/?#]", re.IGNORECASE)
_JUNK = re.compile(r"[\x00-\x20\x7f]+")
_TINY = re.compile(r"\s*[012](?:\.\d+)?\s*(?:px|pt)?\s*", re.IGNORECASE)
_STYLE_TINY = re.compile(r"(?:^|[;\s])(width|height)\s*:\s*[012](?:\.\d+)?(?:px|pt)?\s*(?:;|$|!)")
_WATCHER_HOSTS = (
    "mailtrack.io", "track.hubspot.com", "t.hubspotemail.net", "sidekickopen.com",
    "t.sidekickopen90.com", "mailfoogae.appspot.com", "t.yesware.com", "bl-1.com",
    "email.mixmax.com", "track.mixmax.com", "r.superhuman.com", "track.customer.io",
    "pixel.watch", "getnotify.com", "google-analytics.com", "awstrack.me", "open.convertkit.com",
    "trk.klclick.com", "ad.doubleclick.net", "mailstat.us", "list-manage.com",
)  # fmt: skip
_WATCHER_PATHS = re.compile(
    r"/(?:wf/open|track/open|trk/open|e/o|opens?|o\.gif|open\.(?:gif|php|aspx)|pixel\.gif|beacon)"
    r"(?:[/?.]|$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Images:
    """Decides about the images of one mail and counts.

    Until the sanitiser has run, an image has a number for its address (``TICKET``); ``issued``
    holds the real ones. So no address but one given out here comes through.
    """

    rewrite: ImageRewriter | Literal["blocked"]
    cids: Mapping[str, str]
    blocked: int = 0
    trackers: int = 0
    issued: dict[str, str] = field(default_factory=dict)

    def settle(self, body: Element) -> None:
        """Give every image an address that may be loaded; take trackers out."""
        for image in list(body.iter("img")):
            first_of_set = (image.attrib.pop("srcset", "").split() or [""])[0]
            source = _JUNK.sub("", image.get("src") or first_of_set)
            if _REMOTE.match(source) and is_tracker(source, image):
                self.trackers += 1
                image.drop_tree()
                continue
            shown = self._address(source)
            if shown is None:
                image.attrib.pop("src", None)
            else:
                ticket = f"{TICKET}{len(self.issued)}"
                self.issued[ticket] = shown
                image.set("src", ticket)

    def count_background(self, count: int) -> None:
        """Remote images named elsewhere. They are never shown, so they only wait while blocked."""
        if self.rewrite == "blocked":
            self.blocked += count

    def _address(self, source: str) -> str | None:
        if source[:4].lower() == "cid:":
            return self.cids.get(unquote(source[4:]).strip("<>"))
        if INLINE.fullmatch(source):
            return source
        if not _REMOTE.match(source):
            return None
        if self.rewrite == "blocked":
            self.blocked += 1
            return PLACEHOLDER
        return self.rewrite("https:" + source if source.startswith("//") else source)


def is_remote(value: str) -> bool:
    """Whether an attribute names something on another host."""
    return _REMOTE.match(_JUNK.sub("", value)) is not None


def is_tracker(source: str, image: Element) -> bool:
    """Whether a remote image is there to tell that the mail was opened."""
    width, height = image.get("width") or "", image.get("height") or ""
    if _TINY.fullmatch(width) and _TINY.fullmatch(height):
        return True
    if len(set(_STYLE_TINY.findall((image.get("style") or "").lower()))) == 2:
        return True
    try:
        parts = urlsplit("https:" + source if source.startswith("//") else source)
        host = parts.hostname or ""
    except ValueError:
        return False
    if any(host == known or host.endswith("." + known) for known in _WATCHER_HOSTS):
        return "list-manage.com" not in host or "/track/" in parts.path
    return _WATCHER_PATHS.search(parts.path) is not None
