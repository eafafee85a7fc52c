"""What the provider says is gone: it stays as it is for a while, then is asked for once more.

::

    stored --"it is gone"--> stored, missing --ten minutes and a round later, asked--> gone
       ^                        |                                                |
       '-- told of again -------'--------- there after all ----------------------'

A message that is moved leaves one folder and comes into another, which may be told rounds apart;
and what a provider tells may be out of date. So nobody's mail looks deleted that is not.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet

from mailweave.kit import clock, live
from mailweave.mail import store, threads
from mailweave.mail.models import Copy
from mailweave.providers.base import Missing, StateChange, Unreadable
from mailweave.providers.errors import ProviderError
from mailweave.sync import listing
from mailweave.sync.hands import Hands
from mailweave.sync.models import Sync

GRACE = timedelta(minutes=10)
MOST = 200
"""Messages that are asked for in one step."""

_NOTHING_TO_SHOW = (Copy.State.SKIPPED, Copy.State.STUCK)


def note(mailbox_id: int, remote_ids: Collection[str]) -> None:
    """The provider says that these are gone. What waits to be fetched will be asked for anyway."""
    if not remote_ids:
        return
    listing.doubt(mailbox_id, remote_ids)
    listing.lose(mailbox_id, remote_ids, _NOTHING_TO_SHOW)


def noted(mailbox_id: int, remote_ids: Collection[str]) -> set[str]:
    """Which of these the provider said are gone."""
    found = _missing(mailbox_id).filter(remote_id__in=remote_ids)
    return set(found.values_list("remote_id", flat=True))


def due(missing_since: datetime | None) -> datetime | None:
    """When the copy that has been missing for longest is to be asked for, or a round before it."""
    return missing_since + GRACE if missing_since else None


def needs_round(polled_at: datetime, missing_since: datetime | None, now: datetime) -> bool:
    """Whether a copy is to be asked for of which one more round might still tell something."""
    at = due(missing_since)
    return at is not None and at <= now and polled_at <= at - GRACE


def waiting(sync: Sync) -> list[str]:
    """The next copies to ask for, by remote id."""
    if sync.polled_at is None:
        return []
    before = min(sync.polled_at, clock.now() - GRACE)
    rows = _missing(sync.mailbox_id).filter(missing_since__lte=before)
    return list(rows.values_list("remote_id", flat=True)[:MOST])


def confirm(hands: Hands, remote_ids: Collection[str]) -> None:
    """Ask for these: what is missing is gone, what is there is taken over as it is now."""
    answers: list[StateChange | Missing | Unreadable] = []
    failure: ProviderError | None = None
    try:
        answers.extend(hands.reader.states(list(remote_ids)))
    except ProviderError as error:
        failure = error
    _settle(hands, answers)
    if failure:
        raise failure


def _settle(hands: Hands, answers: Collection[StateChange | Missing | Unreadable]) -> None:
    here = [one for one in answers if isinstance(one, StateChange)]
    gone = [one.remote_id for one in answers if isinstance(one, Missing)]
    unclear = [one.remote_id for one in answers if isinstance(one, Unreadable)]
    with hands.transaction():
        store.hold()
        touched = listing.change(hands.mailbox_id, here)
        touched |= listing.lose(hands.mailbox_id, gone, [Copy.State.STORED])
        listing.doubt(hands.mailbox_id, unclear, again=True)
        threads.refresh(touched)
        if touched:
            live.tell(f"mailbox-{hands.mailbox_id}", "mail")


def _missing(mailbox_id: int) -> QuerySet[Copy]:
    rows: QuerySet[Copy] = Copy.objects.filter(mailbox_id=mailbox_id, missing_since__isnull=False)
    return rows.order_by("missing_since")
