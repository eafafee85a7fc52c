"""Which messages answer each other: union by provider thread and by References (RFC 8621 3).

A provider's own thread holds together within its mailbox. Message-IDs in References join
threads only when somebody takes part in both: the header is the sender's claim, not a proof.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from mailweave.mail.arrival import Arrival
from mailweave.mail.models import Message

Node = tuple[str, object]


@dataclass(slots=True)
class Known:
    """What the archive already has that a page of arrivals touches."""

    messages: Mapping[bytes, int] = field(default_factory=dict)
    """identity -> thread id of a message that is stored already."""
    remote_threads: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[int, int] = field(default_factory=dict)
    people: Mapping[int, AbstractSet[str]] = field(default_factory=dict)
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
    claims: dict[int, list[tuple[Node, AbstractSet[str]]]] = defaultdict(list)
    for index, arrival in enumerate(arrivals):
        node: Node = ("arrival", index)
        remote: Node = ("remote", arrival.remote_thread_id)
        union.join(node, remote)
        for thread in _certain(arrival, known):
            union.join(node, ("thread", thread))
        for key in arrival.keys:
            thread_id = known.keys.get(key)
            if thread_id and continues(arrival, known.people.get(thread_id, frozenset())):
                union.join(node, ("thread", thread_id))
            for other, people in claims[key]:
                if continues(arrival, people):
                    union.join(node, other)
            claims[key].append((node, {person.address for person in arrival.people}))
    return _number(union, len(arrivals))


def continues(arrival: Arrival, people: AbstractSet[str]) -> bool:
    """Whether the writer already takes part; mail from a mailbox's own Sent folder always does.

    That somebody wrote to us proves nothing: everybody who forges a reply does that too.
    """
    sender = arrival.sender
    ours = arrival.direction == Message.Direction.OUTBOUND
    return ours or (sender is not None and sender.address in people)


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
