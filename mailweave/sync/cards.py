"""A mailbox as its card shows it: health, progress and what can be done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from mailweave.kit import clock
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.sync import asking, backfill, health, trouble
from mailweave.sync.backfill import Counts, Progress
from mailweave.sync.health import Health
from mailweave.sync.models import Backfill, Sync

LONG = timedelta(seconds=60)
"""After this long without an answer a card says that no worker seems to run."""


@dataclass(frozen=True, slots=True)
class Card:
    """Everything one card says."""

    mailbox: Mailbox
    sync: Sync | None
    health: Health
    progress: Progress | None
    last: Backfill | None
    counts: Counts
    mine: bool

    @property
    def held(self) -> bool:
        """Whether something makes us wait: the provider, or our back-off after a failure."""
        return bool(self.sync and self.sync.held_until and self.sync.held_until > clock.now())

    @property
    def needs_owner(self) -> bool:
        """Whether nothing goes on until the owner reconnects."""
        return bool(self.sync and self.sync.problem in trouble.PERSONS_MOVE)

    @property
    def asks_admin(self) -> bool:
        """Whether an administrator has to allow us first, and can be sent a link for it."""
        wanting = self.sync is not None and self.sync.problem == Sync.Problem.ADMIN
        return wanting and asking.offered(self.mailbox.kind)

    @property
    def working(self) -> bool:
        """Whether a round somebody asked for is under way: changes to read or new mail to fetch."""
        if self.sync is None or self.held or self.needs_owner or self.mailbox.disconnected_at:
            return False
        return bool(self.sync.wanted_at or self.counts.arriving)

    @property
    def unanswered(self) -> bool:
        """Whether a round is asked for and nobody has taken it up for long."""
        wanted_at = self.sync.wanted_at if self.sync else None
        return bool(self.working and wanted_at and clock.now() - wanted_at > LONG)


def of_kind(kind: str, member: Member) -> list[Card]:
    """The cards of a provider's mailboxes in this workspace, in the order they were connected."""
    rows = Mailbox.objects.filter(kind=kind).select_related("owner").order_by("pk")
    return make(rows, member)


def of_mailbox(mailbox: Mailbox, member: Member) -> Card:
    """The card of one mailbox."""
    return make([mailbox], member)[0]


def make(mailboxes: Iterable[Mailbox], member: Member) -> list[Card]:
    """Cards for these mailboxes; the number of queries is the same for any number of them."""
    rows = list(mailboxes)
    ids = [row.pk for row in rows]
    syncs = {row.mailbox_id: row for row in Sync.objects.filter(mailbox_id__in=ids)}
    runs = Backfill.objects.filter(mailbox_id__in=ids).order_by("mailbox_id", "-pk")
    latest = {row.mailbox_id: row for row in runs.distinct("mailbox_id")}
    counts = backfill.count(ids)
    return [
        _card(row, syncs.get(row.pk), latest.get(row.pk), counts.get(row.pk, Counts()), member)
        for row in rows
    ]


def _card(
    mailbox: Mailbox, sync: Sync | None, last: Backfill | None, counts: Counts, member: Member
) -> Card:
    ended = {Backfill.State.DONE, Backfill.State.CANCELED}
    runs = last is not None and last.state not in ended
    return Card(
        mailbox=mailbox,
        sync=sync,
        health=health.judge(mailbox, sync),
        progress=backfill.progress(last, counts) if last and runs else None,
        last=last,
        counts=counts,
        mine=mailbox.owner_id == member.user_id,
    )
