"""Quota units and calls in flight: what each mailbox has used, and when it has had enough."""

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.clock import Clock

USER_LIMITS = {"new": 6_000, "legacy": 15_000}
PROJECT_LIMIT = 1_200_000
WINDOW = 60.0
REQUEST_WINDOW = 600.0
"""Microsoft counts requests, each the same, over ten minutes."""


class QuotaExceededError(Exception):
    """The units of the last sixty seconds are spent; the argument is "user" or "project"."""


class TooManyRequestsError(Exception):
    """The requests of the last ten minutes are spent; ``seconds`` until there is room again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} seconds")
        self.seconds = seconds


class TooManyConcurrentError(Exception):
    """More calls of one mailbox are in flight than may be."""


class Window:
    """Units of the last seconds, sixty unless told otherwise."""

    def __init__(self, seconds: float = WINDOW) -> None:
        self.seconds = seconds
        self.entries: deque[tuple[float, int]] = deque()
        self.total = 0

    def used(self, now: float) -> int:
        """Units still counted at this moment."""
        if self.entries and self.entries[-1][0] > now + 1:  # the clock was turned back
            self.entries.clear()
            self.total = 0
        while self.entries and self.entries[0][0] <= now - self.seconds:
            self.total -= self.entries.popleft()[1]
        return self.total

    def add(self, now: float, units: int) -> None:
        """Count these units from now on."""
        self.entries.append((now, units))
        self.total += units

    def wait(self, now: float, limit: int) -> float:
        """Seconds until one more fits, when every entry is one unit and the window is full."""
        return max(0.0, self.entries[max(0, self.total - limit)][0] + self.seconds - now)


class Quota:
    """The budget of every mailbox. ``profile`` is new, legacy or off; ``concurrency`` 0 is off.

    Rejected calls cost nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.profile = "new"
        self.concurrency = 10
        self.user_limit: int | None = None
        """Overrides the profile's units a minute."""
        self.units: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.minutes: dict[str, Counter[int]] = defaultdict(Counter)
        self.busy: dict[str, float] = defaultdict(float)
        """Seconds of calls in flight, added up: with four at a time, four a second."""
        self._windows: dict[str, Window] = defaultdict(Window)
        self._requests: dict[str, Window] = defaultdict(lambda: Window(REQUEST_WINDOW))
        self._project = Window()
        self._flying: Counter[str] = Counter()
        self._lock = threading.Lock()

    def limit(self) -> int | None:
        """Units a minute for one mailbox; None without a limit."""
        if self.profile == "off":
            return None
        return self.user_limit or USER_LIMITS[self.profile]

    def charge(self, mailbox: str, units: int) -> None:
        """Take units from a mailbox; QuotaExceededError when they are not there."""
        now, limit = self.clock.time(), self.limit()
        with self._lock:
            window = self._windows[mailbox]
            if limit is not None and window.used(now) + units > limit:
                self.rejected[mailbox] += 1
                raise QuotaExceededError("user")
            if limit is not None and self._project.used(now) + units > PROJECT_LIMIT:
                self.rejected[mailbox] += 1
                raise QuotaExceededError("project")
            window.add(now, units)
            self._project.add(now, units)
            self.units[mailbox] += units
            self.calls[mailbox] += 1
            self.minutes[mailbox][int(now // 60)] += units

    def left(self, mailbox: str) -> int | None:
        """Units a mailbox may still spend now; None without a limit."""
        limit = self.limit()
        with self._lock:
            return None if limit is None else limit - self._windows[mailbox].used(self.clock.time())

    def request(self, app: str, mailbox: str, limit: int) -> None:
        """Count one request of an app to a mailbox; TooManyRequestsError when ``limit`` of the last
        ten minutes are spent (0 is no limit). What is refused counts like what is not."""
        now = self.clock.time()
        with self._lock:
            window = self._requests[f"{app} {mailbox}"]
            full = limit > 0 and window.used(now) >= limit
            window.add(now, 1)
            if full:
                self.rejected[mailbox] += 1
                raise TooManyRequestsError(window.wait(now, limit))
            self.units[mailbox] += 1
            self.calls[mailbox] += 1
            self.minutes[mailbox][int(now // 60)] += 1

    def requests_left(self, mailbox: str, limit: int) -> int | None:
        """Requests the busiest app may still send to a mailbox now; None without a limit."""
        now = self.clock.time()
        with self._lock:
            own = [w for key, w in self._requests.items() if key.rpartition(" ")[2] == mailbox]
            used = max((window.used(now) for window in own), default=0)
        return max(0, limit - used) if limit else None

    @contextmanager
    def flight(self, mailbox: str, app: str = "", most: int | None = None) -> Iterator[None]:
        """Hold one of the mailbox's places while a call runs; ``app`` when each app has its own
        places, ``most`` instead of the quota's own number of them."""
        key, most = f"{app} {mailbox}", self.concurrency if most is None else most
        with self._lock:
            if most and self._flying[key] >= most:
                self.rejected[mailbox] += 1
                raise TooManyConcurrentError(mailbox)
            self._flying[key] += 1
        started = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._flying[key] -= 1
                self.busy[mailbox] += time.monotonic() - started

    def reset(self) -> None:
        """Forget what was used."""
        with self._lock:
            for counter in (self.units, self.calls, self.rejected, self.minutes, self.busy,
                            self._windows, self._requests):  # fmt: skip
                counter.clear()
            self._project = Window()
