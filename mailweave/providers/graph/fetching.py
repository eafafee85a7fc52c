"""Whole messages at the lowest price: neighbours in time by one page, four pages at once.

Every message asked for is answered exactly once, or an error is raised after whatever could be
answered was: what has not been answered by then is still to be asked for.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from mailweave.kit import clock, http
from mailweave.providers.base import Fetched, Listed, Missing, Unreadable
from mailweave.providers.errors import OverBudget, ProviderError, Unavailable
from mailweave.providers.graph import attachments, calls, wire
from mailweave.providers.graph.asks import SECOND, Ask, alone, plan, together
from mailweave.providers.graph.client import Client, Outcome, pause, unusable
from mailweave.providers.graph.failures import Corrupt, Crowded, Gone, Invalid, Slow, TooBig
from mailweave.providers.graph.lanes import WIDTH, Dropped, Lanes
from mailweave.providers.graph.message import fetched, may_have_attachments

Answer = Fetched | Missing | Unreadable

TRIES = 4
AHEAD = WIDTH + 16
"""Requests under way or answered and not yet taken: lanes stay full while answers are stored."""
_OUTAGE = 6 * WIDTH
"""Failures in a row that say nobody is there."""


def fetch(client: Client, wanted: Sequence[Listed]) -> Iterator[Answer]:
    """Answer every message in ``wanted``; see :class:`mailweave.providers.base.Reader`."""
    return _Fetch(client, wanted).run()


class _Fetch:
    """One run over a list of messages."""

    def __init__(self, client: Client, wanted: Sequence[Listed]) -> None:
        self.client = client
        self.queue = deque(plan(wanted, client.shard))
        self.open = {one.remote_id for one in wanted}
        """Neither answered nor held."""
        self.held: dict[str, wire.Message] = {}
        """Messages that wait for what is attached to them."""
        self.trouble: ProviderError | None = None
        self.failures = 0

    def run(self) -> Iterator[Answer]:
        """Work the queue off; passing trouble is raised at the end, other trouble soon."""
        with Lanes[Ask](self.client) as lanes:
            self._fill(lanes)
            while lanes.flying:
                ask, outcome = lanes.get()
                answers = list(self._sort(ask, outcome))
                if self._is_over():
                    lanes.stop()
                self._fill(lanes)
                yield from answers
        if self.trouble:
            raise self.trouble

    def _fill(self, lanes: Lanes[Ask]) -> None:
        """Put in as many requests as may be ahead and as the budget has."""
        while self.queue and lanes.flying < AHEAD and not self._is_over():
            ask = self._next()
            if ask is None:
                continue
            if not self._is_covered():
                self.queue.appendleft(ask)
                if not lanes.flying:
                    self.trouble = self.trouble or self._over_budget()
                return
            ask = replace(ask, attached=self.client.attached, content_ids=self.client.content_ids)
            lanes.put(ask, ask.call(), after=ask.after)

    def _next(self) -> Ask | None:
        """The first of the queue without what was answered meanwhile; None if all of it was."""
        ask = self.queue.popleft()
        if ask.what == "attached":
            return ask
        wanted = tuple([one for one in ask.wanted if one.remote_id in self.open])
        if len(wanted) > self.client.shard:
            self.queue.appendleft(replace(ask, wanted=wanted[self.client.shard :]))
            wanted = wanted[: self.client.shard]
        if not wanted:
            return None
        return replace(ask, wanted=wanted)

    def _is_over(self) -> bool:
        """Whether to ask nothing more: trouble that will not pass, or nobody is there."""
        if self.failures >= _OUTAGE:
            return True
        return self.trouble is not None and not _is_passing(self.trouble)

    def _is_covered(self) -> bool:
        budget = self.client.budget
        return not budget.rate or budget.level_at(clock.now()) + 0.01 >= min(1.0, budget.burst)

    def _over_budget(self) -> ProviderError:
        """Wait for some requests' worth, so that each turn carries more than one."""
        now, budget = clock.now(), self.client.budget
        some = max(1, min(len(self.queue), int(budget.burst / 4)))
        retry_at = now + timedelta(seconds=budget.wait(now, some) + 0.001)
        return OverBudget("This mailbox's pace allows no more right now.", retry_at)

    def _sort(self, ask: Ask, outcome: Outcome) -> Iterator[Answer]:
        if isinstance(outcome, bytes):
            yield from self._read(ask, outcome)
            return
        if isinstance(outcome, Dropped):
            return
        if isinstance(outcome, Unavailable | Crowded):
            self.failures += 1
            if self.failures >= _OUTAGE:
                self._note(outcome)
        match ask.what:
            case "shard":
                self._part(ask, outcome)
            case "attached":
                yield from self._without_attached(ask, outcome)
            case _:
                yield from self._alone(ask, outcome)

    def _part(self, ask: Ask, error: ProviderError) -> None:
        """A page that failed: again, or in smaller pieces, down to message by message."""
        match error:
            case Invalid() | TooBig() | Slow() if ask.attached:
                self._expect_less(ask, error)
                self.queue.append(ask)
            case Slow() | TooBig() | Corrupt():
                if not isinstance(error, Corrupt):
                    self.client.shard = max(1, min(self.client.shard, len(ask.wanted) // 2))
                self._halve(ask)
            case Unavailable() | Crowded() if not ask.tries:
                self._again(ask, error)
            case Unavailable():
                self._halve(ask)
            case Crowded() if ask.tries + 1 < TRIES:
                self._again(ask, error)
            case Gone() | Invalid():
                self._one_by_one(ask.wanted)
            case _:
                self._note(error)

    def _expect_less(self, ask: Ask, error: ProviderError) -> None:
        """Not every server tells Content-IDs in a list, or what is attached in a page at all.

        Others of the same kind may have failed and said so before.
        """
        client = self.client
        if (ask.attached, ask.content_ids) != (client.attached, client.content_ids):
            return
        if isinstance(error, Invalid) and ask.content_ids:
            client.content_ids = False
        else:
            client.attached, client.content_ids = False, True

    def _alone(self, ask: Ask, error: ProviderError) -> Iterator[Answer]:
        match error:
            case Gone():
                yield from self._close(Missing(ask.remote_id))
            case Invalid() | TooBig() | Corrupt():
                yield from self._unreadable(ask.remote_id, str(error))
            case Unavailable() | Crowded() if ask.tries + 1 < TRIES:
                self._again(ask, error)
            case _:
                self._note(error)

    def _without_attached(self, ask: Ask, error: ProviderError) -> Iterator[Answer]:
        """A message is never lost for what is attached to it, unless nobody is there at all."""
        match error:
            case Invalid() if ask.content_ids:
                self.client.content_ids = False
                self.queue.appendleft(ask)
            case Unavailable() | Crowded() if ask.tries + 1 < TRIES:
                self._again(ask, error)
            case Unavailable() if not self._answers():
                self._note(error)
            case Gone() | Invalid() | TooBig() | Corrupt() | Unavailable():
                yield self._whole(ask, [], truncated=True)
            case _:
                self._note(error)

    def _answers(self) -> bool:
        """Whether Microsoft is there at all: in an outage no attachment is to blame."""
        try:
            self.client.get(calls.inbox())
        except ProviderError:
            return False
        return True

    def _read(self, ask: Ask, body: bytes) -> Iterator[Answer]:
        try:
            if ask.what == "shard":
                answers = self._read_shard(ask, body)
            elif ask.what == "attached":
                answers = self._read_attached(ask, body)
            else:
                answers = self._read_single(ask, body)
        except wire.Garbage as error:
            yield from self._sort(ask, unusable(error))
            return
        except wire.Unreadable as error:
            yield from self._misread(ask, error)
            return
        self.failures = 0
        yield from answers

    def _read_shard(self, ask: Ask, body: bytes) -> list[Answer]:
        page, odd = wire.read_page(wire.MESSAGES, body)
        answers: list[Answer] = []
        broken = {entry.id for entry in odd}
        self._one_by_one([one for one in ask.wanted if one.remote_id in self.open & broken])
        for message in page.value:
            if message.id in self.open:
                answers += self._convert(message)
        still = self.open - broken
        left = tuple([one for one in ask.wanted if one.remote_id in still])
        is_full = bool(page.next_link) or len(page.value) + len(odd) >= ask.top()
        if left and is_full and ask.until is None and page.value:
            self._follow(left, page.value[-1])
        else:
            self._one_by_one(left)
        return answers

    def _follow(self, left: tuple[Listed, ...], last: wire.Message) -> None:
        """A second page for what strangers left no room for; after that, message by message."""
        until = fetched(last).received_at + SECOND
        lower = [one for one in left if one.received_at and one.received_at < until]
        self._one_by_one(tuple([one for one in left if one not in lower]))
        if lower:
            self.queue.appendleft(together(tuple(lower), until=until))

    def _read_single(self, ask: Ask, body: bytes) -> list[Answer]:
        message = wire.read(wire.MESSAGE, body)
        if message.id != ask.remote_id:
            raise wire.Unreadable("it is about another message")
        return list(self._convert(message))

    def _read_attached(self, ask: Ask, body: bytes) -> list[Answer]:
        page = wire.read(wire.ATTACHMENTS, body)
        try:
            rest = list(attachments.more(self.client, page.next_link))
        except Unavailable:
            return [self._whole(ask, page.value, truncated=True)]
        return [self._whole(ask, [*page.value, *rest], truncated=False)]

    def _misread(self, ask: Ask, error: wire.Unreadable) -> Iterator[Answer]:
        """JSON that is not what was asked for will not get better."""
        match ask.what:
            case "shard":
                self._one_by_one(ask.wanted)
            case "attached":
                yield self._whole(ask, [], truncated=True)
            case _:
                reason = f"Microsoft's answer cannot be used: {error}"
                yield from self._unreadable(ask.remote_id, reason)

    def _convert(self, message: wire.Message) -> Iterator[Answer]:
        """Answer a message, or keep it until it is known what is attached to it."""
        attached = message.attachments
        if attached and any(bytes(one.content_bytes) != b"null" for one in attached):
            self.client.attached = False  # a server that sends the bytes along is not asked again
        if attached is not None and not message.more_attachments:
            yield from self._close(fetched(message, attached))
        elif may_have_attachments(message) or message.more_attachments:
            self.open.discard(message.id)
            self.held[message.id] = message
            self.queue.appendleft(Ask("attached", (Listed(message.id, ""),)))
        else:
            yield from self._close(fetched(message))

    def _whole(self, ask: Ask, attached: Sequence[wire.Attachment], *, truncated: bool) -> Answer:
        message = self.held.pop(ask.remote_id)
        return fetched(message, attached, truncated=truncated)

    def _close(self, answer: Answer) -> Iterator[Answer]:
        if answer.remote_id in self.open:
            self.open.discard(answer.remote_id)
            yield answer

    def _unreadable(self, remote_id: str, reason: str) -> Iterator[Answer]:
        yield from self._close(Unreadable(remote_id, http.redact(reason)))

    def _again(self, ask: Ask, error: ProviderError) -> None:
        after = pause(error, 0.25 * 2 ** (ask.tries + 1))
        self.queue.append(replace(ask, tries=ask.tries + 1, after=after))

    def _halve(self, ask: Ask) -> None:
        middle = len(ask.wanted) // 2
        for half in (ask.wanted[:middle], ask.wanted[middle:]):
            if half:
                self.queue.append(together(half, ask.tries))

    def _one_by_one(self, wanted: Sequence[Listed]) -> None:
        self.queue.extend(alone(wanted))

    def _note(self, error: ProviderError) -> None:
        """Keep the error that says most: one that stops everything, else the first."""
        if self.trouble is None or _is_passing(self.trouble):
            self.trouble = error


def _is_passing(error: ProviderError) -> bool:
    """Whether other messages may still be answered."""
    return isinstance(error, Unavailable | Crowded)
