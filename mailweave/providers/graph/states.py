"""How messages are now, one by one: many calls in one request.

https://learn.microsoft.com/en-us/graph/api/message-get
"""

from collections.abc import Iterator, Sequence

from mailweave.kit import http
from mailweave.providers.base import Missing, StateChange, Unreadable
from mailweave.providers.graph import calls, singles, wire
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.failures import Gone
from mailweave.providers.graph.message import state


def states(
    client: Client, remote_ids: Sequence[str]
) -> Iterator[StateChange | Missing | Unreadable]:
    """See :class:`mailweave.providers.base.Reader`."""
    asked = ((one, calls.state(one)) for one in dict.fromkeys(remote_ids))
    for remote_id, outcome in singles.ask(client, asked):
        match outcome:
            case bytes():
                yield _read(remote_id, outcome)
            case Gone():
                yield Missing(remote_id)
            case _:
                yield Unreadable(remote_id, http.redact(str(outcome)))


def _read(remote_id: str, body: bytes) -> StateChange | Unreadable:
    try:
        told = wire.read(wire.STATE, body)
    except wire.Unreadable as error:
        return Unreadable(remote_id, http.redact(f"Graph's answer cannot be used: {error}"))
    if told.id != remote_id:
        return Unreadable(remote_id, "Graph answered about another message")
    return state(told)
