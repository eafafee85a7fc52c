"""When the provider has forgotten our cursor: list again, compare, and repair, without a hole.

A fresh cursor is taken first, so nothing that happens meanwhile is missed. Pages of the listing
put unknown messages on the list and mark known ones; stored copies that no page named are asked
for one by one: those that answer "missing" are gone, the others are stored as they are now.
"""

from mailweave.kit import clock
from mailweave.mail import store, threads
from mailweave.providers.base import Window
from mailweave.sync import changes, fetching, listing
from mailweave.sync.hands import Hands
from mailweave.sync.models import Sync


def begin(hands: Hands) -> None:
    """Take a fresh cursor and start listing."""
    profile = hands.reader.profile()
    with hands.transaction():
        row = Sync.objects.get(pk=hands.sync_id)
        row.reconcile_cursor = profile.cursor
        row.reconcile_token = ""
        row.reconcile_listed = False
        row.following_since = clock.now()
        row.listing += 1
        row.save()


def step(hands: Hands, sync: Sync) -> None:
    """Do the next piece: catch up with the fresh cursor, list a page, look at doubtful copies, end.

    The cursor first: what happens while we list must be told by it.
    """
    if sync.following_since:
        changes.follow(hands, sync.reconcile_cursor, reconciling=True)
        return
    if not sync.reconcile_listed:
        _list_page(hands, sync)
        return
    with hands.transaction():
        doubtful = listing.unlisted(hands.mailbox_id, sync.listing, sync.since, fetching.PAGE)
    if doubtful:
        fetching.fetch(hands, doubtful)
        with hands.transaction():
            listing.mark(hands.mailbox_id, [one.remote_id for one in doubtful], sync.listing)
        return
    _end(hands)


def _list_page(hands: Hands, sync: Sync) -> None:
    window = Window(sync.since, hands.followed)  # type: ignore[arg-type]
    page = hands.reader.page(window, sync.reconcile_token or None)
    with hands.transaction():
        listing.add_new(hands.mailbox_id, page.listed)
        listing.mark(hands.mailbox_id, [one.remote_id for one in page.listed], sync.listing)
        row = Sync.objects.get(pk=hands.sync_id)
        row.reconcile_token = page.next_token or ""
        row.reconcile_listed = page.next_token is None
        row.save(update_fields=["reconcile_token", "reconcile_listed"])


def _end(hands: Hands) -> None:
    """Take over what is unread now, and follow changes from the fresh cursor."""
    unseen = {one for page in hands.reader.state_of("unseen") for one in page}
    flagged = {one for page in hands.reader.state_of("flagged") for one in page}
    with hands.transaction():
        store.hold()
        touched = listing.set_unseen(hands.mailbox_id, unseen)
        listing.set_flagged(hands.mailbox_id, flagged)
        threads.refresh(touched)
        row = Sync.objects.get(pk=hands.sync_id)
        row.cursor, row.reconcile_cursor = row.reconcile_cursor, ""
        row.wanted_at = clock.now()
        row.save(update_fields=["cursor", "reconcile_cursor", "wanted_at"])
