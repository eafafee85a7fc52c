"""Which messages answer each other: union by provider thread and by References (RFC 8621 3).

A provider's own thread holds together within its mailbox. Message-IDs in References are their
writer's claim, not a proof: they join only if the writer takes part in what is answered. Mail
comes newest first as well as oldest first, so the rule asks who answers whom, never which of the
two was here before.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from mailweave.mail.arrival import Arrival
from mailweave.mail.models import Message

Node = tuple[str, object]


@dataclass(frozen=True, slots=True)
class Party:
    """Who is in a message or a thread: ``writers`` among its ``people``, and whether we wrote."""

    people: AbstractSet[str] = frozenset()
    writers: AbstractSet[str] = frozenset()
    ours: bool = False
    owns: AbstractSet[int] = frozenset()
    """Keys that are Message-IDs of its own; others it only refers to."""

    def continues(self, other: "Party") -> bool:
        """Whether somebody who writes here takes part there. Our own answers always count.

        That somebody wrote to us proves nothing: everybody who forges a reply does that too.
        """
        return self.ours or not self.writers.isdisjoint(other.people)


NOBODY = Party()


@dataclass(slots=True)
class Known:
    """What the archive already has that a page of arrivals touches."""

    messages: Mapping[bytes, int] = field(default_factory=dict)
    """identity -> thread id of a message that is stored already."""
    remote_threads: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[int, Sequence[int]] = field(default_factory=dict)
    parties: Mapping[int, Party] = field(default_factory=dict)
    """thread id -> which of the page's addresses take part in it."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """``places[i]`` is the group of arrival i; ``existing[g]`` the threads that group g joins."""

    places: tuple[int, ...]
    existing: tuple[tuple[int, ...], ...]


class _Union:
    def __init__(self) -> None:
        self.parent: dict[Node, Node] = {}

    def find(self, node: Node) -> Node:
        parent = self.parent.setdefault(node, node)
        while parent != node:
            self.parent[node] = self.parent[parent]
            node, parent = parent, self.parent[parent]
        return node

    def join(self, one: Node, other: Node) -> None:
        self.parent[self.find(one)] = self.find(other)


def group(arrivals: Sequence[Arrival], known: Known) -> Grouping:
    """Sort a page of one mailbox's arrivals into threads, old and new."""
    union = _Union()
    claims: dict[int, list[tuple[Node, Party]]] = defaultdict(list)
    for index, arrival in enumerate(arrivals):
        node: Node = ("arrival", index)
        union.join(node, ("remote", arrival.remote_thread_id))
        union.join(node, ("identity", arrival.identity))
        for thread in _certain(arrival, known):
            union.join(node, ("thread", thread))
        party = read_party(arrival)
        for key in arrival.keys:
            for thread_id in known.keys.get(key, ()):
                if belong(key, party, known.parties.get(thread_id, NOBODY)):
                    union.join(node, ("thread", thread_id))
            for other, others in claims[key]:
                if belong(key, party, others):
                    union.join(node, other)
            claims[key].append((node, party))
    return _number(union, len(arrivals))


def belong(key: int, one: Party, other: Party) -> bool:
    """Whether two that name the same Message-ID are one conversation.

    Who refers to it must continue whose it is. If both only refer to it (what they answer is not
    here), or both have it as their own (it was repeated), each must continue the other.
    """
    first, second = key in one.owns, key in other.owns
    if first and not second:
        return other.continues(one)
    if second and not first:
        return one.continues(other)
    return one.continues(other) and other.continues(one)


def read_party(arrival: Arrival) -> Party:
    """Who is in one arrival."""
    sender = arrival.sender
    return Party(
        people=frozenset(person.address for person in arrival.people),
        writers=frozenset({sender.address} if sender else ()),
        ours=arrival.direction == Message.Direction.OUTBOUND,
        owns=frozenset(arrival.keys[:1] if arrival.message_id else ()),
    )


def _certain(arrival: Arrival, known: Known) -> Iterable[int]:
    if arrival.identity in known.messages:
        yield known.messages[arrival.identity]
    if arrival.remote_thread_id in known.remote_threads:
        yield known.remote_threads[arrival.remote_thread_id]


def _number(union: _Union, count: int) -> Grouping:
    numbers: dict[Node, int] = {}
    places = tuple(
        numbers.setdefault(union.find(("arrival", index)), len(numbers)) for index in range(count)
    )
    existing: list[list[int]] = [[] for _ in numbers]
    for node in list(union.parent):
        if node[0] == "thread":
            number = numbers.get(union.find(node))
            if number is not None and isinstance(node[1], int):
                existing[number].append(node[1])
    return Grouping(places, tuple(tuple(sorted(threads)) for threads in existing))
