"""The ledger of a mailbox: what is at the provider, and what became of every piece of it.

At the provider = stored + left out + set aside + waiting + failing + gone since. The left side was
counted by the last audit from the provider's own pages; the right side is counted from the copies
when somebody looks. Days are days in UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from django.db.models import Q, Sum

from mailweave.kit import clock, sql
from mailweave.mail.models import Copy
from mailweave.sync import auditing, backfill
from mailweave.sync.backfill import OPEN, Counts
from mailweave.sync.models import Audit, AuditDay, Backfill, Finding

QUERIES = sql.load("mailweave.sync", "ledger")
FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)
_NEVER = 2**31 - 1
"""The number of an audit that has named nothing."""

Unit = Literal["year", "month", "day"]
Verdict = Literal["importing", "paused", "unchecked", "unbalanced", "aside", "waiting", "balanced"]


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of time. ``day`` is its first; None for messages whose day nobody has told.

    ``gone`` are those the provider has deleted since the audit; ``besides`` those that came after
    it, or are from before the range it looks at. ``named`` is None before the first audit.
    """

    day: date | None
    named: int | None
    stored: int = 0
    left_out: int = 0
    aside: int = 0
    waiting: int = 0
    failing: int = 0
    gone: int = 0
    besides: int = 0

    @property
    def known(self) -> int:
        """How many of the named ones we have, in whatever state."""
        return self.stored + self.left_out + self.aside + self.waiting + self.failing + self.gone

    @property
    def balances(self) -> bool:
        """Whether every message that the provider named is accounted for."""
        return self.named is not None and self.named == self.known


@dataclass(frozen=True, slots=True)
class Found:
    """A message in which an audit found a difference, and what became of it."""

    remote_id: str
    what: str
    received_at: datetime | None
    found_at: datetime
    state: str
    reason: str
    message_id: int | None

    @property
    def words(self) -> str:
        """What differed, for people."""
        return str(Finding.What(self.what).label)

    @property
    def outcome(self) -> str:
        """What became of it, for people."""
        if self.what == Finding.What.MISSING:
            return "It was marked as deleted. Its history here is kept."
        became = {
            Copy.State.STORED: "Repaired: it was taken in.",
            Copy.State.SKIPPED: f"A rule leaves it out. {self.reason}",
            Copy.State.GONE: "It has been deleted at the provider since.",
            Copy.State.STUCK: f"Set aside. {self.reason}",
            Copy.State.LISTED: "It will be fetched next.",
        }
        return became.get(Copy.State(self.state), "") if self.state else "Not repaired yet."

    @property
    def is_repaired(self) -> bool:
        """Whether provider and we agree by now, or a rule says why not."""
        if self.what == Finding.What.MISSING:
            return True
        return self.state in {Copy.State.STORED, Copy.State.SKIPPED, Copy.State.GONE}


@dataclass(frozen=True, slots=True)
class Status:
    """How a mailbox's ledger stands: what cards say. ``audit`` is the last that came to its end."""

    verdict: Verdict
    audit: Audit | None
    running: Audit | None
    counts: Counts

    @property
    def waiting(self) -> int:
        """How many messages are still to be fetched."""
        return self.counts.arriving + self.counts.waiting

    @property
    def counted(self) -> int:
        """How many messages the audit under way has counted so far."""
        days = AuditDay.objects.filter(audit=self.running) if self.running else None
        return sum(days.values_list("named", flat=True)) if days is not None else 0

    @property
    def checked_at(self) -> datetime | None:
        """When the last audit ended."""
        return self.audit.ended_at if self.audit else None


def status(mailbox_id: int) -> Status:
    """How one mailbox's ledger stands."""
    return statuses([mailbox_id], backfill.count([mailbox_id]))[mailbox_id]


