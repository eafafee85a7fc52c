"""The grants of mailboxes: opened, refreshed by one process at a time, kept sealed.

No transaction is open while the provider is asked. Whoever refreshes claims the row for half a
minute; everybody else waits for its version to move. Fresh tokens are stored before they are used.
"""

from dataclasses import dataclass
from datetime import timedelta

import httpx2
from django.conf import settings
from django.db.models import Q

from mailweave.kit import clock, crypto, scope, vault
from mailweave.mail.models import Credential, Mailbox
from mailweave.providers import oauth
from mailweave.providers.base import Tokens
from mailweave.providers.errors import AuthExpired, Misconfigured, Unavailable
from mailweave.sync import clients

CLAIM = timedelta(seconds=30)
EARLY = timedelta(seconds=120)
_STEP = 0.1


@dataclass(slots=True)
class Grant:
    """The grant of one mailbox, as last read. Methods open short transactions of their own.

    ``mailbox_id`` is whose it is, which is not always the mailbox it opens.
    """

    workspace_id: int
    mailbox_id: int
    kind: str
    web: httpx2.Client
    tokens: Tokens
    version: int

    def access_token(self) -> str:
        """A token good for the next two minutes at least."""
        if self.tokens.expires_at - clock.now() < EARLY:
            self.refresh(self.tokens.access_token)
        return self.tokens.access_token

    def refresh(self, rejected: str) -> str:
        """A better token than ``rejected``. Raises AuthExpired when the grant is dead."""
        deadline = clock.now() + CLAIM + CLAIM
        while clock.now() < deadline:
            if self._reread() and self.tokens.access_token != rejected:
                return self.tokens.access_token
            if self._claim():
                return self._refresh()
            clock.sleep(_STEP)
        raise Unavailable("Another process holds the refresh of this mailbox's permission.")

    def _reread(self) -> bool:
        """Whether somebody else has stored newer tokens."""
        with scope.workspace(self.workspace_id):
            tokens, version = _read(self.mailbox_id)
        moved = version != self.version
        self.tokens, self.version = tokens, version
        return moved

    def _claim(self) -> bool:
        now = clock.now()
        free = Q(refreshing_until__isnull=True) | Q(refreshing_until__lt=now)
        with scope.workspace(self.workspace_id):
            rows = Credential.objects.filter(free, mailbox_id=self.mailbox_id, version=self.version)
            return bool(rows.update(refreshing_until=now + CLAIM))

    def _refresh(self) -> str:
        with scope.workspace(self.workspace_id):
            source = clients.find(self.kind)
        try:
            if source is None:
                raise Misconfigured("The OAuth client is gone.")  # noqa: TRY301 - also unclaims
            endpoints = settings.PROVIDER_ENDPOINTS[self.kind]
            fresh = oauth.refresh(endpoints, source.client, self.tokens, web=self.web)
        except BaseException as error:
            with scope.workspace(self.workspace_id):
                rows = Credential.objects.filter(mailbox_id=self.mailbox_id, version=self.version)
                rows.update(refreshing_until=None)
            if isinstance(error, AuthExpired) and self._reread():
                return self.tokens.access_token  # it was replaced while we asked
            raise
        with scope.workspace(self.workspace_id):
            self.tokens, self.version = _replace(self.mailbox_id, self.version, fresh)
        return self.tokens.access_token


def open_grant(workspace_id: int, mailbox_id: int, kind: str, web: httpx2.Client) -> Grant:
    """The grant that opens a mailbox: its own, or its delegate's. AuthExpired if there is none."""
    with scope.workspace(workspace_id):
        rows = Mailbox.objects.filter(pk=mailbox_id, delegate__isnull=False)
        holder_id = rows.values_list("delegate_id", flat=True).first() or mailbox_id
        tokens, version = _read(holder_id)
    return Grant(workspace_id, holder_id, kind, web, tokens, version)


def keep(mailbox_id: int, tokens: Tokens) -> int:
    """Store a grant's tokens, sealed; returns the new version."""
    row, _ = Credential.objects.get_or_create(
        mailbox_id=mailbox_id, defaults={"expires_at": tokens.expires_at}
    )
    vault.seal(row, "access_token", tokens.access_token)
    vault.seal(row, "refresh_token", tokens.refresh_token)
    row.scopes = sorted(tokens.scopes)
    row.expires_at = tokens.expires_at
    row.refresh_expires_at = tokens.refresh_expires_at
    row.refreshing_until = None
    row.version += 1
    row.save()
    return int(row.version)


def _replace(mailbox_id: int, version: int, fresh: Tokens) -> tuple[Tokens, int]:
    """Keep ``fresh``, unless the grant has been given anew meanwhile: that one stands."""
    row = Credential.objects.select_for_update().filter(mailbox_id=mailbox_id).first()
    if row is None or row.version != version:
        return _read(mailbox_id)
    return fresh, keep(mailbox_id, fresh)


def _read(mailbox_id: int) -> tuple[Tokens, int]:
    row = Credential.objects.filter(mailbox_id=mailbox_id).first()
    if row is None:
        raise AuthExpired("This mailbox is not connected any more.")
    try:
        access, refresh = vault.unseal(row, "access_token"), vault.unseal(row, "refresh_token")
    except crypto.SealBrokenError as error:
        raise AuthExpired(f"The stored permission cannot be opened: {error}. Reconnect.") from error
    tokens = Tokens(
        access_token=access,
        refresh_token=refresh,
        expires_at=row.expires_at,
        scopes=frozenset(row.scopes),
        refresh_expires_at=row.refresh_expires_at,
    )
    return tokens, row.version
