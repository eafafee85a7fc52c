"""What time it is: the one place that asks the system.

Everything else calls :func:`now`, so that a test can move time by hand.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

Source = Callable[[], datetime]
_Fake = TypeVar("_Fake", bound=Source)


def _system() -> datetime:
    return datetime.now(UTC)


_source: Source = _system


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return _source().astimezone(UTC)


def sleep(seconds: float) -> None:
    """Wait. Under a replaced clock nobody waits: a :class:`Hands` moves on, others stand still."""
    if _source is _system:
        time.sleep(max(0.0, seconds))
    elif isinstance(_source, Hands):
        _source.advance(max(0.0, seconds))


class Hands:
    """A clock that moves only when told to."""

    __slots__ = ("at",)

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        """Move forward, or back with a negative number."""
        self.at += timedelta(seconds=seconds)


@contextmanager
def use(fake: _Fake) -> Iterator[_Fake]:
    """Take the time from ``fake`` in every thread of this process until the block ends."""
    global _source  # noqa: PLW0603  the clock is one for the process, as time is
    before = _source
    _source = fake
    try:
        yield fake
    finally:
        _source = before
