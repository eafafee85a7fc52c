"""Where a provider tells us of changes as they come: which subscriptions stand, and for how long.

::

    missing --> standing --> renewed, each day at least ... --> ended: no longer followed,
        ^          |                                            or the mailbox is disconnected
        '----------'
         the provider has dropped it, or notices have to go somewhere else
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from mailweave.kit import clock
from mailweave.mail import policy
from mailweave.mail.models import Mailbox
from mailweave.providers.base import Hook, Watch
from mailweave.sync import notices
from mailweave.sync.models import Subscription, Sync, Wakeup

RENEW = timedelta(days=1)
"""A subscription is renewed after a third of its life, and after this time at the latest."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The subscriptions of a mailbox, as of now. ``due_at`` is None while there are none."""

    count: int = 0
    is_whole: bool = False
    """Whether all of them stand and lead here."""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for a mailbox that nobody asks for."""

    pause: timedelta
    """How long after a round the next poll is, whatever notices say."""
    due_at: datetime | None
    """When subscriptions have to be made, renewed or ended; None while there is nothing to do."""


def offered(kind: str) -> bool:
    """Whether this installation can be told of changes to mailboxes of this kind."""
    return bool(settings.PUSH_URL) and all(
        kind not in given or given[kind] for given in (settings.PUSH_TOPICS, settings.PUSH_ACCOUNTS)
    )


def hook(mailbox: Mailbox) -> Hook:
    """Where the notices of a mailbox go. Where there is a topic, they are signed instead."""
    url = f"{settings.PUSH_URL}/hooks/{mailbox.kind}/"
    if topic := settings.PUSH_TOPICS.get(mailbox.kind, ""):
        return Hook(url, topic=topic)
    secret = notices.make_secret(mailbox.workspace_id, mailbox.pk)
    return Hook(url, lifecycle_url=f"{url}lifecycle/", secret=secret)


def keep(mailbox: Mailbox, watch: Watch) -> None:
    """Write down that this one stands from now on."""
    now = clock.now()
    Subscription.objects.update_or_create(
        mailbox_id=mailbox.pk,
        resource=watch.resource,
        defaults={
            "remote_id": watch.remote_id,
            "address": mailbox.address.lower(),
            "made_for": mark(mailbox),
            "made_at": now,
            "renew_at": now + min((watch.expires_at - now) / 3, RENEW),
            "expires_at": watch.expires_at,
        },
    )


def mark(mailbox: Mailbox) -> str:
    """A print of where notices go and how they prove themselves."""
    made = hook(mailbox)
    parts = [made.topic] if made.topic else [made.url, made.secret]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def standing(mailboxes: Collection[Mailbox]) -> dict[int, Standing]:
    """How the subscriptions of each of these are, in one query; one without any is left out."""
    ours = {box.pk: mark(box) for box in mailboxes if offered(box.kind)}
    if not ours:
        return {}
    now = clock.now()
    found: dict[int, Standing] = {}
    rows = Subscription.objects.filter(mailbox_id__in=ours)
    for pk, made_for, renew_at, expires_at in rows.values_list(
        "mailbox_id", "made_for", "renew_at", "expires_at"
    ):
        leads_here = made_for == ours[pk]
        due = renew_at if leads_here else now
        known = found.get(pk, Standing(0, is_whole=True, due_at=due))
        found[pk] = Standing(
            known.count + 1,
            is_whole=known.is_whole and leads_here and expires_at > now,
            due_at=min(known.due_at or due, due),
        )
    return found


def plan(sync: Sync, mailbox: Mailbox, rules: policy.Standing) -> Plan:
    """What follows for a mailbox from its workspace's policy and from what stands; one query."""
    found = standing([mailbox]).get(mailbox.pk, Standing())
    is_told = rules.wants_push and found.is_whole and not sync.push_problem
    wanted = rules.wants_push and offered(mailbox.kind)
    due_at = None
    if wanted or found.count:
        due_at = sync.push_retry_at or (found.due_at if wanted else None) or clock.now()
    return Plan(rules.pause(is_told=is_told), due_at)


def look(mailbox_id: int) -> None:
    """Have them looked at now: renewed, and made for what is followed by now."""
    Subscription.objects.filter(mailbox_id=mailbox_id).update(renew_at=clock.now())
    Sync.objects.filter(mailbox_id=mailbox_id).update(push_retry_at=None)


def forget(mailbox_id: int) -> None:
    """Forget what was subscribed to, and notices that nobody has taken up."""
    Subscription.objects.filter(mailbox_id=mailbox_id).delete()
    Wakeup.objects.filter(mailbox_id=mailbox_id).delete()
    Sync.objects.filter(mailbox_id=mailbox_id).update(
        push_problem="", push_retry_at=None, again=None, again_at=None
    )
