"""What one slice of work on a mailbox holds: its lease, its provider, and facts about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx2
from django.conf import settings
from django.db.models import F

from mailweave.kit import clock, http, lease, scope
from mailweave.mail.models import Folder, Mailbox
from mailweave.providers import kinds
from mailweave.providers.base import Budget, Provider, Reader, Watcher, Writer
from mailweave.providers.errors import ProviderError
from mailweave.sync import grants
from mailweave.sync.models import Sync

NETWORK: httpx2.BaseTransport | None = None
"""What outgoing calls go through; None is the network. Tests put a server of their own here."""


@dataclass(slots=True)
class Hands:
    """One worker's hold on one mailbox."""

    workspace_id: int
    sync_id: int
    mailbox_id: int
    token: str
    reader: Reader
    writer: Writer
    web: httpx2.Client
    budget: Budget
    followed: frozenset[str]
    since: datetime | None
    watcher: Watcher | None = None
    roles: dict[str, str] = field(default_factory=dict)
    spent_before: int = 0

    @property
    def sent_ids(self) -> frozenset[str]:
        """The folders that hold mail sent from here."""
        return frozenset(key for key, role in self.roles.items() if role == "sent")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction in the mailbox's workspace, if the lease is still ours; books the quota.

        Raises lease.LeaseLostError when another worker took over: nothing is written then.
        """
        with scope.workspace(self.workspace_id):
            lease.check(Sync.objects.all(), self.sync_id, self.token)
            yield
            if self.budget.spent != self.spent_before:
                self.book()

    def answers(self) -> bool:
        """Whether the provider is there at all: in an outage no message is to blame."""
        try:
            self.reader.profile()
        except ProviderError:
            return False
        return True

    def close(self) -> None:
        """Give back the connections to the provider."""
        self.web.close()

    def book(self) -> None:
        """Write what was spent of the quota, so that the next slice keeps the pace."""
        spent, self.spent_before = self.budget.spent - self.spent_before, self.budget.spent
        Sync.objects.filter(pk=self.sync_id).update(
            budget_level=self.budget.level,
            budget_at=self.budget.at,
            units_spent=F("units_spent") + spent,
        )

    def read_folders(self) -> None:
        """Ask for the folders and keep them."""
        remote = self.reader.folders()
        given = {one.remote_id: (one.name[:255], one.role, one.hidden) for one in remote}
        with self.transaction():
            rows = Folder.objects.filter(mailbox_id=self.mailbox_id)
            known = {one.remote_id: (one.name, one.role, one.hidden) for one in rows}
            if gone := known.keys() - given.keys():
                rows.filter(remote_id__in=gone).delete()
            Folder.objects.bulk_create(
                [
                    Folder(
                        mailbox_id=self.mailbox_id,
                        remote_id=one,
                        name=name,
                        role=role,
                        hidden=hidden,
                    )
                    for one, (name, role, hidden) in given.items()
                    if known.get(one) != (name, role, hidden)
                ],
                update_conflicts=True,
                unique_fields=["workspace_id", "mailbox", "remote_id"],
                update_fields=["name", "role", "hidden"],
            )
        self.roles = {folder.remote_id: folder.role for folder in remote}


def reach(sync: Sync, mailbox: Mailbox, token: str) -> Hands:
    """Hands on a mailbox whose lease we hold. Asks nothing of the provider yet."""
    web = http.client(transport=NETWORK)
    try:
        grant = grants.open_grant(mailbox.workspace_id, mailbox.pk, mailbox.kind, web)
    except BaseException:
        web.close()
        raise
    budget = make_budget(mailbox.kind, sync.budget_level, sync.budget_at)
    provider = kinds.connect(
        mailbox.kind,
        endpoints=settings.PROVIDER_ENDPOINTS[mailbox.kind],
        access_token=grant.access_token,
        refresh=grant.refresh,
        budget=budget,
        web=web,
        account_id=mailbox.remote_account_id,
        shared_address=mailbox.shared_address,
    )
    with scope.workspace(mailbox.workspace_id):
        folders = Folder.objects.filter(mailbox_id=mailbox.pk).values_list("remote_id", "role")
        roles = dict(folders)
    return Hands(
        workspace_id=mailbox.workspace_id,
        sync_id=sync.pk,
        mailbox_id=mailbox.pk,
        token=token,
        reader=provider.reader,
        writer=provider.writer,
        web=web,
        budget=budget,
        followed=frozenset(mailbox.followed_roles),
        since=sync.since,
        watcher=provider.watcher,
        roles=roles,
    )


def make_budget(kind: str, level: float, at: datetime | None) -> Budget:
    """The quota bucket of a mailbox, from where its row left it."""
    described = kinds.describe(kind)
    share = settings.PROVIDER_UNITS_PER_MINUTE[kind] / described.units_per_minute
    burst = described.units_at_once * share
    now = clock.now()
    return Budget(
        rate=described.units_per_second * share,
        burst=burst,
        level=level if at else burst,
        at=at or now,
    )


@contextmanager
def visit(workspace_id: int, mailbox_id: int, *, timeout: float = 30.0) -> Iterator[Provider]:
    """A mailbox's provider for a person who waits, whatever the import's pace; the cost is booked.

    No lease is taken, so nothing of the engine's may be written by what is told. ``timeout`` is how
    many seconds a silence may last. Raises AuthExpired if the mailbox must be reconnected.
    """
    with scope.workspace(workspace_id):
        mailbox = Mailbox.objects.get(pk=mailbox_id)
    budget = Budget(rate=0, burst=0, level=0, at=clock.now())
    with http.client(transport=NETWORK, timeout=timeout) as web:
        grant = grants.open_grant(workspace_id, mailbox.pk, mailbox.kind, web)
        provider = kinds.connect(
            mailbox.kind,
            endpoints=settings.PROVIDER_ENDPOINTS[mailbox.kind],
            access_token=grant.access_token,
            refresh=grant.refresh,
            budget=budget,
            web=web,
            account_id=mailbox.remote_account_id,
            shared_address=mailbox.shared_address,
        )
        try:
            yield provider
        finally:
            with scope.workspace(workspace_id):
                rows = Sync.objects.filter(mailbox_id=mailbox.pk)
                rows.update(units_spent=F("units_spent") + budget.spent)
