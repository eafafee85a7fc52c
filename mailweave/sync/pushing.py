"""Has providers tell us: makes, renews and ends subscriptions, as one step of the engine.

Nothing that fails here fails a mailbox: what is wrong is said in plain words and tried again, and
meanwhile polls are frequent.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError

from mailweave.kit import clock, live, scope
from mailweave.kit.lease import LeaseLostError
from mailweave.mail import policy
from mailweave.mail.models import Mailbox
from mailweave.providers.base import Watch, Watcher
from mailweave.providers.errors import ProviderError, RateLimited, Refused, Unavailable
from mailweave.sync import subscriptions
from mailweave.sync.hands import Hands
from mailweave.sync.models import Subscription, Sync

log = logging.getLogger(__name__)

SOON, LATER = timedelta(minutes=5), timedelta(hours=1)
"""When it is tried again after the network failed, and after a refusal."""
NEVER = timedelta(hours=24)
"""When a mailbox is looked at again that cannot be watched."""
UNWATCHED = "The provider gives no notice of what happens in this mailbox."


def step(hands: Hands, mailbox: Mailbox) -> None:
    """Bring the subscriptions of a mailbox in line with what is followed. Talks to the network."""
    if hands.watcher is None:
        _note(hands, UNWATCHED, clock.now() + NEVER)
        return
    try:
        trouble = _align(hands, hands.watcher, mailbox)
    except ProviderError as error:
        trouble = error
    except (LeaseLostError, DatabaseError):
        raise
    except Exception as error:
        log.exception("subscriptions of mailbox %s", mailbox.pk)
        trouble = Unavailable(f"Something unforeseen happened ({type(error).__name__}).")
    if trouble:
        _note(hands, str(trouble), _retry_at(trouble))
    else:
        _note(hands, "", None)


def end(watcher: Watcher | None, rows: Iterable[Subscription]) -> None:
    """Have the provider forget these subscriptions. Talks to the network."""
    if watcher:
        for row in rows:
            watcher.unwatch(_watch(row))


def _align(hands: Hands, watcher: Watcher, mailbox: Mailbox) -> ProviderError | None:
    """Folder by folder, each written down at once; returns the first folder's refusal, if any."""
    with scope.workspace(hands.workspace_id):
        is_wanted = policy.current().wants_push
        known = Subscription.objects.filter(mailbox_id=mailbox.pk)
        rows = {row.resource: row for row in known}
    wanted = watcher.resources(hands.followed) if is_wanted else []  # type: ignore[arg-type]
    refusal: ProviderError | None = None
    for resource in wanted:
        try:
            made = _tend(watcher, mailbox, resource, rows.get(resource))
        except Refused as error:
            refusal = refusal or error
            continue
        if made:
            with hands.transaction():
                subscriptions.keep(mailbox, made)
    for resource in rows.keys() - set(wanted):
        watcher.unwatch(_watch(rows[resource]))
        with hands.transaction():
            Subscription.objects.filter(pk=rows[resource].pk).delete()
    return refusal


def _tend(
    watcher: Watcher, mailbox: Mailbox, resource: str, row: Subscription | None
) -> Watch | None:
    """Make or renew one; None where nothing is to be done yet."""
    hook = subscriptions.hook(mailbox)
    if row is None:
        return watcher.watch(resource, hook)
    if row.made_for != subscriptions.mark(mailbox):
        watcher.unwatch(_watch(row))
        return watcher.watch(resource, hook)
    if row.renew_at > clock.now():
        return None
    return watcher.renew(_watch(row), hook)


def _watch(row: Subscription) -> Watch:
    return Watch(row.resource, row.remote_id, row.expires_at)


def _retry_at(error: ProviderError) -> datetime:
    if isinstance(error, RateLimited):
        return min(error.retry_at, clock.now() + NEVER)
    return clock.now() + (SOON if isinstance(error, Unavailable) else LATER)


def _note(hands: Hands, problem: str, retry_at: datetime | None) -> None:
    with hands.transaction():
        if not problem and not Subscription.objects.filter(mailbox_id=hands.mailbox_id).exists():
            retry_at = clock.now() + LATER  # nothing to watch yet
        row = Sync.objects.filter(pk=hands.sync_id)
        row.update(push_problem=problem[:500], push_retry_at=retry_at)
        live.tell(f"mailbox-{hands.mailbox_id}")
