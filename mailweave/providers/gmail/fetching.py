"""Whole messages at the lowest price: threads where two or more are wanted, many calls at once.

Every message asked for is answered exactly once, or an error is raised after whatever could be
answered was: what has not been answered by then is still to be asked for.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from mailweave.kit import clock, http
from mailweave.providers.base import Budget, Fetched, Listed, Missing, Unreadable
from mailweave.providers.errors import OverBudget, ProviderError, Refused, Unavailable
from mailweave.providers.gmail import calls, payload, wire
from mailweave.providers.gmail.client import Client, Outcome
from mailweave.providers.gmail.failures import Crowded, Gone, Invalid, NotReady, TooBig
from mailweave.providers.gmail.message import fetched

Answer = Fetched | Missing | Unreadable

TRIES = 4
_FEWEST = 4
"""Calls at once that even a crowded mailbox stands."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """One call and the messages it is for."""

    call: calls.Call
    wanted: tuple[str, ...]
    is_thread: bool
    tries: int = 0


def fetch(client: Client, wanted: Sequence[Listed]) -> Iterator[Answer]:
    """Answer every message in ``wanted``; see :class:`mailweave.providers.base.Reader`."""
    return _Fetch(client, wanted).run()


class _Fetch:
    """One run over a list of messages."""

    def __init__(self, client: Client, wanted: Sequence[Listed]) -> None:
        self.client = client
        self.queue = deque(_plan(wanted))
        self.open = {one.remote_id for one in wanted}
        self.told: set[str] = set()
        self.trouble: ProviderError | None = None

    def run(self) -> Iterator[Answer]:
        """Work the queue off; passing trouble is raised at the end, other trouble soon."""
        while self.queue and (self.trouble is None or _is_passing(self.trouble)):
            asks = self._next()
            outcomes = self._ask(asks)
            if any(isinstance(outcome, Crowded) for outcome in outcomes):
                self.client.batch_size = max(_FEWEST, len(asks) // 2)
            for ask, outcome in zip(asks, outcomes, strict=True):
                yield from self._sort(ask, outcome)
        if self.trouble:
            raise self.trouble

    def _next(self) -> list[_Ask]:
        """As many calls as fit into one request and the budget, after a pause for repeated ones."""
        asks: list[_Ask] = []
        units = 0
        while self.queue and len(asks) < self.client.batch_size:
            units += self.queue[0].call.units
            if not _covers(self.client.budget, units, is_first=not asks):
                break
            asks.append(self.queue.popleft())
        if not asks:
            raise self._over_budget()
        tries = max(ask.tries for ask in asks)
        if tries:
            clock.sleep(0.25 * 2**tries)
        return asks

    def _over_budget(self) -> ProviderError:
        """Wait for a few calls' worth, so that each request carries more than one."""
        if self.trouble:
            return self.trouble
        now, budget = clock.now(), self.client.budget
        needed = calls.total(ask.call for ask in self.queue)
        some = max(self.queue[0].call.units, min(needed, int(budget.burst / 2)))
        retry_at = now + timedelta(seconds=budget.wait(now, some) + 0.001)
        return OverBudget("This mailbox's pace allows no more right now.", retry_at)

    def _ask(self, asks: list[_Ask]) -> list[Outcome]:
        """One request, or several smaller ones if together the answers are too large."""
        try:
            return self.client.ask_all([ask.call for ask in asks])
        except TooBig:
            half = len(asks) // 2
            return self._ask(asks[:half]) + self._ask(asks[half:])

    def _sort(self, ask: _Ask, outcome: Outcome) -> Iterator[Answer]:
        match outcome:
            case bytes():
                yield from self._read(ask, outcome)
            case NotReady() | Crowded() | Unavailable() if ask.tries + 1 < TRIES:
                self.queue.append(replace(ask, tries=ask.tries + 1))
            case Gone() | Invalid() | TooBig() | NotReady() if ask.is_thread:
                self._one_by_one(ask)
            case Gone():
                yield from self._close(Missing(ask.wanted[0]))
            case Invalid() | TooBig() | NotReady():
                yield from self._unreadable(ask, str(outcome))
            case _:
                self._note(outcome)

    def _read(self, ask: _Ask, body: bytes) -> Iterator[Answer]:
        try:
            messages = _messages(ask, body)
        except wire.Garbage as error:
            yield from self._sort(ask, Unavailable(f"Gmail's answer cannot be used: {error}"))
            return
        except wire.Unreadable as error:
            if ask.is_thread:
                self._one_by_one(ask)
            else:
                yield from self._unreadable(ask, f"Gmail's answer cannot be used: {error}")
            return
        for message in messages:
            if ask.is_thread or message.id == ask.wanted[0]:
                yield from self._convert(message)
            else:
                yield from self._unreadable(ask, "Gmail answered about another message")
        if ask.is_thread:
            self._one_by_one(ask)

    def _convert(self, message: wire.Message) -> Iterator[Answer]:
        if message.id in self.told or not self._is_welcome(message):
            return
        try:
            yield from self._close(fetched(message, lambda part: self._load(message.id, part)))
        except payload.Unfit as error:
            reason = f"Gmail's answer cannot be used: {error}"
            yield from self._close(Unreadable(message.id, reason))
        except ProviderError as error:
            self._note(error)

    def _load(self, remote_id: str, attachment_id: str) -> bytes | None:
        """A body too large to come along with its message."""
        try:
            body = self.client.ask(calls.attachment(remote_id, attachment_id), wire.BODY)
        except Refused:
            return None
        return payload.decode(body.data)

    def _is_welcome(self, message: wire.Message) -> bool:
        """What was asked for, and its neighbours unless they are not mail yet."""
        return message.id in self.open or not {"DRAFT", "CHAT"}.intersection(message.label_ids)

    def _close(self, answer: Answer) -> Iterator[Answer]:
        if answer.remote_id not in self.told:
            self.open.discard(answer.remote_id)
            self.told.add(answer.remote_id)
            yield answer

    def _unreadable(self, ask: _Ask, reason: str) -> Iterator[Answer]:
        yield from self._close(Unreadable(ask.wanted[0], http.redact(reason)))

    def _one_by_one(self, ask: _Ask) -> None:
        """Ask for what a thread did not answer by itself: it alone can say that it is gone."""
        left = [remote_id for remote_id in ask.wanted if remote_id in self.open]
        self.queue.extend(_single(remote_id) for remote_id in left)

    def _note(self, error: ProviderError) -> None:
        """Keep the error that says most: one that stops everything, else the first."""
        if self.trouble is None or _is_passing(self.trouble):
            self.trouble = error


