"""Whether two copies are one message, where their bytes differ.

Two servers rarely hand out the same bytes of the same mail: one gives the parts as they were sent,
the other HTML that it has tidied up. So what is compared is what people see: the letters and digits
of the first screens. Everything else that makes a message this one (Message-ID, sender, date,
subject) is the same already where two meet here: see :func:`mailweave.mail.arrival.identify`.
Where only the first words are kept, these are compared.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from mailweave.mail.arrival import FAMILY, Arrival, decompress
from mailweave.mail.models import Message
from mailweave.mime import text as texts

LETTERS = 1000
_SCANNED = 64 * 1024

Body = tuple[str, bytes | None]
"""The text of a message and its compressed HTML."""


def unify(
    arrivals: Sequence[Arrival],
    known: Iterable[bytes],
    read_bodies: Callable[[Sequence[bytes]], Mapping[bytes, Body]],
) -> list[Arrival]:
    """The arrivals, each with the identity of the message that it is a copy of.

    ``known`` are identities of stored messages of the same families. ``read_bodies`` gives the
    bodies of some of them; it is asked once, and only if something has to be compared.
    """
    families: dict[bytes, list[bytes]] = defaultdict(list)
    for identity in known:
        families[identity[:FAMILY]].append(identity)
    doubtful = [
        identity
        for arrival in arrivals
        if arrival.identity not in (family := families[arrival.identity[:FAMILY]])
        for identity in family
    ]
    bodies = dict(read_bodies(sorted(set(doubtful)))) if doubtful else {}
    return [_unify(arrival, families[arrival.identity[:FAMILY]], bodies) for arrival in arrivals]


def _unify(arrival: Arrival, family: list[bytes], bodies: dict[bytes, Body]) -> Arrival:
    """One arrival; a message that nobody knows yet joins its family, for those that follow."""
    if arrival.identity in family:
        return arrival
    body = (
        arrival.text if arrival.kept == Message.Kept.FULL else arrival.preview,
        arrival.html_zstd,
    )
    if family:
        seen = visible(body)
        for identity in family:
            if identity in bodies and visible(bodies[identity]) == seen:
                return replace(arrival, identity=identity)
    family.append(arrival.identity)
    bodies[arrival.identity] = body
    return arrival


def visible(body: Body) -> str:
    """The letters and digits that people see first: of the HTML, of the text if there is none."""
    text, html = body
    words = texts.from_html(decompress(html, _SCANNED)) if html else ""
    letters = "".join(filter(str.isalnum, words)) or "".join(filter(str.isalnum, text[:_SCANNED]))
    return letters[:LETTERS].casefold()
