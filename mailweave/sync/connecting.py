"""Connecting a mailbox: begun by a person, finished when the provider sends them back.

What was begun is a row, found by the hash of ``state``, bound to the person, their session and
their workspace, good for ten minutes and for one use (RFC 9700 section 4.7).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

import httpx2
from django.conf import settings

from mailweave.kit import clock, http, live, scope, vault
from mailweave.kit.errors import Expected
from mailweave.mail.models import Credential, Mailbox
from mailweave.people.access import Member
from mailweave.providers import kinds, oauth, scopes
from mailweave.providers.base import Budget, Profile, Tokens
from mailweave.providers.errors import Misconfigured, ProviderError
from mailweave.providers.identity import IdClaims
from mailweave.sync import backfill, clients, grants, hands
from mailweave.sync.models import Authorization, Sync

LIFETIME = timedelta(minutes=10)
DEFAULT_FOLLOWED = ["inbox", "sent"]


class NotConnected(Expected):
    """The connection did not come about. The message says whose move it is."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Connected:
    """A mailbox that answers. ``was_known``: it was connected before and keeps all it had."""

    mailbox_id: int
    address: str
    was_known: bool


def redirect_uri(kind: str) -> str:
    """Where the provider sends people back to; one for each provider (RFC 9700 section 2.1)."""
    return f"{settings.PUBLIC_URL}/connect/{kind}/callback/"


def begin(member: Member, kind: str, session_key: str, reconnect: Mailbox | None = None) -> str:
    """Note what a person is about to do; returns the provider's address to send them to."""
    source = clients.find(kind)
    if source is None:
        raise NotConnected(
            f"{kinds.describe(kind).label} is not set up here yet: an admin has to enter an OAuth "
            "client first.",
            code="no_client",
        )
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    row = Authorization.objects.create(
        state_hash=_hash(state),
        user_id=member.user_id,
        kind=kind,
        nonce=nonce,
        session_hash=_hash(session_key),
        reconnect=reconnect,
    )
    vault.seal(row, "verifier", verifier)
    row.made_at = clock.now()
    row.save(update_fields=["verifier", "made_at"])
    return oauth.authorize_url(
        settings.PROVIDER_ENDPOINTS[kind],
        source.client,
        redirect_uri=redirect_uri(kind),
        scopes=kinds.describe(kind).scopes,
        state=state,
        verifier=verifier,
        nonce=nonce,
        login_hint=reconnect.address if reconnect else None,
    )


def finish(
    member: Member, kind: str, session_key: str, *, state: str, code: str, error: str
) -> Connected:
    """Make the mailbox the person just allowed us, or raise NotConnected. Talks to the network."""
    with scope.workspace(member.workspace_id):
        row = _use(member, kind, session_key, state)
        verifier = vault.unseal(row, "verifier")
        source = clients.find(kind)
    if error or not code:
        raise _refused(error)
    if source is None:
        raise NotConnected("The OAuth client was removed meanwhile.", code="no_client")
    described = kinds.describe(kind)
    with http.client(transport=hands.NETWORK) as web:
        try:
            tokens, claims = oauth.exchange(
                settings.PROVIDER_ENDPOINTS[kind],
                source.client,
                code=code,
                redirect_uri=redirect_uri(kind),
                scopes=described.scopes,
                verifier=verifier,
                nonce=row.nonce,
                web=web,
            )
            missing = scopes.missing(described.scopes, tokens.scopes)
            if missing:
                oauth.revoke(settings.PROVIDER_ENDPOINTS[kind], tokens.refresh_token, web=web)
                raise NotConnected(
                    f"{described.company} signed you in, but the box that lets Mailweave read your "
                    "mail was not ticked. Nothing was connected. Connect again and tick it.",
                    code="scope_missing",
                )
            profile = _prove(kind, tokens, claims, web)
        except Misconfigured as failure:
            raise NotConnected(
                f"{described.company} does not accept this installation's OAuth client "
                f"({failure}) An admin can correct it; you did nothing wrong.",
                code="client_refused",
            ) from failure
        except ProviderError as failure:
            raise NotConnected(f"{failure} Nothing was connected.", code="refused") from failure
    with scope.workspace(member.workspace_id):
        return _keep(member, kind, row, tokens, profile)


