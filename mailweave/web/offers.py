"""Records that mail may be linked to, with the facts that tell one from another."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailweave.linking import registry, suggestions
from mailweave.linking.registry import Card
from mailweave.mail.rows import Correspondent
from mailweave.mail.visibility import Viewer
from mailweave.people.access import Member

FOUND = 6
"""How many records of each kind a search offers."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A record, ready to be chosen. ``address`` is the one that was searched for, where the card
    does not say it; ``why`` is why it is suggested; ``last_at`` when there was mail about it."""

    card: Card
    label: str
    why: str
    address: str
    last_at: datetime | None
    linked: bool

    @property
    def value(self) -> str:
        """The record, as forms name it."""
        return f"{self.card.kind}:{self.card.record_id}"


def search(
    viewer: Viewer, member: Member, text: str, linked: Collection[tuple[str, int]] = ()
) -> list[Offer]:
    """What somebody may mean by ``text``, over all kinds."""
    cards = registry.search(text, member, FOUND)
    known = suggestions.known_by(cards, text)
    return _offers(viewer, [(card, "") for card in cards], linked, known)


def suggest(
    viewer: Viewer,
    member: Member,
    address: str,
    name: str,
    thread_ids: Collection[int],
    linked: Collection[tuple[str, int]] = (),
) -> list[Offer]:
    """The records that mail with this person may be about."""
    found = suggestions.suggest(viewer, member, address, name, thread_ids)
    return _offers(viewer, [(one.card, one.why) for one in found], linked, {})


def of_person(
    viewer: Viewer,
    member: Member,
    person: Correspondent,
    thread_ids: Collection[int],
    linked: Collection[tuple[str, int]],
) -> list[Offer]:
    """The records that other mail with a person is linked to, then those it may be about."""
    found = suggestions.recent(viewer, member, person.address)
    found += suggestions.suggest(viewer, member, person.address, person.name, thread_ids)
    cards: dict[tuple[str, int], tuple[Card, str]] = {}
    for one in found:
        cards.setdefault((one.card.kind, one.card.record_id), (one.card, one.why))
    return _offers(viewer, list(cards.values()), linked, {})


def parse(text: str) -> tuple[str, int] | None:
    """The record of :attr:`Offer.value`; None for any other text."""
    kind, _, number = text.rpartition(":")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    return (kind, int(number)) if kind and is_number else None


def _offers(
    viewer: Viewer,
    found: Sequence[tuple[Card, str]],
    linked: Collection[tuple[str, int]],
    known: Mapping[tuple[str, int], str],
) -> list[Offer]:
    last = suggestions.contacted(viewer, [card for card, _ in found])
    return [
        Offer(
            card=card,
            label=registry.get(card.kind).label,
            why=why,
            address=address if (address := known.get(key, "")) not in card.subtitle else "",
            last_at=last.get(key),
            linked=key in linked,
        )
        for card, why in found
        for key in [(card.kind, card.record_id)]
    ]
