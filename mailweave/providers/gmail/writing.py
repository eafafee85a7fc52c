"""Marking messages as read or unread, at the lowest price.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/batchModify: a
thousand messages for the price of ten, all of them or none. Where one of them is in the way, it is
looked for by halves.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from mailweave.kit import clock, http
from mailweave.providers.base import Missing, NotWritten, Written
from mailweave.providers.errors import Unavailable
from mailweave.providers.gmail import calls, singles, wire
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.failures import Crowded, Faulty, Gone, Invalid, NotReady

MOST = 1000
"""Messages to one call."""
WORTH = 11
"""From so many on one call for all costs less than one for each."""

Answer = Written | Missing | NotWritten


class GmailWriter:
    """Implements :class:`mailweave.providers.base.Writer`; promises are written there."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def mark_seen(self, remote_ids: Sequence[str], *, seen: bool) -> Iterator[Answer]:
        return mark_seen(self.client, remote_ids, seen=seen)


def mark_seen(client: Client, remote_ids: Sequence[str], *, seen: bool) -> Iterator[Answer]:
    """See :class:`mailweave.providers.base.Writer`."""
    wanted = list(dict.fromkeys(remote_ids))
    queue = deque(wanted[start : start + MOST] for start in range(0, len(wanted), MOST))
    alone: list[str] = []
    while queue:
        some = queue.popleft()
        if len(some) < WORTH:
            alone += some
        elif _mark_all(client, some, seen=seen):
            yield from map(Written, some)
        else:
            middle = len(some) // 2
            queue += [some[:middle], some[middle:]]
    yield from _one_by_one(client, alone, seen=seen)


def _mark_all(client: Client, remote_ids: Sequence[str], *, seen: bool) -> bool:
    """Mark all of these, or none of them because of one; says which it was."""
    call = calls.mark_all(remote_ids, seen=seen)
    for tries in range(singles.TRIES):
        if tries:
            clock.sleep(0.25 * 2**tries)
        client.budget.afford(call.units, clock.now())
        (outcome,) = client.ask_all([call])
        if isinstance(outcome, bytes) and outcome.strip():
            outcome = Faulty("Gmail's answer to a change cannot be read.")
        if not isinstance(outcome, NotReady | Crowded | Unavailable):
            break
    if isinstance(outcome, Gone | Invalid | NotReady):
        return False
    if not isinstance(outcome, bytes):
        raise outcome
    return True


def _one_by_one(client: Client, remote_ids: Sequence[str], *, seen: bool) -> Iterator[Answer]:
    asked = ((one, calls.mark(one, seen=seen)) for one in remote_ids)
    garbled = False
    for remote_id, outcome in singles.ask(client, asked):
        match outcome:
            case bytes() if _is_about(outcome, remote_id):
                yield Written(remote_id)
            case bytes():
                garbled = True
            case Gone():
                yield Missing(remote_id)
            case _:
                yield NotWritten(remote_id, http.redact(str(outcome)))
    if garbled:
        raise Unavailable("Gmail's answer to a change cannot be read.")


def _is_about(body: bytes, remote_id: str) -> bool:
    """Whether an answer is the message that was changed, rather than a proxy's page."""
    try:
        return wire.read(wire.NAMED, body).id == remote_id
    except wire.Unreadable:
        return False
