"""Connecting a mailbox: begun by a person, finished when the provider sends them back.

What was begun is a row, found by the hash of ``state``, bound to the person, their session and
their workspace, good for ten minutes and for one use (RFC 9700 section 4.7).
"""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import httpx2
from django.conf import settings
from django.db import models

from mailweave.kit import clock, crypto, http, live, scope, vault
from mailweave.linking import making
from mailweave.mail.models import Credential, Mailbox
from mailweave.people.access import Member
from mailweave.providers import kinds, oauth, scopes
from mailweave.providers.base import Budget, Client, Kind, Profile, Tokens
from mailweave.providers.errors import ProviderError
from mailweave.providers.identity import IdClaims
from mailweave.sync import (
    alerts,
    asking,
    backfill,
    clients,
    delegates,
    grants,
    hands,
    outcomes,
    pushing,
    subscriptions,
)
from mailweave.sync.models import Authorization, Subscription, Sync
from mailweave.sync.outcomes import NotConnected

LIFETIME = timedelta(minutes=10)
DEFAULT_FOLLOWED = ["inbox", "sent"]


@dataclass(frozen=True, slots=True)
class Connected:
    """A mailbox that answers. ``was_known``: it was connected before and keeps all it had.

    ``asked_shared``: it should also be allowed to open shared mailboxes; ``lacks_shared``: it is
    not.
    """

    mailbox_id: int
    address: str
    was_known: bool
    asked_shared: bool = False
    lacks_shared: bool = False


def redirect_uri(kind: str) -> str:
    """Where the provider sends people back to; one for each provider (RFC 9700 section 2.1)."""
    return f"{settings.PUBLIC_URL}/connect/{kind}/callback/"


def begin(
    member: Member,
    kind: str,
    session_key: str,
    reconnect: Mailbox | None = None,
    *,
    shared: bool = False,
) -> str:
    """Note what a person is about to do; returns the provider's address to send them to.

    ``shared``: they shall also allow us to open shared mailboxes. What was allowed is asked again.
    """
    described, source = kinds.describe(kind), clients.find(kind)
    if source is None:
        raise outcomes.no_client(described)
    claims = _wanted(member, kind, reconnect)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    row = Authorization.objects.create(
        state_hash=_hash(state),
        user_id=member.user_id,
        kind=kind,
        nonce=nonce,
        session_hash=_hash(session_key),
        reconnect=reconnect,
        shared=shared or (reconnect is not None and delegates.needed(reconnect)),
    )
    vault.seal(row, "verifier", verifier)
    row.made_at = clock.now()
    row.save(update_fields=["verifier", "made_at"])
    return oauth.authorize_url(
        settings.PROVIDER_ENDPOINTS[kind],
        source.client,
        redirect_uri=redirect_uri(kind),
        scopes=_scopes(described, row),
        state=state,
        verifier=verifier,
        nonce=nonce,
        dialect=described.dialect,
        login_hint=reconnect.address if reconnect else None,
        claims=claims,
    )


def finish(
    member: Member,
    kind: str,
    session_key: str,
    *,
    state: str,
    code: str,
    error: str,
    description: str = "",
) -> Connected:
    """Make the mailbox the person just allowed us, or raise NotConnected. Talks to the network."""
    described, asks_admin = kinds.describe(kind), asking.offered(kind)
    with scope.workspace(member.workspace_id):
        row = _use(member, kind, session_key, state)
        verifier = vault.unseal(row, "verifier")
        source = clients.find(kind)
    if error or not code:
        raise outcomes.sent_back(described, error, description, asks_admin=asks_admin)
    if source is None:
        raise NotConnected("The OAuth client was removed meanwhile.", code="no_client")
    with http.client(transport=hands.NETWORK) as web:
        try:
            tokens, profile = _exchange(described, source.client, row, code, verifier, web)
        except ProviderError as failure:
            _keep_claims(member, row, failure.claims)
            raise outcomes.refused(described, failure, asks_admin=asks_admin) from failure
    with scope.workspace(member.workspace_id):
        return _keep(member, kind, row, tokens, profile)


def _exchange(
    kind: Kind,
    client: Client,
    row: Authorization,
    code: str,
    verifier: str,
    web: httpx2.Client,
) -> tuple[Tokens, Profile]:
    """Tokens for the code, with every permission a mailbox needs, and a mailbox that answers."""
    endpoints = settings.PROVIDER_ENDPOINTS[kind.name]
    tokens, claims = oauth.exchange(
        endpoints,
        client,
        code=code,
        redirect_uri=redirect_uri(kind.name),
        scopes=_scopes(kind, row),
        verifier=verifier,
        nonce=row.nonce,
        web=web,
        dialect=kind.dialect,
    )
    if scopes.missing(kind.scopes, tokens.scopes | kind.dialect.unlisted):
        oauth.revoke(endpoints, tokens.refresh_token, web=web)
        raise outcomes.scope_missing(kind)
    return tokens, _prove(kind.name, tokens, claims, web)


