"""A few requests at once, as many as Microsoft lets one mailbox have in flight.

The threads do nothing but ask. Booking, tokens and everything else stay with the thread that
takes the answers, and while it is busy elsewhere the lanes work off what was put before them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from mailweave.kit import clock
from mailweave.providers.errors import ProviderError, RateLimited, Unavailable
from mailweave.providers.graph.calls import Call
from mailweave.providers.graph.client import PATIENCE, Client, Outcome, pause
from mailweave.providers.graph.failures import Crowded, Faulty, Stale

WIDTH = 4
"""https://learn.microsoft.com/en-us/graph/throttling-limits: four at a time, app and mailbox."""

T = TypeVar("T")


class Dropped(Unavailable):
    """Never asked, since the lanes were stopped before."""


@dataclass(frozen=True, slots=True)
class _Flight(Generic[T]):
    ask: T
    call: Call
    token: str
    is_second: bool = False


class Lanes(Generic[T]):
    """Put asks in, get them back with their outcomes in whatever order these come.

    A spent quota stops all of them.
    """

    def __init__(self, client: Client) -> None:
        self.flying = 0
        """How many were put in and not got back yet."""
        self._client = client
        self._pool = ThreadPoolExecutor(WIDTH, thread_name_prefix="graph")
        self._back: SimpleQueue[tuple[_Flight[T], Outcome | BaseException]] = SimpleQueue()
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def put(self, ask: T, call: Call, *, after: float = 0.0) -> None:
        """Ask as soon as a lane is free; that lane first waits ``after`` seconds."""
        self._start(_Flight(ask, call, self._client.token()), after)
        self.flying += 1

    def get(self) -> tuple[T, Outcome]:
        """The next ask that has its outcome. A token not accepted is replaced, once for all."""
        while True:
            flight, outcome = self._back.get()
            if not isinstance(outcome, Stale) or flight.is_second or self._stopped:
                break
            token = self._client.replace(flight.token)
            self._start(_Flight(flight.ask, flight.call, token, is_second=True), 0.0)
        self.flying -= 1
        if isinstance(outcome, BaseException) and not isinstance(outcome, ProviderError):
            raise outcome
        (settled,) = self._client.settle([outcome])
        return flight.ask, settled

    def stop(self) -> None:
        """Ask nothing more: what no lane has begun comes back as Dropped."""
        self._stopped = True

    def _start(self, flight: _Flight[T], after: float) -> None:
        self._client.book(1)
        self._pool.submit(self._fly, flight, after)

    def _fly(self, flight: _Flight[T], after: float) -> None:
        try:
            if after and not self._stopped:
                clock.sleep(after)
            if self._stopped:
                outcome: Outcome = Dropped("Not asked any more.")
            else:
                outcome = self._client.attempt(flight.call, flight.token)
                if isinstance(outcome, RateLimited) and not isinstance(outcome, Crowded):
                    self.stop()
            self._back.put((flight, outcome))
        except BaseException as error:  # noqa: BLE001 - goes on in the thread that gets it
            self._back.put((flight, error))


def ask_all(client: Client, calls: Sequence[Call]) -> list[Outcome]:
    """The outcomes of several calls, in their order; what passes is waited out for a little.

    Raises RateLimited when the quota is spent.
    """
    outcomes: list[Outcome] = [Dropped("")] * len(calls)
    with Lanes[tuple[int, int]](client) as lanes:
        for number, call in enumerate(calls):
            lanes.put((number, 0), call)
        while lanes.flying:
            (number, tries), outcome = lanes.get()
            outcomes[number] = outcome
            if isinstance(outcome, RateLimited) and not isinstance(outcome, Crowded):
                raise outcome
            if isinstance(outcome, Faulty | Crowded) and tries < len(PATIENCE):
                after = pause(outcome, PATIENCE[tries])
                lanes.put((number, tries + 1), calls[number], after=after)
    return outcomes
