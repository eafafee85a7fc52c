"""Every letter of a workspace, newest first: what its admins look into."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from mailweave.outbox.models import Outcome, Submission

State = Submission.State
Action = Outcome.Action
STATES: Mapping[str, tuple[str, ...]] = {
    "queued": (State.SCHEDULED, State.SENDING),
    "sent": (State.SENT,),
    "delayed": (State.SENT,),
    "bounced": (State.SENT,),
    "failed": (State.FAILED,),
    "unknown": (State.UNKNOWN,),
    "canceled": (State.CANCELED,),
}
"""What the list can be narrowed to. What was delayed or bounced was sent."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for: a word of :data:`STATES`, letters from one mailbox, by one writer."""

    state: str = ""
    mailbox_id: int | None = None
    author_id: int | None = None


def page(filters: Filters, before: int | None = None, limit: int = 50) -> list[Submission]:
    """Letters of the current workspace, those before number ``before``, newest first."""
    rows = Submission.objects.filter(_wanted(filters))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    rows = rows.select_related("draft", "mailbox", "author", "message")
    return list(rows.order_by("-pk")[:limit])


def _wanted(filters: Filters) -> Q:
    wanted = Q()
    if filters.state:
        wanted &= Q(state__in=STATES[filters.state])
    if filters.state == "bounced":
        wanted &= Q(Exists(_ended(Action.FAILED)))
    if filters.state == "delayed":
        wanted &= Q(Exists(_ended(Action.DELAYED))) & ~Q(Exists(_ended(Action.FAILED)))
    if filters.mailbox_id is not None:
        wanted &= Q(mailbox_id=filters.mailbox_id)
    if filters.author_id is not None:
        wanted &= Q(author_id=filters.author_id)
    return wanted


def _ended(action: str) -> QuerySet[Outcome]:
    """Recipients of a letter of whom this is the last word: as reports.outcomes has it."""
    others = Outcome.objects.filter(submission=OuterRef("submission"), address=OuterRef("address"))
    others = others.exclude(action=Action.DELAYED)
    later = others if action == Action.DELAYED else others.filter(pk__gt=OuterRef("pk"))
    rows: QuerySet[Outcome] = Outcome.objects.filter(submission=OuterRef("pk"), action=action)
    return rows.filter(~Exists(later))
