"""How much of a mailbox's quota may be spent now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailweave.providers.errors import OverBudget


@dataclass(slots=True)
class Budget:
    """How much of a mailbox's quota may be spent now: a token bucket in the provider's units.

    ``rate`` units accrue per second up to ``burst``. State is carried by the caller's row, so the
    pace holds across processes. A ``rate`` of 0 means unlimited.
    """

    rate: float
    burst: float
    level: float
    at: datetime
    spent: int = 0

    def charge(self, units: int, now: datetime) -> None:
        """Book ``units``; the level may go below zero, which callers wait out."""
        self.spent += units
        if self.rate:
            self.level = self.level_at(now) - units
            self.at = now

    def level_at(self, now: datetime) -> float:
        """Units available at ``now``; never above ``burst``."""
        gained = max(0.0, (now - self.at).total_seconds()) * self.rate
        return min(self.burst, self.level + gained)

    def wait(self, now: datetime, units: int = 0) -> float:
        """Seconds until ``units`` may be spent (0.0 if now)."""
        if not self.rate:
            return 0.0
        return max(0.0, (min(float(units), self.burst) - self.level_at(now)) / self.rate)

    def afford(self, units: int, now: datetime) -> None:
        """Raise OverBudget unless so many units may be spent now; a full purse stands for more."""
        wait = self.wait(now, units)
        if wait > 0.001:
            retry_at = now + timedelta(seconds=wait + 0.001)
            raise OverBudget("This mailbox's pace allows no more right now.", retry_at)
