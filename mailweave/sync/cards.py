"""A mailbox as its card shows it: health, progress and what can be done."""

from collections.abc import Iterable
from dataclasses import dataclass

from mailweave.mail.models import Copy, Mailbox
from mailweave.people.access import Member
from mailweave.sync import backfill, health
from mailweave.sync.backfill import Progress
from mailweave.sync.health import Health
from mailweave.sync.models import Backfill, Sync


@dataclass(frozen=True, slots=True)
class Card:
    """Everything one card says."""

    mailbox: Mailbox
    sync: Sync | None
    health: Health
    progress: Progress | None
    last: Backfill | None
    stuck: int
    mine: bool

    @property
    def working(self) -> bool:
        """Whether a round of changes is asked for and not answered yet."""
        return bool(self.sync and self.sync.wanted_at and not self.sync.problem)


def of_kind(kind: str, member: Member) -> list[Card]:
    """The cards of a provider's mailboxes in this workspace, in the order they were connected."""
    rows = Mailbox.objects.filter(kind=kind).select_related("owner").order_by("pk")
    return make(rows, member)


def of_mailbox(mailbox: Mailbox, member: Member) -> Card:
    """The card of one mailbox."""
    return make([mailbox], member)[0]


def make(mailboxes: Iterable[Mailbox], member: Member) -> list[Card]:
    """Cards for these mailboxes, with a fixed number of queries and one a running backfill."""
    rows = list(mailboxes)
    ids = [row.pk for row in rows]
    syncs = {row.mailbox_id: row for row in Sync.objects.filter(mailbox_id__in=ids)}
    latest: dict[int, Backfill] = {}
    for one in Backfill.objects.filter(mailbox_id__in=ids).order_by("pk"):
        latest[one.mailbox_id] = one
    stuck: dict[int, int] = {}
    for mailbox_id in Copy.objects.filter(mailbox_id__in=ids, state=Copy.State.STUCK).values_list(
        "mailbox_id", flat=True
    ):
        stuck[mailbox_id] = stuck.get(mailbox_id, 0) + 1
    return [
        Card(
            mailbox=row,
            sync=syncs.get(row.pk),
            health=health.judge(row, syncs.get(row.pk)),
            progress=_progress(latest.get(row.pk)),
            last=latest.get(row.pk),
            stuck=stuck.get(row.pk, 0),
            mine=row.owner_id == member.user_id,
        )
        for row in rows
    ]


def _progress(found: Backfill | None) -> Progress | None:
    if found is None or found.state in {Backfill.State.DONE, Backfill.State.CANCELED}:
        return None
    return backfill.progress(found)