def statuses(mailbox_ids: Sequence[int], counts: dict[int, Counts]) -> dict[int, Status]:
    """How these mailboxes' ledgers stand; three queries for any number of them."""
    audits = Audit.objects.filter(mailbox_id__in=mailbox_ids)
    done = audits.filter(state=Audit.State.DONE).order_by("mailbox_id", "-pk")
    last = {one.mailbox_id: one for one in done.distinct("mailbox_id")}
    running = {one.mailbox_id: one for one in audits.filter(ended_at=None)}
    open_ = Backfill.objects.filter(OPEN, mailbox_id__in=mailbox_ids)
    imports = dict(open_.values_list("mailbox_id", "state"))
    return {
        pk: Status(
            _judge(imports.get(pk), last.get(pk), counts.get(pk, Counts())),
            last.get(pk),
            running.get(pk),
            counts.get(pk, Counts()),
        )
        for pk in mailbox_ids
    }


def _judge(state: str | None, audit: Audit | None, counts: Counts) -> Verdict:
    """What is least well comes first; balanced is only what an audit has found to be."""
    if state:
        return "paused" if state == Backfill.State.PAUSED else "importing"
    if audit is None:
        return "unchecked"
    if audit.unbalanced:
        return "unbalanced"
    if counts.stuck:
        return "aside"
    return "waiting" if counts.arriving or counts.waiting else "balanced"


def lines(mailbox_id: int, unit: Unit, start: date = FIRST, end: date = LAST) -> list[Line]:
    """The ledger from ``start`` up to before ``end``, newest first."""
    rows = sql.run(QUERIES["lines"], **_asked(mailbox_id), unit=unit, start=start, end=end)
    return _lines(mailbox_id, rows)


def undated(mailbox_id: int) -> Line:
    """Messages whose day is not known: they were named, and could not be fetched yet."""
    return _lines(mailbox_id, sql.run(QUERIES["undated"], **_asked(mailbox_id)))[0]


def entries(
    mailbox_id: int,
    state: str,
    start: date | None,
    end: date,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Copy]:
    """The messages behind a number, newest first: copies in a state and a stretch of days, or
    without ``start`` those whose day is not known."""
    copies = Copy.objects.filter(mailbox_id=mailbox_id, state=state)
    if start is None:
        number = after[1] if after else 2**62
        return list(copies.filter(received_at=None, pk__lt=number).order_by("-pk")[:limit])
    copies = copies.filter(received_at__gte=_midnight(start), received_at__lt=_midnight(end))
    if after:
        at, pk = after
        copies = copies.filter(Q(received_at__lt=at) | Q(received_at=at, pk__lt=pk))
    return list(copies.order_by("-received_at", "-pk")[:limit])


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def total(of: Iterable[Line]) -> Line:
    """Several lines as one."""
    rows = list(of)
    named = [one.named for one in rows if one.named is not None]
    names = ("stored", "left_out", "aside", "waiting", "failing", "gone", "besides")
    sums = {name: sum(getattr(one, name) for one in rows) for name in names}
    return Line(None, sum(named) if named else None, **sums)


def reasons(mailbox_id: int) -> list[tuple[str, int]]:
    """The rules that leave something out of this mailbox, with how many messages each."""
    return [(reason, count) for reason, count in sql.run(QUERIES["reasons"], mailbox=mailbox_id)]


def findings(mailbox_id: int, limit: int = 50) -> list[Found]:
    """What audits found to differ, newest first."""
    return [
        Found(*row[1:]) for row in sql.run(QUERIES["findings"], mailbox=mailbox_id, limit=limit)
    ]


def found_in_all(mailbox_id: int) -> int:
    """How many messages audits have ever found to differ."""
    found = Audit.objects.filter(mailbox_id=mailbox_id).aggregate(found=Sum("found"))["found"]
    return int(found or 0)


def _asked(mailbox_id: int) -> dict[str, Any]:
    audit = auditing.latest(mailbox_id)
    return {
        "mailbox": mailbox_id,
        "audit": audit.pk if audit else 0,
        "number": audit.number if audit else _NEVER,
        "ended_at": audit.ended_at if audit else clock.now(),
    }


def _lines(mailbox_id: int, rows: Iterable[tuple[Any, ...]]) -> list[Line]:
    is_checked = auditing.latest(mailbox_id) is not None
    return [Line(day, named if is_checked else None, *rest) for day, named, *rest in rows]
