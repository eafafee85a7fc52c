"""Reading the past, newest first: started, steered, and read a page at a time.

The listing is pages of ids, cheap; what it names is put on the list and fetched from there. The
first page is fetched before the listing goes on, so that there is something to see in seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q

from mailweave.kit import clock, jobs, live
from mailweave.kit.errors import Expected
from mailweave.mail.models import Copy, Mailbox
from mailweave.providers.base import Window
from mailweave.providers.errors import CursorExpired
from mailweave.sync import listing
from mailweave.sync.filter import SKEW
from mailweave.sync.hands import Hands
from mailweave.sync.models import Backfill, Sync

RANGES: dict[str, tuple[str, timedelta | None]] = {
    "30d": ("Last 30 days", timedelta(days=30)),
    "90d": ("Last 90 days", timedelta(days=90)),
    "12m": ("Last 12 months", timedelta(days=366)),
    "all": ("Everything", None),
}
RECOMMENDED = "90d"
OPEN = Q(state__in=[Backfill.State.RUNNING, Backfill.State.PAUSED])


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is. ``percent`` is below 100 until it has really ended."""

    backfill: Backfill
    label: str
    done: int
    total: int
    exact: bool
    percent: int
    seconds_left: int | None
    waiting: int
    stuck: int


def start(mailbox: Mailbox, range_name: str) -> Backfill:
    """Begin reading this far back. What is stored already is not read again."""
    if range_name not in RANGES:
        raise Expected("Choose how much mail should be synced.")
    since = reach_back(range_name)
    sync = Sync.objects.select_for_update().get(mailbox_id=mailbox.pk)
    if current(mailbox.pk):
        raise Expected("An import of this mailbox is under way. Cancel it to choose another range.")
    # Widening reaches further; a shorter range than before takes nothing away.
    sync.since = None if since is None or sync.since is None else min(sync.since, since)
    sync.save(update_fields=["since"])
    backfill: Backfill = Backfill.objects.create(
        mailbox_id=mailbox.pk, range_name=range_name, since=since
    )
    wake(sync)
    return backfill


def covered(mailbox: Mailbox) -> datetime | None:
    """How far back everything should be here: what came in since connecting, and imports that
    were not canceled. None is everything."""
    runs = Backfill.objects.filter(mailbox_id=mailbox.pk).exclude(state=Backfill.State.CANCELED)
    # By the provider's clock, mail from before connecting may look newer than that.
    reached = [mailbox.connected_at + SKEW, *runs.values_list("since", flat=True)]
    return None if None in reached else min(reached)


def reach_back(range_name: str) -> datetime | None:
    """The moment a range begins at, from now."""
    span = RANGES[range_name][1]
    return clock.now() - span if span else None


def current(mailbox_id: int) -> Backfill | None:
    """The backfill that has not ended, if any."""
    return Backfill.objects.filter(OPEN, mailbox_id=mailbox_id).first()


def pause(mailbox_id: int) -> None:
    """Stop after the page in hand; new mail keeps arriving."""
    _steer(mailbox_id, Backfill.State.RUNNING, state=Backfill.State.PAUSED)


def resume(mailbox_id: int) -> None:
    """Go on where it stopped."""
    _steer(mailbox_id, Backfill.State.PAUSED, state=Backfill.State.RUNNING)
    wake(Sync.objects.get(mailbox_id=mailbox_id))


def cancel(mailbox_id: int) -> None:
    """End it. What came in stays; what was only listed is forgotten."""
    backfill = current(mailbox_id)
    if backfill is None:
        return
    backfill.state = Backfill.State.CANCELED
    backfill.ended_at = clock.now()
    backfill.save(update_fields=["state", "ended_at"])
    listed = Copy.objects.filter(mailbox_id=mailbox_id, state=Copy.State.LISTED)
    listed = listed.filter(place__gte=listing.NEW_BELOW)
    # One that was gone and listed again still is where its message lies.
    listed.filter(message__isnull=False).update(state=Copy.State.GONE)
    listed.filter(message__isnull=True).delete()
    _tell(mailbox_id)


def list_page(hands: Hands, backfill: Backfill) -> None:
    """Read one page of ids and put them on the list."""
    window = Window(backfill.since, hands.followed)  # type: ignore[arg-type]
    try:
        page = hands.reader.page(window, backfill.page_token or None)
    except CursorExpired:
        with hands.transaction():
            list_again(hands.mailbox_id)
        return
    with hands.transaction():
        row = Backfill.objects.select_for_update().get(pk=backfill.pk)
        if row.state == Backfill.State.CANCELED:
            return
        put = listing.add(hands.mailbox_id, page.listed, place=row.listed_count)
        row.listed_count += len(page.listed)
        row.known_count += len(page.listed) - put
        row.page_token = page.next_token or ""
        row.listing_done = page.next_token is None
        row.estimate = max(row.estimate, page.estimate or 0, row.listed_count)
        row.save()
        _tell(hands.mailbox_id)


