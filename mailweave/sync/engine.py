"""One routine behind poll, push, backfill and "Sync now": a slice of work on one mailbox.

::

    take the lease --> what comes first?  1 marks       somebody read something here
                                          2 reconcile   the cursor is lost
                                          3 changes     somebody wants to know, or a poll is due
                                          4 new mail    listed by changes
                                          5 deletions   old enough to be made sure of
                                          6 notices     a subscription to make or renew
                                          7 the past    a running backfill
                                          8 the audit   once a day, or asked for
                                          9 refill      kept short, and may be longer
    ... until nothing is left, the slice is over, or something holds us back --> give it back

What to do next is read from the rows before each step, so that pausing, disconnecting or a
crash is noticed within one step.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailweave.kit import clock, jobs, lease, live, scope
from mailweave.kit.lease import LeaseLostError
from mailweave.mail.models import Copy, Mailbox
from mailweave.providers.base import Listed
from mailweave.providers.errors import CursorExpired, OverBudget, ProviderError
from mailweave.sync import (
    agenda,
    alerts,
    auditing,
    backfill,
    changes,
    deletions,
    fetching,
    listing,
    marks,
    pushing,
    reconcile,
    refilling,
    subscriptions,
    trouble,
)
from mailweave.sync.agenda import Agenda
from mailweave.sync.hands import Hands, reach
from mailweave.sync.models import Backfill, Sync, Wakeup

log = logging.getLogger(__name__)

SLICE = timedelta(seconds=5)
_SHORT_WAIT = 0.3
"""Seconds we wait for quota inside a slice; a longer wait gives the worker back."""
_UNITS_TO_FETCH = 40
_UNITS_TO_WATCH = 10

Step = Callable[[], object]


@dataclass(slots=True)
class Task:
    """What comes first now, and how many quota units it takes to begin it."""

    run: Step
    units: int
    is_following: bool = False
    is_writing: bool = False


def advance(workspace_id: int, sync_id: int, *, limit: timedelta = SLICE) -> None:
    """Do a slice of work for one mailbox, unless somebody else is at it."""
    with scope.workspace(workspace_id):
        token = lease.take(Sync.objects.all(), sync_id)
    if token is None:
        return
    try:
        _work(workspace_id, sync_id, token, clock.now() + limit)
    except LeaseLostError:
        log.warning("sync %s: another worker took over", sync_id)
    except Exception as error:  # noqa: BLE001 - whatever stopped us, the row must say so
        _stop(workspace_id, sync_id, token, error)
    with scope.workspace(workspace_id):
        lease.release(Sync.objects.all(), sync_id, token)
        schedule(sync_id)


def schedule(sync_id: int) -> None:
    """Write when this mailbox is due next, and set the alarm for it."""
    sync = Sync.objects.filter(pk=sync_id).first()
    if sync is None:
        return
    due = next_due(sync)
    Sync.objects.filter(pk=sync_id).update(due_at=due)
    if due:
        at = due if due > clock.now() else None
        jobs.nudge("sync.advance", at=at, workspace_id=sync.workspace_id, sync_id=sync_id)


def next_due(sync: Sync) -> datetime | None:
    """When there is something to do for a mailbox; None while only a person can move it on."""
    return agenda.read(sync).due


def want(mailbox_id: int) -> None:
    """Somebody wants to know what is new: look now, and do not wait out our own back-off.

    A wait the provider asked for stands. Who asks again before the answer is told of all that came
    since they asked first.
    """
    sync = Sync.objects.get(mailbox_id=mailbox_id)
    rows = Sync.objects.filter(pk=sync.pk)
    if sync.wanted_at is None and not _arriving(mailbox_id):
        rows.update(last_new=0, last_changed=0)
    rows.update(wanted_at=clock.now())
    rows.filter(held_reason__in=trouble.OUR_WAITS).update(held_until=None, held_reason="")
    subscriptions.look(mailbox_id)
    backfill.wake(sync)


def _arriving(mailbox_id: int) -> bool:
    """Whether new mail is still to be fetched."""
    waits = Copy.objects.filter(mailbox_id=mailbox_id, state=Copy.State.LISTED)
    return bool(waits.filter(place__lt=listing.NEW_BELOW).exists())


def _work(workspace_id: int, sync_id: int, token: str, until: datetime) -> None:
    hands: Hands | None = None
    followed = False
    try:
        while clock.now() < until:
            with scope.workspace(workspace_id):
                now = agenda.read(Sync.objects.select_related("mailbox").get(pk=sync_id))
                if now.due is None or now.due > now.now:
                    return
                task = _first(hands, now, followed=followed) if hands else None
            if hands is None:
                hands = reach(now.sync, now.mailbox, token)
                continue
            if task is None:
                return
            # A range or a folder may have been chosen since the last step.
            hands.since = now.sync.since
            hands.followed = now.rules.follow(now.mailbox.followed_roles)
            try:
                _afford(hands, task)
                task.run()
            except CursorExpired:
                reconcile.begin(hands)
            except OverBudget as pace:
                _come_back(hands, pace.retry_at)
                return
            followed = task.is_following
            _went_well(hands, now.sync, task)
    finally:
        if hands:
            hands.close()
            with scope.workspace(workspace_id):
                hands.book()


def _first(hands: Hands, now: Agenda, *, followed: bool) -> Task | None:
    """What comes first is written here and nowhere else.

    Marks are few and somebody waits for them, so they go first; where they are many, they take
    turns with everything else.
    """
    if not hands.roles:
        return Task(hands.read_folders, 1)
    writing = _write(hands) if now.marks_due else None
    if writing and not now.sync.wrote_last:
        return writing
    return _look(hands, now, followed=followed) or writing


def _write(hands: Hands) -> Task:
    return Task(lambda: marks.write(hands), _UNITS_TO_FETCH, is_writing=True)


def _look(hands: Hands, now: Agenda, *, followed: bool) -> Task | None:
    """What there is to read.

    A round of changes that takes long (the first of a mailbox that must be enumerated) takes turns
    with the rest, and so do rounds that notices ask for one after the other: ``followed`` says that
    the last turn was a round's.
    """
    if now.sync.reconcile_cursor:
        return Task(lambda: reconcile.step(hands, now.sync), 5)
    following = _follow(hands, now.sync) if now.round_due else None
    if following and not followed:
        return following
    return (
        _read_new(hands, now)
        or _make_sure(hands, now)
        or _watch(hands, now)
        or _read_past(hands, now)
        or following
        or _audit(hands, now)
        or _refill(hands, now)
    )


def _follow(hands: Hands, sync: Sync) -> Task:
    """The next page of a round of changes, or the first of a new one."""

    def run() -> None:
        if not sync.following_since:
            changes.begin(hands)
        changes.follow(hands, sync.cursor)

    return Task(run, 2, is_following=True)


def _read_new(hands: Hands, now: Agenda) -> Task | None:
    new = _next(hands, listing.NEW_BELOW, fetching.BATCH) if now.arriving else None
    if not new:
        return None
    return Task(lambda: fetching.fetch(hands, new, lambda: _goes_on(hands)), _UNITS_TO_FETCH)


def _watch(hands: Hands, now: Agenda) -> Task | None:
    """Subscriptions are looked after before the past, which may take days."""
    if now.plan.due_at is None or now.plan.due_at > now.now:
        return None
    return Task(lambda: pushing.step(hands, now.mailbox), _UNITS_TO_WATCH)


def _make_sure(hands: Hands, now: Agenda) -> Task | None:
    """Of what may be gone."""
    doubtful = deletions.waiting(now.sync) if now.missing_since else None
    if not doubtful:
        return None
    return Task(lambda: deletions.confirm(hands, doubtful), _UNITS_TO_FETCH)


def _read_past(hands: Hands, now: Agenda) -> Task | None:
    """The past: its first page, its listing, and the rest of it."""
    past = backfill.current(hands.mailbox_id) if now.running else None
    if past is None or past.state != Backfill.State.RUNNING:
        return None
    size = fetching.BATCH if past.listing_done else fetching.FIRST
    below = listing.EVERYTHING_BELOW if past.listing_done else size + 1
    old = _next(hands, below, size)
    if old:
        return Task(
            lambda: fetching.fetch(hands, old, lambda: _goes_on(hands, past)), _UNITS_TO_FETCH
        )
    if past.listing_done and now.sync.polled_at is None:
        return None  # the first round will have it listed once more
    if past.listing_done:
        return Task(lambda: backfill.finish_if_done(hands, past), 0)
    return Task(lambda: backfill.list_page(hands, past), 5)


def _audit(hands: Hands, now: Agenda) -> Task | None:
    return Task(lambda: auditing.step(hands, now.sync), 5) if now.audit_due else None


def _refill(hands: Hands, now: Agenda) -> Task | None:
    """What is kept short and may be kept longer: when there is nothing else to do."""
    refill = refilling.current(hands.mailbox_id) if now.refilling else None
    return Task(lambda: refilling.step(hands, refill), _UNITS_TO_FETCH) if refill else None


def _next(hands: Hands, below: int, size: int) -> list[Listed]:
    threads = hands.reader.reads_threads
    return listing.next_batch(hands.mailbox_id, below=below, limit=size, whole_threads=threads)


def _goes_on(hands: Hands, past: Backfill | None = None) -> bool:
    """Whether nobody wants something else of this mailbox by now: between two pages of a batch."""
    with scope.workspace(hands.workspace_id):
        gone = Mailbox.objects.filter(pk=hands.mailbox_id, disconnected_at__isnull=False)
        wanted = Sync.objects.filter(pk=hands.sync_id, wanted_at__isnull=False)
        told = Wakeup.objects.filter(mailbox_id=hands.mailbox_id)
        if gone.exists() or wanted.exists() or told.exists() or marks.are_due(hands.mailbox_id):
            return False
        running = Backfill.objects.filter(state=Backfill.State.RUNNING)
        return past is None or running.filter(pk=past.pk).exists()


def _afford(hands: Hands, task: Task) -> None:
    """Wait for quota if the wait is short; else raise OverBudget, which says when to come back."""
    wait = hands.budget.wait(clock.now(), task.units)
    if wait > _SHORT_WAIT:
        raise OverBudget("", clock.now() + timedelta(seconds=wait))
    if wait:
        clock.sleep(wait)


def _come_back(hands: Hands, at: datetime) -> None:
    """Give the worker to another mailbox until there is quota again: no trouble, just pace."""
    with hands.transaction():
        Sync.objects.filter(pk=hands.sync_id).update(held_until=at)


def _went_well(hands: Hands, before: Sync, task: Task) -> None:
    """A step that worked ends a run of failures, and the turn of what is no mark."""
    if before.wrote_last and not task.is_writing:
        with hands.transaction():
            Sync.objects.filter(pk=hands.sync_id).update(wrote_last=False)
    if not (before.failures or before.problem or before.held_reason):
        return
    with hands.transaction():
        Sync.objects.filter(pk=hands.sync_id).update(
            failures=0,
            problem="",
            problem_text="",
            problem_since=None,
            held_until=None,
            held_reason="",
        )
        live.tell(f"mailbox-{hands.mailbox_id}")
        if before.problem:
            alerts.look(hands.mailbox_id)


def _stop(workspace_id: int, sync_id: int, token: str, error: Exception) -> None:
    """Write down what stopped us, in words, and what happens next, if it is still ours to say."""
    if not isinstance(error, ProviderError):
        log.error("sync %s stopped", sync_id, exc_info=error)
    with scope.workspace(workspace_id):
        rows = Sync.objects.select_for_update()
        sync = rows.filter(pk=sync_id, lease_token=token).first()
        if sync is None:
            return
        trouble.note(sync, error)
        alerts.look(sync.mailbox_id)
        live.tell(f"mailbox-{sync.mailbox_id}")
