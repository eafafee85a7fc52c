"""Marking messages as read or unread: twenty calls in one request.

https://learn.microsoft.com/en-us/graph/api/message-update. Graph works off four of a batch at a
time, which is all that a mailbox stands.
"""

from collections.abc import Iterator, Sequence

from mailweave.kit import http
from mailweave.providers.base import Missing, NotWritten, Written
from mailweave.providers.graph import calls, singles
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.failures import Gone

Answer = Written | Missing | NotWritten


class GraphWriter:
    """Implements :class:`mailweave.providers.base.Writer`; promises are written there."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def mark_seen(self, remote_ids: Sequence[str], *, seen: bool) -> Iterator[Answer]:
        return mark_seen(self.client, remote_ids, seen=seen)


def mark_seen(client: Client, remote_ids: Sequence[str], *, seen: bool) -> Iterator[Answer]:
    """See :class:`mailweave.providers.base.Writer`."""
    asked = ((one, calls.mark(one, seen=seen)) for one in dict.fromkeys(remote_ids))
    for remote_id, outcome in singles.ask(client, asked):
        match outcome:
            case bytes():
                yield Written(remote_id)
            case Gone():
                yield Missing(remote_id)
            case _:
                yield NotWritten(remote_id, http.redact(str(outcome)))
