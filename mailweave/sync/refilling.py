"""Fetching again what was not kept of messages before, now that more may be: the last of all work.

The copies stay stored and seen meanwhile. What the provider cannot give now stays as it is, and can
be asked for again.
"""

from django.db.models import Q, QuerySet

from mailweave.kit import clock, live
from mailweave.mail import policy
from mailweave.mail.models import Copy, Policy
from mailweave.mail.policy import Standing
from mailweave.providers.base import Listed
from mailweave.providers.errors import Unavailable
from mailweave.sync import backfill, fetching, purging
from mailweave.sync.hands import Hands
from mailweave.sync.models import Refill, Sync

BATCH = 250


def thinner_than(rule: Standing, prefix: str = "") -> Q:
    """Messages of which less is kept than ``rule`` allows; ``prefix`` leads to the message."""
    order = ["headers", "snippet", "full"]
    thin = Q(**{f"{prefix}kept__in": order[: order.index(rule.body)]})
    if rule.attachments == Policy.Attachments.METADATA:
        thin |= Q(**{f"{prefix}parts_kept": False})
    return thin


def start(mailbox_id: int) -> bool:
    """Begin with a mailbox, if anything of it is kept short."""
    total = _thin(mailbox_id, 0).count()
    if total:
        Refill.objects.update_or_create(
            mailbox_id=mailbox_id,
            ended_at=None,
            defaults={"position": 0, "total": total, "done": 0, "started_at": clock.now()},
        )
        backfill.wake(Sync.objects.get(mailbox_id=mailbox_id))
    return bool(total)


def current(mailbox_id: int) -> Refill | None:
    """What is under way in a mailbox."""
    return Refill.objects.filter(mailbox_id=mailbox_id, ended_at=None).first()


def step(hands: Hands, refill: Refill) -> None:
    """Fetch the next batch, or end."""
    with hands.transaction():
        rows = list(_thin(hands.mailbox_id, refill.position).order_by("pk")[:BATCH])
    wanted = [Listed(one.remote_id, one.remote_thread_id, one.received_at) for one in rows]
    try:
        if wanted:
            fetching.fetch(hands, wanted)
    except Unavailable:
        _move(hands, refill, rows)  # one message that always fails must not hold up the others
        raise
    _move(hands, refill, rows)


def _thin(mailbox_id: int, position: int) -> QuerySet[Copy]:
    rows = Copy.objects.filter(mailbox_id=mailbox_id, state=Copy.State.STORED, pk__gt=position)
    return rows.filter(thinner_than(policy.current(), "message__"))


def _move(hands: Hands, refill: Refill, rows: list[Copy]) -> None:
    with hands.transaction():
        row = Refill.objects.get(pk=refill.pk)
        row.position = rows[-1].pk if rows else row.position
        row.done = max(row.done, row.total - _thin(hands.mailbox_id, row.position).count())
        row.ended_at = None if rows else clock.now()
        row.save()
        live.tell(purging.TOPIC)
