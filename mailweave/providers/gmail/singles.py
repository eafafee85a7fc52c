"""One call for each of many messages, as many at once as the budget allows and Gmail stands."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mailweave.kit import clock
from mailweave.providers.errors import ProviderError, Refused, Unavailable
from mailweave.providers.gmail import calls
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.failures import Crowded, NotReady

TRIES = 4
_FEWEST = 4
"""Calls at once that even a crowded mailbox stands."""


@dataclass(frozen=True, slots=True)
class _Ask:
    remote_id: str
    call: calls.Call
    tries: int = 0


def ask(
    client: Client, wanted: Iterable[tuple[str, calls.Call]]
) -> Iterator[tuple[str, bytes | Refused]]:
    """Make these calls and give each its outcome, in any order; what passes is tried again.

    What goes wrong is raised after whatever could be answered was.
    """
    queue = deque(_Ask(remote_id, call) for remote_id, call in wanted)
    trouble: ProviderError | None = None
    while queue and (trouble is None or isinstance(trouble, Unavailable | Crowded)):
        asks = _next(client, queue)
        outcomes = client.ask_all([one.call for one in asks])
        if any(isinstance(outcome, Crowded) for outcome in outcomes):
            client.batch_size = max(_FEWEST, len(asks) // 2)
        for one, outcome in zip(asks, outcomes, strict=True):
            passing = isinstance(outcome, NotReady | Crowded | Unavailable)
            if passing and one.tries + 1 < TRIES:
                queue.append(replace(one, tries=one.tries + 1))
            elif isinstance(outcome, bytes | Refused):
                yield one.remote_id, outcome
            else:
                trouble = outcome
    if trouble:
        raise trouble


def _next(client: Client, queue: deque[_Ask]) -> list[_Ask]:
    """As many as fit into one request and a full budget, after a pause for repeated ones."""
    units = queue[0].call.units
    fit = int(client.budget.burst // units) if client.budget.rate else client.batch_size
    count = max(1, min(client.batch_size, fit, len(queue)))
    client.budget.afford(units * count, clock.now())
    asks = [queue.popleft() for _ in range(count)]
    if tries := max(one.tries for one in asks):
        clock.sleep(0.25 * 2**tries)
    return asks