def _scopes(kind: Kind, row: Authorization) -> tuple[str, ...]:
    """What is asked for."""
    return kind.scopes + (kind.shared.scopes if row.shared and kind.shared else ())


def disconnect(workspace_id: int, mailbox_id: int) -> None:
    """End subscriptions and grant, and stop reading; mail and links stay. Talks to the network.

    If the provider cannot be reached, or knows no revoking, the tokens are deleted all the same: we
    stop either way. Shared mailboxes that are opened with this permission end with it.
    """
    with scope.workspace(workspace_id):
        mailbox = Mailbox.objects.get(pk=mailbox_id)
        backfill.cancel(mailbox_id)
    _unwatch(mailbox)
    if not mailbox.is_shared:
        _revoke(mailbox)
    with scope.workspace(workspace_id):
        Credential.objects.filter(mailbox_id=mailbox_id).delete()
        delegates.forget(mailbox_id)
        ending = [mailbox_id, *delegates.opened_by(mailbox_id).values_list("pk", flat=True)]
        for one in ending:
            backfill.cancel(one)
            subscriptions.forget(one)
        Mailbox.objects.filter(pk__in=ending).update(disconnected_at=clock.now())
        Sync.objects.filter(mailbox_id__in=ending).update(
            due_at=None, wanted_at=None, problem="", problem_text="", held_until=None
        )
        alerts.look()
        live.tell("mail", *(f"mailbox-{one}" for one in ending))


def _revoke(mailbox: Mailbox) -> None:
    """Give the permission back, as far as the provider can be reached and knows revoking."""
    with http.client(transport=hands.NETWORK) as web:
        try:
            grant = grants.open_grant(mailbox.workspace_id, mailbox.pk, mailbox.kind, web)
            endpoints = settings.PROVIDER_ENDPOINTS[mailbox.kind]
            oauth.revoke(endpoints, grant.tokens.refresh_token, web=web)
        except ProviderError:
            pass  # a grant that cannot be revoked is useless to us once its tokens are gone


def _unwatch(mailbox: Mailbox) -> None:
    """Have the provider send no more notices; where it will not listen, they end by themselves."""
    with scope.workspace(mailbox.workspace_id):
        rows = list(Subscription.objects.filter(mailbox_id=mailbox.pk))
    if rows:
        with suppress(ProviderError), hands.visit(mailbox.workspace_id, mailbox.pk) as provider:
            pushing.end(provider.watcher, rows)


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
        raise outcomes.unknown_state()
    return row


def _wanted(member: Member, kind: str, reconnect: Mailbox | None) -> str:
    """What the provider wanted asked when it last refused this person or this mailbox."""
    rows: list[models.Model] = []
    lately = Authorization.objects.filter(
        user_id=member.user_id, kind=kind, made_at__gt=clock.now() - LIFETIME
    )
    if latest := lately.order_by("-pk").first():
        rows.append(latest)
    if reconnect:
        rows += Sync.objects.filter(mailbox_id=reconnect.pk)
    return next((claims for row in rows if (claims := _claims(row))), "")


def _claims(row: models.Model) -> str:
    try:
        return vault.unseal(row, "claims") if getattr(row, "claims", b"") else ""
    except crypto.SealBrokenError:
        return ""  # asked for again, if it is still wanted


def _keep_claims(member: Member, row: Authorization, claims: str) -> None:
    if claims:
        with scope.workspace(member.workspace_id):
            vault.seal(row, "claims", claims)
            row.save(update_fields=["claims"])


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
    Credential.objects.filter(mailbox_id=mailbox.pk).update(granted_at=clock.now())
    asking.forget(member, kind)
    wake(mailbox, profile.cursor)
    for one in delegates.opened_by(mailbox.pk):
        wake(one, "")  # it waited for this permission too
    alerts.look()  # the others that waited for it too
    lacks_shared = row.shared and not delegates.granted([mailbox])
    return Connected(mailbox.pk, mailbox.address, was_known, row.shared, lacks_shared)


def wake(mailbox: Mailbox, cursor: str) -> None:
    """Follow from now on; a mailbox that was known goes on from the cursor it had."""
    now = clock.now()
    Sync.objects.get_or_create(mailbox_id=mailbox.pk, defaults={"cursor": cursor, "since": now})
    sync = Sync.objects.select_for_update().get(mailbox_id=mailbox.pk)
    sync.problem = sync.problem_text = sync.held_reason = ""
    sync.problem_since = sync.held_until = None
    sync.claims = b""
    sync.failures = sync.last_new = sync.last_changed = 0
    sync.wanted_at = now
    sync.save()
    making.follow_one(mailbox.pk)
    subscriptions.look(mailbox.pk)
    live.tell(f"mailbox-{mailbox.pk}", "mailboxes")
    backfill.wake(sync)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
