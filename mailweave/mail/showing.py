"""A message's body, safe to show. Its HTML is sanitised at first view and the result kept.

What is kept holds no remote image and nothing of the viewer, so that it serves everybody who may
read the message. Each function opens short transactions of its own: call them outside of any.
"""

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass

import zstandard

from mailweave.kit import scope
from mailweave.mail import arrival, reading
from mailweave.mail.models import Body, Part
from mailweave.mail.reading import StoredBody
from mailweave.mail.visibility import Viewer, compose, read
from mailweave.mime import text as texts
from mailweave.mime.html import SANITISER_VERSION, Clean, ImageRewriter, from_text, sanitise

log = logging.getLogger(__name__)

MAX_SHOWN = 32 * 1024 * 1024
InlinePath = Callable[[int], str]
"""The address of an inline image, from the id of its part."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A body as HTML for the frame.

    ``blocked`` remote images wait for consent, ``trackers`` were taken out for good. ``styled``
    mail belongs on white paper. ``formatted`` says whether the message has HTML of its own, and
    ``over_cap`` that this was too much to show, so that its words stand here instead.
    """

    html: str
    blocked: int = 0
    trackers: int = 0
    styled: bool = False
    formatted: bool = False
    over_cap: bool = False


def show(viewer: Viewer, message_id: int, inline: InlinePath) -> Shown:
    """The body without remote images. Raises NotFound unless the viewer may read it in full."""
    return show_all(viewer, [message_id], inline)[message_id]


def show_all(
    viewer: Viewer, message_ids: Collection[int], inline: InlinePath
) -> Mapping[int, Shown]:
    """The bodies of several messages, as by :func:`show`. One query for all that was kept."""
    with scope.workspace(viewer.workspace_id):
        found = _kept(viewer, message_ids)
    for message_id in message_ids:
        if message_id not in found:
            found[message_id] = _show(viewer, message_id, inline)
    return found


def show_with_images(
    viewer: Viewer, message_id: int, inline: InlinePath, rewrite: ImageRewriter
) -> Shown:
    """The body with remote images at the addresses ``rewrite`` gives them. Raises NotFound."""
    with scope.workspace(viewer.workspace_id):
        stored = reading.body(viewer, message_id)
        cids = _cids(message_id, inline)
    if not stored.html:
        return Shown(from_text(stored.text))
    return _make(stored, sanitise(stored.html, images=rewrite, cids=cids))


def show_text(viewer: Viewer, message_id: int) -> Shown:
    """The body as plain text. Raises NotFound unless the viewer may read it in full."""
    with scope.workspace(viewer.workspace_id):
        stored = reading.body(viewer, message_id)
    return Shown(from_text(_words(stored)), formatted=stored.html is not None)


def _make(stored: StoredBody, clean: Clean) -> Shown:
    if clean.over_cap:
        return Shown(from_text(_words(stored)), formatted=True, over_cap=True)
    return Shown(clean.html, clean.blocked_images, clean.trackers, clean.styled, formatted=True)


def _words(stored: StoredBody) -> str:
    return stored.text if stored.text.strip() else texts.from_html(stored.html or "")


def _cids(message_id: int, inline: InlinePath) -> Mapping[str, str]:
    parts = Part.objects.filter(message_id=message_id).exclude(content_id="")
    return {cid: inline(pk) for cid, pk in parts.values_list("content_id", "pk")}


def _kept(viewer: Viewer, message_ids: Collection[int]) -> dict[int, Shown]:
    """What was kept of these messages and is still good; text is quick enough not to be kept."""
    query = compose("mailweave.mail", "showing", "shown")
    found: dict[int, Shown] = {}
    for message_id, packed, version, text in read(query, viewer, messages=list(message_ids)):
        if text is not None:
            found[message_id] = Shown(from_text(text))
            continue
        if packed is None or version != SANITISER_VERSION:
            continue
        try:
            found[message_id] = Shown(**json.loads(arrival.decompress(packed, MAX_SHOWN)))
        except (ValueError, TypeError, zstandard.ZstdError):
            log.warning("a shown body cannot be read and is made again")
    return found


def _show(viewer: Viewer, message_id: int, inline: InlinePath) -> Shown:
    with scope.workspace(viewer.workspace_id):
        stored = reading.body(viewer, message_id)
        cids = _cids(message_id, inline)
    if not stored.html:
        return Shown(from_text(stored.text))
    shown = _make(stored, sanitise(stored.html, images="blocked", cids=cids))
    _keep(viewer, message_id, shown)
    return shown


def _keep(viewer: Viewer, message_id: int, shown: Shown) -> None:
    packed = arrival.compress(json.dumps(asdict(shown)))
    with scope.workspace(viewer.workspace_id):
        Body.objects.filter(message_id=message_id).update(
            shown=packed, shown_version=SANITISER_VERSION
        )
