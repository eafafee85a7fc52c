"""What is asked for together: messages that came in one after the other, by one page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from mailweave.providers.base import Listed
from mailweave.providers.graph import calls
from mailweave.providers.graph.calls import Call, Stretch

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Ask:
    """One call and the messages it is for: neighbours, one alone, or what is attached to it."""

    what: Literal["shard", "single", "attached"]
    wanted: tuple[Listed, ...]
    tries: int = 0
    after: float = 0.0
    """Seconds to wait before asking."""
    until: datetime | None = None
    """Where a second page for the same neighbours begins."""
    attached: bool = False
    """A page shall tell at once what is attached."""
    content_ids: bool = False
    """What is told of an attachment shall include its Content-ID."""

    @property
    def remote_id(self) -> str:
        """The message it is for, if it is for one."""
        return self.wanted[0].remote_id

    def call(self) -> Call:
        """What to ask Graph."""
        match self.what:
            case "shard":
                stretch, top = self._stretch(), self.top()
                wishes = {"attached": self.attached, "content_ids": self.content_ids}
                return calls.messages(stretch, top, **wishes)
            case "attached":
                return calls.attachments(self.remote_id, content_ids=self.content_ids)
            case _:
                return calls.message(self.remote_id)

    def top(self) -> int:
        """Room for as many strangers as were asked for: mail that lies between and is unwanted."""
        return 2 * len(self.wanted)

    def _stretch(self) -> Stretch:
        moments = [one.received_at for one in self.wanted if one.received_at]
        return Stretch(min(moments), self.until or max(moments) + SECOND)


def plan(wanted: Sequence[Listed], size: int) -> Iterator[Ask]:
    """Neighbours in time together, newest first; alone what has no moment or no neighbour."""
    each = {one.remote_id: one for one in wanted}
    dated = [one for one in each.values() if one.received_at]
    dated.sort(key=_moment, reverse=True)
    for start in range(0, len(dated), size):
        yield together(tuple(dated[start : start + size]))
    yield from alone([one for one in each.values() if not one.received_at])


def together(wanted: tuple[Listed, ...], tries: int = 0, until: datetime | None = None) -> Ask:
    """These neighbours by one page; one by itself needs none."""
    if len(wanted) == 1:
        return Ask("single", wanted)
    return Ask("shard", wanted, tries, until=until)


def alone(wanted: Sequence[Listed]) -> Iterator[Ask]:
    """Each of these by itself."""
    return (Ask("single", (one,)) for one in wanted)


def _moment(one: Listed) -> datetime:
    return one.received_at or datetime.min.replace(tzinfo=UTC)
