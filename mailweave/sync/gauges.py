"""How syncing goes in all workspaces, as numbers for whoever runs the installation.

Numbers of mailboxes, never addresses: who has which number, only the workspace can say.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from mailweave.kit import clock


@dataclass(frozen=True, slots=True)
class Gauge:
    """One connected mailbox. Times are in seconds."""

    mailbox_id: int
    kind: str
    problem: str
    """One of :class:`mailweave.sync.models.Sync.Problem`, or empty."""
    last_sync_age: float | None
    """None if there was no sync yet."""
    overdue: float
    held: float
    messages: dict[str, int]
    """Of each state that is not settled: ``new``, ``past``, ``set_aside``."""
    units_spent: int


def read() -> list[Gauge]:
    """The gauges of every connected mailbox, in one query."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mailbox_id, kind, problem, last_synced_at, due_at, held_until, units_spent,"
            " arriving, waiting, set_aside FROM sync_gauges() ORDER BY mailbox_id"
        )
        return [_gauge(now, *row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class PushGauge:
    """How one connected mailbox is told of changes."""

    mailbox_id: int
    kind: str
    standing: int
    """Subscriptions that stand."""
    seconds_left: float | None
    """Until the first of them ends, below zero since; None if there is none."""
    life_left: float | None
    """The same as a share of the time it was given: renewed at two thirds at the latest."""
    has_problem: bool


def read_push() -> list[PushGauge]:
    """The same of every connected mailbox's subscriptions, in one query."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mailbox_id, kind, standing, expires_at, life_left, has_problem"
            " FROM sync_push_gauges(%s) ORDER BY mailbox_id",
            [now],
        )
        rows = cursor.fetchall()
    return [
        PushGauge(pk, kind, count, (ends - now).total_seconds() if ends else None, left, problem)
        for pk, kind, count, ends, left, problem in rows
    ]


def _gauge(
    now: datetime,
    mailbox_id: int,
    kind: str,
    problem: str,
    synced_at: datetime | None,
    due_at: datetime | None,
    held_until: datetime | None,
    units_spent: int,
    arriving: int,
    waiting: int,
    set_aside: int,
) -> Gauge:
    since = [moment for moment in (due_at, held_until) if moment]
    return Gauge(
        mailbox_id,
        kind,
        problem,
        (now - synced_at).total_seconds() if synced_at else None,
        max(0.0, (now - max(since)).total_seconds()) if due_at else 0.0,
        max(0.0, (held_until - now).total_seconds()) if held_until else 0.0,
        {"new": arriving, "past": waiting, "set_aside": set_aside},
        units_spent,
    )


@dataclass(frozen=True, slots=True)
class AuditGauge:
    """How the audits of one connected mailbox went. ``age`` is in seconds, None without one."""

    mailbox_id: int
    kind: str
    age: float | None
    unbalanced: int
    """Days that did not add up when the last audit ended."""
    found: int
    """Messages that all audits together found to differ."""


def read_audits() -> list[AuditGauge]:
    """The audits of every connected mailbox, in one query."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mailbox_id, kind, ended_at, unbalanced, found FROM sync_audit_gauges()"
            " ORDER BY mailbox_id"
        )
        return [
            AuditGauge(pk, kind, (now - ended_at).total_seconds() if ended_at else None, *numbers)
            for pk, kind, ended_at, *numbers in cursor.fetchall()
        ]