def _plan(wanted: Sequence[Listed]) -> Iterator[_Ask]:
    """The cheapest calls: a thread costs as much as two messages and saves a round trip."""
    threads: dict[str, dict[str, None]] = {}
    for one in wanted:
        threads.setdefault(one.remote_thread_id or one.remote_id, {})[one.remote_id] = None
    for thread_id, ids in threads.items():
        if len(ids) > 1:
            yield _Ask(calls.thread(thread_id), tuple(ids), is_thread=True)
        else:
            yield _single(next(iter(ids)))


def _single(remote_id: str) -> _Ask:
    return _Ask(calls.message(remote_id), (remote_id,), is_thread=False)


def _messages(ask: _Ask, body: bytes) -> list[wire.Message]:
    if ask.is_thread:
        return wire.read(wire.THREAD, body).messages
    return [wire.read(wire.MESSAGE, body)]


def _covers(budget: Budget, units: int, *, is_first: bool) -> bool:
    """Whether the budget has these units; a call dearer than a full one goes when it is full."""
    if not budget.rate:
        return True
    level = budget.level_at(clock.now()) + 0.01
    return units <= level or (is_first and level >= budget.burst)


def _is_passing(error: ProviderError) -> bool:
    """Whether other messages may still be answered."""
    return isinstance(error, Unavailable | Crowded)