def list_again(mailbox_id: int) -> None:
    """Begin the listing of an open backfill anew; what is here stays."""
    rows = Backfill.objects.filter(OPEN, mailbox_id=mailbox_id)
    rows.update(page_token="", listing_done=False, listed_count=0, known_count=0)


def note(hands: Hands, seconds: float) -> None:
    """Count what a fetched batch did for the backfill, and tell open pages."""
    running = Backfill.objects.filter(mailbox_id=hands.mailbox_id, state=Backfill.State.RUNNING)
    running.update(worked_seconds=F("worked_seconds") + seconds)
    _tell(hands.mailbox_id)


def finish_if_done(hands: Hands, backfill: Backfill) -> bool:
    """End the backfill when its listing is complete and nothing of it waits any more."""
    with hands.transaction():
        row = Backfill.objects.select_for_update().get(pk=backfill.pk)
        if row.state != Backfill.State.RUNNING or not row.listing_done:
            return False
        waits = Copy.objects.filter(mailbox_id=hands.mailbox_id, state=Copy.State.LISTED)
        if waits.exists():
            return False
        row.state, row.ended_at = Backfill.State.DONE, clock.now()
        row.save(update_fields=["state", "ended_at"])
        Sync.objects.filter(pk=hands.sync_id).update(audit_at=None)  # whether it is all here
        _tell(hands.mailbox_id)
        return True


@dataclass(frozen=True, slots=True)
class Counts:
    """How many copies of a mailbox are not settled: new mail and past still to fetch, set aside."""

    arriving: int = 0
    waiting: int = 0
    stuck: int = 0


def count(mailbox_ids: Iterable[int]) -> dict[int, Counts]:
    """The counts of these mailboxes, in two queries, each over a small index; none is all zero."""
    copies = Copy.objects.filter(mailbox_id__in=list(mailbox_ids)).values("mailbox_id")
    listed = copies.filter(state=Copy.State.LISTED).annotate(
        arriving=Count("id", filter=Q(place__lt=listing.NEW_BELOW)),
        waiting=Count("id", filter=Q(place__gte=listing.NEW_BELOW)),
    )
    aside = copies.filter(state=Copy.State.STUCK).annotate(stuck=Count("id"))
    found: dict[int, dict[str, int]] = {}
    for row in [*listed, *aside]:
        found.setdefault(row.pop("mailbox_id"), {}).update(row)
    return {mailbox_id: Counts(**numbers) for mailbox_id, numbers in found.items()}


def progress(backfill: Backfill, counts: Counts | None = None) -> Progress:
    """Where a backfill stands, counted from the copies themselves unless they are counted."""
    if counts is None:
        counts = count([backfill.mailbox_id]).get(backfill.mailbox_id, Counts())
    ended = backfill.state in {Backfill.State.DONE, Backfill.State.CANCELED}
    waiting = 0 if ended else counts.waiting
    done = max(0, backfill.listed_count - waiting)
    exact = backfill.listing_done
    total = backfill.listed_count if exact else max(backfill.estimate, backfill.listed_count)
    percent = 100 if backfill.state == Backfill.State.DONE else _percent(done, total)
    return Progress(
        backfill=backfill,
        label=RANGES[backfill.range_name][0],
        done=done,
        total=total,
        exact=exact,
        percent=percent,
        seconds_left=_seconds_left(backfill, done, total),
        waiting=waiting,
        stuck=counts.stuck,
    )


def wake(sync: Sync) -> None:
    """Have a worker look at this mailbox now."""
    now = clock.now()
    Sync.objects.filter(pk=sync.pk).update(due_at=now)
    jobs.nudge("sync.advance", workspace_id=sync.workspace_id, sync_id=sync.pk)


def _percent(done: int, total: int) -> int:
    return min(99, done * 100 // total) if total else 0


def _seconds_left(backfill: Backfill, done: int, total: int) -> int | None:
    """From the pace so far; None until there is one."""
    fetched = done - backfill.known_count
    if backfill.state != Backfill.State.RUNNING or fetched < 1 or backfill.worked_seconds <= 0:
        return None
    return int((total - done) * backfill.worked_seconds / fetched)


def _steer(mailbox_id: int, before: str, *, state: str) -> None:
    moved = Backfill.objects.filter(mailbox_id=mailbox_id, state=before).update(state=state)
    if moved:
        _tell(mailbox_id)


def _tell(mailbox_id: int) -> None:
    live.tell(f"mailbox-{mailbox_id}")
