"""Records that mail may be about: suggested to people with a reason, never linked by themselves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailweave.kit import sql
from mailweave.linking import registry
from mailweave.linking.registry import Card
from mailweave.mail.visibility import Viewer, compose, read
from mailweave.people.access import Member

HERE = "mailweave.linking"
QUERIES = sql.load(HERE, "suggestions")
MOST = 6
"""Suggestions at a time."""
SOURCES = 10
"""Records looked at for when there was mail with one."""
EVERYBODYS = frozenset(
    {"admin", "billing", "contact", "hello", "help", "info", "mail", "mailer", "news"}
    | {"newsletter", "no-reply", "noreply", "notifications", "office", "sales", "support", "team"}
)
"""What stands before the "@" of people who have nothing to do with each other."""

Record = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A record that may be meant, and why: words to stand after its name."""

    card: Card
    why: str


def suggest(
    viewer: Viewer, member: Member, address: str, name: str, thread_ids: Collection[int]
) -> list[Suggestion]:
    """Records that mail with this person may be about, the likeliest first.

    By an address that resembles theirs, by their name, by who else is in these threads, and by
    the company whose domain it is.
    """
    found: dict[Record, str] = {}
    for record, other in _alike(address):
        found.setdefault(record, f"has the address {other}")
    for card in registry.search(name, member, MOST) if name else ():
        if card.title.casefold() == name.casefold():
            found.setdefault((card.kind, card.record_id), "has the same name")
    for record in _beside(viewer, thread_ids):
        found.setdefault(record, "is in the same conversation")
    domain = address.rpartition("@")[2]
    for card in registry.at_domain(domain, member, MOST) if domain else ():
        found.setdefault((card.kind, card.record_id), f"has the domain {domain}")
    cards = registry.cards(found, member)
    return [Suggestion(cards[key], why) for key, why in found.items() if key in cards][:MOST]


def recent(viewer: Viewer, member: Member, address: str) -> list[Suggestion]:
    """Records that mail with this address was linked to, the last ones first."""
    query = compose(HERE, "suggestions", "recent")
    rows = read(query, viewer, address=address.replace("\0", ""), limit=MOST)
    cards = registry.cards([(kind, pk) for kind, pk, _ in rows], member)
    found = [cards[kind, pk] for kind, pk, _ in rows if (kind, pk) in cards]
    return [Suggestion(card, "has other mail with them") for card in found]


def contacted(viewer: Viewer, cards: Sequence[Card]) -> Mapping[Record, datetime]:
    """When there was mail about these records last, as far as the viewer sees."""
    asked = [
        (place, *source)
        for place, card in enumerate(cards)
        for source in registry.get(card.kind).sources(card.record_id)[:SOURCES]
    ]
    rows = read(
        compose(HERE, "suggestions", "contacted"),
        viewer,
        places=[place for place, _, _ in asked],
        kinds=[kind for _, kind, _ in asked],
        records=[pk for _, _, pk in asked],
    )
    return {(cards[place].kind, cards[place].record_id): at for place, at in rows}


def known_by(cards: Sequence[Card], text: str) -> Mapping[Record, str]:
    """Those addresses of the records that somebody who typed ``text`` may have meant."""
    rows = sql.run(
        QUERIES["known_by"],
        kinds=[card.kind for card in cards],
        records=[card.record_id for card in cards],
        text=text.lower().replace("\0", ""),
    )
    return {(kind, pk): address for kind, pk, address in rows}


def reached_at(records: Collection[Record]) -> Mapping[Record, list[str]]:
    """The addresses of records, foremost first. Whether they may be seen has been asked before."""
    rows = sql.run(
        QUERIES["reached_at"],
        kinds=[kind for kind, _ in records],
        records=[pk for _, pk in records],
    )
    found: dict[Record, list[str]] = {}
    for kind, pk, address in rows:
        found.setdefault((kind, pk), []).append(address)
    return found


def _alike(address: str) -> list[tuple[Record, str]]:
    local, _, domain = address.rpartition("@")
    plain = local.partition("+")[0] or local
    rows = sql.run(
        QUERIES["alike"],
        address=address,
        base=f"{plain}@{domain}",
        local=plain,
        elsewhere=plain not in EVERYBODYS,
        limit=MOST,
    )
    return [((kind, pk), other) for kind, pk, other in rows]


def _beside(viewer: Viewer, thread_ids: Collection[int]) -> list[Record]:
    query = compose(HERE, "suggestions", "beside")
    return [(kind, pk) for kind, pk, _ in read(query, viewer, threads=list(thread_ids), limit=MOST)]
