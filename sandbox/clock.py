"""The sandbox's own time: real time moved by an offset, or standing still until told to go on."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Tells every part of the sandbox what time it is; seconds since the epoch, UTC."""

    def __init__(self, offset: float = 0.0, frozen_at: datetime | None = None) -> None:
        self.offset = offset
        self._frozen = None if frozen_at is None else frozen_at.timestamp()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset if self._frozen is None else self._frozen

    def now(self) -> datetime:
        """The same as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def milliseconds(self) -> int:
        """The same as whole milliseconds, as internalDate counts them."""
        return int(self.time() * 1000)

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen is not None

    def advance(self, by: timedelta | float) -> None:
        """Move forward (or back, when negative) by a span or by seconds."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        if self._frozen is None:
            self.offset += seconds
        else:
            self._frozen += seconds

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still, now or at the given moment."""
        self._frozen = self.time() if at is None else at.timestamp()

    def thaw(self) -> None:
        """Run on from where it stood."""
        if self._frozen is not None:
            self.offset = self._frozen - time.time()
            self._frozen = None
