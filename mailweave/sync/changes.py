"""Following a mailbox from its cursor. The cursor moves with what it covers, in one transaction.

A round goes from asking until the provider has no more. It may take many pages, and until its last
``Sync.following_since`` says when it began.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from mailweave.kit import clock, live
from mailweave.mail import store, threads
from mailweave.mail.models import Copy
from mailweave.providers.base import Changes, Listed, StateChange
from mailweave.sync import backfill, deletions, listing, notices, subscriptions, unmatched
from mailweave.sync import filter as rules
from mailweave.sync.hands import Hands
from mailweave.sync.models import Sync

AGAIN = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
"""A notice may come before what it tells of can be read: when an empty round is asked again."""
_ONCE = len(AGAIN) + 1
"""In place of a number of times: the round was not empty, and is asked again once all the same."""


TOLD = timedelta(seconds=30)
"""How long what a round brought stands on the card, though another follows at once."""


def begin(hands: Hands) -> None:
    """Begin a round, and take up the notice it answers. Its counts start at zero, unless somebody
    asked, for whom they did then, or may not have been told yet what the last one brought.

    That must be before the provider is asked: a notice from then on is of something newer.
    """
    began = clock.now()
    known = set(hands.roles)
    hands.read_folders()
    with hands.transaction():
        rows = Sync.objects.filter(pk=hands.sync_id)
        told = Q(last_synced_at__isnull=True) | Q(last_synced_at__lt=began - TOLD)
        rows.filter(told, wanted_at__isnull=True).update(last_new=0, last_changed=0)
        rows.update(following_since=began, again_at=None)
        unmatched.look(rows.get())
        if set(hands.roles) != known:
            subscriptions.look(hands.mailbox_id)
        if notices.hear(hands.mailbox_id) and hands.watcher and hands.watcher.tells_early:
            rows.update(again=0)


def follow(hands: Hands, cursor: str, *, reconciling: bool = False) -> None:
    """Take over one page of changes after ``cursor``. Raises CursorExpired.

    New mail is put on the list to be fetched next; state is written at once; what the provider
    deleted is made sure of later: :mod:`mailweave.sync.deletions`. ``reconciling``: the cursor is
    the fresh one that will replace a lost one.
    """
    changes = hands.reader.changes(cursor)
    created, updated = _sort(changes)
    with hands.transaction():
        store.hold()  # before any copy is touched, as whoever stores does
        known = _known(hands, [one.remote_id for one in [*created, *updated]])
        new = [one for one in created if known.get(one.remote_id) in {None, Copy.State.SKIPPED}]
        came = [one for one in updated if known.get(one.remote_id) in {None, Copy.State.SKIPPED}]
        _take_up(hands, [*new, *came])
        touched = listing.change(hands.mailbox_id, [*created, *updated, *changes.present])
        deletions.note(hands.mailbox_id, changes.destroyed)
        threads.refresh(touched)
        _move(hands, changes, len(touched), reconciling=reconciling)
        if touched:
            live.tell(f"mailbox-{hands.mailbox_id}", "mail")
        if not changes.has_more:
            live.tell(f"mailbox-{hands.mailbox_id}")


def _sort(changes: Changes) -> tuple[list[StateChange], list[StateChange]]:
    """Changes without what was destroyed in the same stretch."""
    destroyed = set(changes.destroyed)
    created = [one for one in changes.created if one.remote_id not in destroyed]
    updated = [one for one in changes.updated if one.remote_id not in destroyed]
    return created, updated


def _known(hands: Hands, remote_ids: Sequence[str]) -> dict[str, str]:
    """The states of copies that are here; what was gone before it was fetched is not."""
    rows = Copy.objects.filter(mailbox_id=hands.mailbox_id, remote_id__in=remote_ids)
    never = Q(state=Copy.State.GONE, message__isnull=True)
    return dict(rows.exclude(never).values_list("remote_id", "state"))


def _take_up(hands: Hands, changes: Sequence[StateChange]) -> None:
    """List what the rules take in; note what they leave out, drafts excepted: a draft is no
    message yet, and every keystroke would leave a row."""
    wanted, skipped = [], []
    for change in changes:
        if change.received_at and rules.judge_age(change.received_at, hands.since):
            continue  # as with a listing, which does not even name it
        reason = rules.judge(change.folder_ids, hands.roles, hands.followed)
        if not reason:
            wanted.append(Listed(change.remote_id, change.remote_thread_id, change.received_at))
        elif reason != rules.NEVER["drafts"]:
            skipped.append(
                Copy(
                    mailbox_id=hands.mailbox_id,
                    remote_id=change.remote_id,
                    remote_thread_id=change.remote_thread_id,
                    state=Copy.State.SKIPPED,
                    reason=reason,
                    received_at=change.received_at,
                    named_at=clock.now(),
                    settled_at=clock.now(),
                )
            )
    listing.add_new(hands.mailbox_id, wanted)
    Copy.objects.bulk_create(skipped, ignore_conflicts=True)


def _move(hands: Hands, changes: Changes, changed: int, *, reconciling: bool) -> None:
    row = Sync.objects.get(pk=hands.sync_id)
    began = row.following_since or clock.now()
    row.last_changed += changed
    row.following_since = began if changes.has_more else None
    if row.again is not None and (changes.created or changes.updated or changes.destroyed):
        # The notice has kept its promise. What came in the second after it may go untold: Gmail
        # gives one notice a second.
        row.again = _ONCE if row.again in {0, _ONCE} else None
    if reconciling:
        row.reconcile_cursor = changes.cursor
    else:
        row.cursor = changes.cursor
        if not changes.has_more:
            _end(row, began)
    row.save()


def _end(row: Sync, began: datetime) -> None:
    """A round is over: what was wanted before it began is known now."""
    if row.polled_at is None:
        # What was moved while we were not listening yet may lie where the listing has been.
        backfill.list_again(row.mailbox_id)
    row.polled_at = row.last_synced_at = began
    if row.again is not None:
        tried, row.again = row.again, None
        if tried == _ONCE:
            row.again_at = clock.now() + AGAIN[0]
        elif tried < len(AGAIN):
            row.again, row.again_at = tried + 1, clock.now() + AGAIN[tried]
    # A wish that came while we were asking is about something newer: keep it.
    if row.wanted_at and row.wanted_at <= began:
        row.wanted_at = None
