"""Following a mailbox from its cursor. The cursor moves with what it covers, in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from mailweave.kit import clock, live
from mailweave.mail import store, threads
from mailweave.mail.models import Copy
from mailweave.providers.base import Changes, Listed, StateChange
from mailweave.sync import filter as rules
from mailweave.sync import listing
from mailweave.sync.hands import Hands
from mailweave.sync.models import Sync


def follow(hands: Hands, cursor: str) -> bool:
    """Take over one page of changes; says whether there are more. Raises CursorExpired.

    New mail is put on the list to be fetched next; state is written at once; what the provider
    deleted is marked gone, and its message stays.
    """
    asked_at = clock.now()
    changes = hands.reader.changes(cursor)
    created, updated = _sort(changes)
    with hands.transaction():
        store.hold()  # before any copy is touched, as whoever stores does
        known = _known(hands, [one.remote_id for one in [*created, *updated]])
        new = [one for one in created if known.get(one.remote_id) in {None, Copy.State.SKIPPED}]
        came = [one for one in updated if known.get(one.remote_id) in {None, Copy.State.SKIPPED}]
        _take_up(hands, [*new, *came])
        touched = listing.change(hands.mailbox_id, [*created, *updated])
        touched |= _lose(hands, changes.destroyed)
        threads.refresh(touched)
        _move(hands, changes, len(touched), asked_at)
        if touched:
            live.tell(f"mailbox-{hands.mailbox_id}", "mail")
    return changes.has_more


def _sort(changes: Changes) -> tuple[list[StateChange], list[StateChange]]:
    """Changes without what was destroyed in the same stretch."""
    destroyed = set(changes.destroyed)
    created = [one for one in changes.created if one.remote_id not in destroyed]
    updated = [one for one in changes.updated if one.remote_id not in destroyed]
    return created, updated


def _known(hands: Hands, remote_ids: Sequence[str]) -> dict[str, str]:
    rows = Copy.objects.filter(mailbox_id=hands.mailbox_id, remote_id__in=remote_ids)
    return dict(rows.values_list("remote_id", "state"))


def _take_up(hands: Hands, changes: Sequence[StateChange]) -> None:
    """List what the rules take in; note what they leave out, drafts excepted: a draft is no
    message yet, and every keystroke would leave a row."""
    wanted, skipped = [], []
    for change in changes:
        reason = rules.judge(change.folder_ids, hands.roles, hands.followed)
        if not reason:
            wanted.append(Listed(change.remote_id, change.remote_thread_id))
        elif reason != rules.NEVER["drafts"]:
            skipped.append(
                Copy(
                    mailbox_id=hands.mailbox_id,
                    remote_id=change.remote_id,
                    remote_thread_id=change.remote_thread_id,
                    state=Copy.State.SKIPPED,
                    reason=reason,
                )
            )
    listing.add_new(hands.mailbox_id, wanted)
    Copy.objects.bulk_create(skipped, ignore_conflicts=True)


def _lose(hands: Hands, remote_ids: Sequence[str]) -> set[int]:
    """Mark copies gone; returns the threads they were in."""
    copies = Copy.objects.filter(mailbox_id=hands.mailbox_id, remote_id__in=remote_ids)
    touched = set(copies.filter(thread__isnull=False).values_list("thread_id", flat=True))
    copies.exclude(state=Copy.State.GONE).update(
        state=Copy.State.GONE, reason="It was deleted at the provider."
    )
    return touched


def _move(hands: Hands, changes: Changes, changed: int, asked_at: datetime) -> None:
    row = Sync.objects.get(pk=hands.sync_id)
    row.cursor = changes.cursor
    row.last_changed += changed
    if not changes.has_more:
        row.polled_at = row.last_synced_at = asked_at
        # A wish that came while we were asking is about something newer: keep it.
        if row.wanted_at and row.wanted_at <= asked_at:
            row.wanted_at = None
    row.save(update_fields=["cursor", "last_changed", "polled_at", "last_synced_at", "wanted_at"])
