"""A mailbox as its card shows it: health, progress and what can be done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from mailweave.kit import clock
from mailweave.mail import policy
from mailweave.mail.models import Credential, Mailbox
from mailweave.people.access import Member
from mailweave.providers import kinds
from mailweave.sync import (
    asking,
    backfill,
    delegates,
    health,
    ledger,
    push,
    reports,
    subscriptions,
    trouble,
)
from mailweave.sync.backfill import Counts, Progress
from mailweave.sync.health import Health
from mailweave.sync.ledger import Status
from mailweave.sync.models import Backfill, Sync
from mailweave.sync.push import Push

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
    ledger: Status
    push: Push
    member: Member
    delegates: tuple[Mailbox, ...]
    """With whose permission a shared mailbox can be opened."""
    opens_shared: bool
    """Whether its own permission covers shared mailboxes."""
    ends_at: datetime | None
    """When its permission ends, if that is soon."""

    @property
    def mine(self) -> bool:
        """Whether it is shown to this member as theirs; a shared one is everybody's."""
        return self.mailbox.is_shared or self.mailbox.owner_id == self.member.user_id

    @property
    def may_change(self) -> bool:
        """Whether this member decides about it."""
        return delegates.decides(self.member, self.mailbox, self.delegates)

    @property
    def opened_by_me(self) -> bool:
        """Whether this member is the one who can renew the permission it is opened with."""
        holder = self.mailbox.delegate or self.mailbox
        return bool(holder.owner_id == self.member.user_id)

    @property
    def unshared(self) -> str:
        """Why no shared mailbox can be added with this one; empty if one can."""
        described = kinds.describe(self.mailbox.kind)
        if described.shared is None:
            return described.unshared
        return described.shared.why_not(self.mailbox.remote_account_id)

    @property
    def held(self) -> bool:
        """Whether something makes us wait: the provider, or our back-off after a failure."""
        return bool(self.sync and self.sync.held_until and self.sync.held_until > clock.now())

    @property
    def why_held(self) -> str:
        """What makes us wait, in words: what the provider asked, or what went wrong; or nothing."""
        if self.sync is None or not self.held:
            return ""
        if self.sync.held_reason == trouble.TRYING and self.sync.problem_text:
            return f"{self.sync.problem_text} We try again."
        return str(self.sync.held_reason)

    @property
    def needs_owner(self) -> bool:
        """Whether nothing goes on until the owner reconnects."""
        return bool(self.sync and self.sync.problem in trouble.PERSONS_MOVE)

    @property
    def awaits_operator(self) -> bool:
        """Whether the provider refuses our OAuth client: reconnecting would not help."""
        return bool(self.sync and self.sync.problem == Sync.Problem.OPERATOR)

    @property
    def may_reconnect(self) -> bool:
        """Whether reconnecting is offered."""
        trouble_of_its_own = bool(self.sync and self.sync.problem) and not self.awaits_operator
        return bool(self.mailbox.disconnected_at) or trouble_of_its_own or self.ends_at is not None

    @property
    def ends_why(self) -> str:
        """Why its provider may have given it a permission for days only."""
        return kinds.describe(self.mailbox.kind).short_lived

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
    return make(with_people(Mailbox.objects.filter(kind=kind).order_by("pk")), member)


def with_people(rows: QuerySet[Mailbox]) -> QuerySet[Mailbox]:
    """Mailboxes with everybody a card names."""
    return rows.select_related("owner", "delegate__owner")


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
    books = ledger.statuses(ids, backfill.count(ids))
    soon = Credential.objects.filter(refresh_expires_at__lt=clock.now() + reports.EARLY)
    ends = dict(soon.filter(mailbox_id__in=ids).values_list("mailbox_id", "refresh_expires_at"))
    offered, opens_shared = delegates.listed(ids), delegates.granted(rows)
    standing, rules = subscriptions.standing(rows), policy.current()
    cards = []
    for row in rows:
        sync, last = syncs.get(row.pk), latest.get(row.pk)
        count = books[row.pk].counts
        cards.append(
            Card(
                mailbox=row,
                sync=sync,
                health=health.judge(row, sync),
                progress=_progress(last, count),
                last=last,
                counts=count,
                ledger=books[row.pk],
                push=push.judge(row, sync, standing.get(row.pk), rules),
                member=member,
                delegates=tuple(offered[row.pk]),
                opens_shared=row.pk in opens_shared,
                ends_at=ends.get(row.pk),
            )
        )
    return cards


def _progress(last: Backfill | None, counts: Counts) -> Progress | None:
    ended = {Backfill.State.DONE, Backfill.State.CANCELED}
    runs = last is not None and last.state not in ended
    return backfill.progress(last, counts) if last and runs else None
