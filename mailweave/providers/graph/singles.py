"""One call for each of many messages, as many in a request as Graph takes."""

from collections.abc import Iterable, Iterator, Sequence

from mailweave.kit import clock
from mailweave.providers.errors import ProviderError, RateLimited, Refused, Unavailable
from mailweave.providers.graph import batch
from mailweave.providers.graph.calls import Call
from mailweave.providers.graph.client import Client, Outcome
from mailweave.providers.graph.failures import TooBig


def ask(
    client: Client, wanted: Iterable[tuple[str, Call]]
) -> Iterator[tuple[str, bytes | Refused]]:
    """Make these calls and give each its outcome; what passes is tried again.

    What goes wrong is raised after whatever could be answered was.
    """
    trouble: ProviderError | None = None
    whole = list(wanted)
    for start in range(0, len(whole), batch.LIMIT):
        asked = whole[start : start + batch.LIMIT]
        if trouble and not isinstance(trouble, Unavailable):
            break
        client.budget.afford(len(asked), clock.now())
        outcomes = _ask(client, [call for _, call in asked])
        for (remote_id, _), outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, bytes | Refused):
                yield remote_id, outcome
            elif trouble is None or isinstance(outcome, RateLimited):
                trouble = outcome
    if trouble:
        raise trouble


def _ask(client: Client, calls: Sequence[Call]) -> list[Outcome]:
    """One request, or several smaller ones if together the answers are too large."""
    try:
        return client.ask_all(calls)
    except TooBig as error:
        if len(calls) == 1:
            return [error]
        half = len(calls) // 2
        return _ask(client, calls[:half]) + _ask(client, calls[half:])
