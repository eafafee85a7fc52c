"""What waits to be done for a mailbox, as its rows say: read anew before each step."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailweave.kit import clock, sql
from mailweave.mail import policy
from mailweave.mail.models import Mailbox
from mailweave.sync import deletions, listing, subscriptions, trouble
from mailweave.sync.models import Sync
from mailweave.sync.subscriptions import Plan

QUERIES = sql.load("mailweave.sync", "agenda")
BREATH = timedelta(seconds=1)
"""Notices come in crowds: rounds that they ask for begin at least this far apart."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """All that decides what comes first for a mailbox, and when, as of ``now``."""

    now: datetime
    sync: Sync
    mailbox: Mailbox
    rules: policy.Standing
    plan: Plan
    arriving: bool
    """New mail is still to be fetched."""
    running: bool
    """A backfill goes on."""
    importing: bool
    """A backfill has not ended; it may be paused."""
    refilling: bool
    told: bool
    """A notice came that no round has begun for."""
    marks_at: datetime | None
    """When the next mark is to be written back."""
    missing_since: datetime | None
    """When the provider first said that a copy is gone of which we have not made sure."""

    @property
    def marks_due(self) -> bool:
        """Whether marks are to be written now."""
        return self.marks_at is not None and self.marks_at <= self.now

    @property
    def audit_due(self) -> bool:
        """Whether an audit should go on or begin: not before the first round, nor during an
        import."""
        sync = self.sync
        if sync.polled_at is None or (sync.audit_at and sync.audit_at > self.now):
            return False
        return not self.importing

    @property
    def poll_at(self) -> datetime:
        """When the next round is due that no person asked for: by notice, or because it is time."""
        last = self.sync.polled_at or self.now
        due = [last + self.plan.pause]
        if self.sync.again_at:
            due.append(self.sync.again_at)
        if self.told:
            due.append(last + BREATH)
        return min(due)

    @property
    def round_due(self) -> bool:
        """Whether a round of changes should go on or begin."""
        sync = self.sync
        if sync.following_since or sync.wanted_at or sync.polled_at is None:
            return True
        return self.poll_at <= self.now or deletions.needs_round(
            sync.polled_at, self.missing_since, self.now
        )

    @property
    def due(self) -> datetime | None:
        """When there is something to do; None while only a person can move it on."""
        sync = self.sync
        if self.mailbox.disconnected_at or sync.problem in trouble.PERSONS_MOVE:
            return None
        due = self.now if self._now else self._later
        return max(due, sync.held_until) if sync.held_until else due

    @property
    def _now(self) -> bool:
        sync = self.sync
        return bool(
            sync.reconcile_cursor
            or sync.following_since
            or sync.wanted_at
            or self.arriving
            or self.running
            or self.refilling
            or sync.polled_at is None
            or self.marks_due
            or self.audit_due
        )

    @property
    def _later(self) -> datetime:
        audit_at = self.sync.audit_at
        alarms = [
            self.poll_at,
            self.plan.due_at,
            audit_at if audit_at and audit_at > self.now else None,
            deletions.due(self.missing_since),
            self.marks_at,
        ]
        return min(at for at in alarms if at)


def read(sync: Sync) -> Agenda:
    """The agenda of a mailbox; a handful of queries."""
    mailbox, rules = sync.mailbox, policy.current()
    ((*waits, marks_at, missing_since),) = sql.run(
        QUERIES["waits"], mailbox=mailbox.pk, new_below=listing.NEW_BELOW
    )
    arriving, running, importing, refilling, told = waits
    plan = subscriptions.plan(sync, mailbox, rules)
    return Agenda(
        now=clock.now(),  # after the plan, in which something may be due just now
        sync=sync,
        mailbox=mailbox,
        rules=rules,
        plan=plan,
        arriving=arriving,
        running=running,
        importing=importing,
        refilling=refilling,
        told=told,
        marks_at=marks_at if rules.writes_back else None,
        missing_since=missing_since,
    )