def disconnect(workspace_id: int, mailbox_id: int) -> None:
    """Revoke the grant and stop reading; mail and links stay. Talks to the network.

    If the provider cannot be reached the tokens are deleted all the same: we stop either way.
    """
    with scope.workspace(workspace_id):
        mailbox = Mailbox.objects.get(pk=mailbox_id)
        backfill.cancel(mailbox_id)
    with http.client(transport=hands.NETWORK) as web:
        try:
            grant = grants.open_grant(workspace_id, mailbox_id, mailbox.kind, web)
            endpoints = settings.PROVIDER_ENDPOINTS[mailbox.kind]
            oauth.revoke(endpoints, grant.tokens.refresh_token, web=web)
        except ProviderError:
            pass  # a grant that cannot be revoked is useless to us once its tokens are gone
    with scope.workspace(workspace_id):
        Credential.objects.filter(mailbox_id=mailbox_id).delete()
        Mailbox.objects.filter(pk=mailbox_id).update(disconnected_at=clock.now())
        Sync.objects.filter(mailbox_id=mailbox_id).update(
            due_at=None, wanted_at=None, problem="", problem_text="", held_until=None
        )
        live.tell(f"mailbox-{mailbox_id}", "mail")


def _use(member: Member, kind: str, session_key: str, state: str) -> Authorization:
    """The row this answer belongs to, used up now. Anything off looks the same to a stranger."""
    now = clock.now()
    rows = Authorization.objects.filter(
        state_hash=_hash(state),
        user_id=member.user_id,
        kind=kind,
        session_hash=_hash(session_key),
        used_at__isnull=True,
        made_at__gt=now - LIFETIME,
    )
    row: Authorization | None = rows.first()
    if row is None or not rows.update(used_at=now):
        raise NotConnected(
            "This sign-in was not started here, took longer than ten minutes, or was used before. "
            "Nothing was connected. Start again from Integrations.",
            code="state",
        )
    return row


def _refused(error: str) -> NotConnected:
    if error == "access_denied":
        return NotConnected(
            "You declined, so nothing was connected. You can connect at any time.", code="declined"
        )
    if error == "admin_policy_enforced":
        return NotConnected(
            "Your organisation does not let this app read mail. Ask the administrator of your "
            "Google Workspace to allow it, then connect again.",
            code="admin_policy",
        )
    return NotConnected(
        "The provider ended the sign-in without a result. Nothing was connected; try again.",
        code="provider_error",
    )


def _prove(kind: str, tokens: Tokens, claims: IdClaims, web: httpx2.Client) -> Profile:
    """Read the profile: a connection counts only once it has answered."""

    def rejected(_: str) -> str:
        raise NotConnected("The new permission was refused at once. Connect again.", code="refused")

    now = clock.now()
    provider = kinds.connect(
        kind,
        endpoints=settings.PROVIDER_ENDPOINTS[kind],
        access_token=lambda: tokens.access_token,
        refresh=rejected,
        budget=Budget(rate=0, burst=0, level=0, at=now),
        web=web,
        account_id=claims.subject,
    )
    return provider.reader.profile()


def _keep(
    member: Member, kind: str, row: Authorization, tokens: Tokens, profile: Profile
) -> Connected:
    """Make or revive the mailbox: the same account is the same mailbox, whatever its address."""
    mailbox = Mailbox.objects.filter(kind=kind, remote_account_id=profile.account_id).first()
    if row.reconnect_id and (mailbox is None or mailbox.pk != row.reconnect_id):
        wanted = Mailbox.objects.get(pk=row.reconnect_id)
        raise NotConnected(
            f"You signed in as {profile.address}, but this is the mailbox {wanted.address}. "
            f"Reconnect and choose {wanted.address}; nothing was changed.",
            code="wrong_account",
        )
    if mailbox and mailbox.owner_id != member.user_id:
        raise NotConnected(
            f"{profile.address} is already connected by a colleague. Nothing was changed.",
            code="taken",
        )
    was_known = mailbox is not None
    if mailbox is None:
        mailbox = Mailbox.objects.create(
            kind=kind,
            owner_id=member.user_id,
            address=profile.address,
            name=profile.name,
            remote_account_id=profile.account_id,
            followed_roles=DEFAULT_FOLLOWED,
        )
    elif mailbox.disconnected_at:
        mailbox.disconnected_at, mailbox.connected_at = None, clock.now()
    mailbox.address = profile.address
    mailbox.save()
    grants.keep(mailbox.pk, tokens)
    _wake(mailbox, profile)
    return Connected(mailbox.pk, mailbox.address, was_known)


def _wake(mailbox: Mailbox, profile: Profile) -> None:
    """Follow from now on; a mailbox that was known goes on from the cursor it had."""
    now = clock.now()
    Sync.objects.get_or_create(
        mailbox_id=mailbox.pk, defaults={"cursor": profile.cursor, "since": now}
    )
    sync = Sync.objects.select_for_update().get(mailbox_id=mailbox.pk)
    sync.problem = sync.problem_text = sync.held_reason = ""
    sync.problem_since = sync.held_until = None
    sync.failures = 0
    sync.wanted_at = now
    sync.save()
    live.tell(f"mailbox-{mailbox.pk}", "mailboxes")
    backfill.wake(sync)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
