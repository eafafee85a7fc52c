"""Adding a shared mailbox, and handing it to another delegate: tried at the provider first.

::

    nobody --> opened by a delegate <--> opened by another     what was stored stays, always
                     |    ^
                     v    |
                 disconnected       with its delegate's mailbox, or by itself
"""

from dataclasses import dataclass

import httpx2
from django.conf import settings

from mailweave.kit import clock, http, live, scope
from mailweave.kit.errors import Expected
from mailweave.mail.models import Credential, Folder, Mailbox
from mailweave.mime import address as addresses
from mailweave.people.access import Member
from mailweave.providers import kinds
from mailweave.providers.base import Budget, Profile
from mailweave.providers.errors import ProviderError
from mailweave.sync import connecting, delegates, grants, hands, outcomes, trouble
from mailweave.sync.grants import Grant
from mailweave.sync.models import Delegate, Sync


@dataclass(frozen=True, slots=True)
class Added:
    """A shared mailbox that answers. ``was_here``: it went on all the time, and has one more who
    can open it; ``was_known``: it is connected again and keeps all it had.
    """

    mailbox_id: int
    address: str
    was_here: bool
    was_known: bool


def add(member: Member, delegate: Mailbox, typed: str) -> Added:
    """The shared mailbox at the address ``typed``, opened with the permission of ``delegate``.

    Raises NotConnected, in words that say whose move it is; nothing is kept then. Talks to the
    network.
    """
    address = addresses.normalise(typed)
    if address is None:
        raise outcomes.no_address()
    with scope.workspace(member.workspace_id):
        _check(delegate, address)
    profile = _knock(delegate, address)
    with scope.workspace(member.workspace_id):
        return _keep(member, delegate, profile)


def hand_over(member: Member, mailbox: Mailbox, delegate_id: int) -> Mailbox:
    """Have a shared mailbox opened with another permission from now on; returns whose.

    Raises Expected if the member may not have it opened so, NotConnected if the provider refuses:
    all stays as it was then. Talks to the network.
    """
    with scope.workspace(member.workspace_id):
        chosen = [one for one in delegates.able(member, mailbox) if one.pk == delegate_id]
        if not chosen:
            raise Expected("Choose who opens this mailbox.")
        delegate = chosen[0]
        _check(delegate, mailbox.address)
    _knock(delegate, mailbox.address)
    with scope.workspace(member.workspace_id):
        _hold(delegate)
        _open_with(Mailbox.objects.select_for_update().get(pk=mailbox.pk), delegate)
    return delegate


def _check(delegate: Mailbox, address: str) -> None:
    """What can be refused without asking the provider."""
    kind = kinds.describe(delegate.kind)
    if delegate.disconnected_at or delegate.is_shared:
        raise outcomes.reconnect_first(delegate.address)
    reason = kind.shared.why_not(delegate.remote_account_id) if kind.shared else kind.unshared
    if reason:
        raise outcomes.not_offered(reason)
    if not delegates.granted([delegate]):
        raise outcomes.shared_scope_missing(delegate.address)
    if address == addresses.normalise(delegate.address):
        raise outcomes.own_mailbox(address, delegate.address)


def _knock(delegate: Mailbox, address: str) -> Profile:
    """Whether the provider opens it to the delegate, and it is not the delegate's own."""
    with http.client(transport=hands.NETWORK) as web:
        try:
            grant = grants.open_grant(delegate.workspace_id, delegate.pk, delegate.kind, web)
            theirs = _profile(delegate, grant, web, address)
            own = _profile(delegate, grant, web, "")
        except ProviderError as failure:
            raise outcomes.not_opened(failure, delegate.address) from failure
    if theirs.inbox_id == own.inbox_id:
        raise outcomes.own_mailbox(address, delegate.address)
    return theirs


def _profile(delegate: Mailbox, grant: Grant, web: httpx2.Client, address: str) -> Profile:
    shared, account_id = kinds.describe(delegate.kind).shared, delegate.remote_account_id
    provider = kinds.connect(
        delegate.kind,
        endpoints=settings.PROVIDER_ENDPOINTS[delegate.kind],
        access_token=grant.access_token,
        refresh=grant.refresh,
        budget=Budget(rate=0, burst=0, level=0, at=clock.now()),
        web=web,
        account_id=shared.key(account_id, address) if shared and address else account_id,
        shared_address=address,
    )
    return provider.reader.profile()


def _keep(member: Member, delegate: Mailbox, profile: Profile) -> Added:
    """Make, revive or find the mailbox; two who add it at once find the same."""
    _hold(delegate)
    mailbox, is_new = _known(delegate.kind, profile), False
    if mailbox is None:
        mailbox, is_new = Mailbox.objects.get_or_create(
            kind=delegate.kind,
            remote_account_id=profile.account_id,
            defaults={
                "owner_id": member.user_id,
                "address": profile.address,
                "followed_roles": connecting.DEFAULT_FOLLOWED,
                "delegate": delegate,
            },
        )
    elif not mailbox.is_shared:
        raise outcomes.taken(profile.address, mailbox.address)
    was_here = not is_new and mailbox.disconnected_at is None
    if was_here and not _needs_another(mailbox):
        _offer(mailbox, delegate)
    else:
        _open_with(mailbox, delegate, profile.cursor)
    return Added(mailbox.pk, mailbox.address, was_here, was_known=not is_new)


def _known(kind: str, profile: Profile) -> Mailbox | None:
    """The same mailbox, whatever address it was added by."""
    rows = Mailbox.objects.filter(kind=kind).order_by("pk")
    same: Mailbox | None = rows.filter(remote_account_id=profile.account_id).first()
    inboxes = Folder.objects.filter(role="inbox", remote_id=profile.inbox_id)
    return same or rows.filter(pk__in=inboxes.values("mailbox_id")).first()


def _needs_another(mailbox: Mailbox) -> bool:
    """Whether it stands still for want of somebody who can open it."""
    wants = trouble.PERSONS_MOVE | {Sync.Problem.ACCESS}
    return Sync.objects.filter(mailbox_id=mailbox.pk, problem__in=wants).exists()


def _hold(delegate: Mailbox) -> None:
    """Keep the delegate's permission from being given back until this is written."""
    rows = Credential.objects.select_for_update().filter(mailbox_id=delegate.pk)
    if not rows.exists():
        raise outcomes.reconnect_first(delegate.address)


def _open_with(mailbox: Mailbox, delegate: Mailbox, cursor: str = "") -> None:
    mailbox.delegate = delegate
    if mailbox.disconnected_at:
        mailbox.disconnected_at, mailbox.connected_at = None, clock.now()
    mailbox.save()
    _offer(mailbox, delegate)
    connecting.wake(mailbox, cursor)


def _offer(mailbox: Mailbox, delegate: Mailbox) -> None:
    Delegate.objects.get_or_create(mailbox=mailbox, delegate=delegate)
    live.tell(f"mailbox-{mailbox.pk}")
