"""Asking an administrator to allow us for a whole organisation: a link, a wait, and the way back.

Whoever comes back with the link's ``state`` had the link, and that is all it proves: no mailbox,
tenant or permission follows from it. The person who waits is told, and connects as anybody does.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings

from mailweave.kit import clock, crypto, live, scope, vault
from mailweave.kit.errors import Expected
from mailweave.people.access import Member
from mailweave.providers import kinds, oauth
from mailweave.sync import clients, outcomes
from mailweave.sync.models import Authorization, ConsentRequest

Answer = Literal["", "granted", "declined"]
LIFETIME = timedelta(days=30)
TOPIC = "mailboxes"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person has asked for, and how it stands. ``link`` is what to send."""

    link: str
    since: datetime
    until: datetime
    answer: Answer
    shared: bool = False
    """Whether it is also about opening shared mailboxes."""


def offered(kind: str) -> bool:
    """Whether this kind's provider knows consent for a whole organisation."""
    return bool(settings.PROVIDER_ENDPOINTS[kind].admin_consent)


def redirect_uri(kind: str) -> str:
    """Where the provider sends administrators back to; registered there beside the other."""
    return f"{settings.PUBLIC_URL}/connect/{kind}/consent/"


def ask(member: Member, kind: str) -> Waiting:
    """Make a link, or give the one there is. Raises NotConnected where nobody set the kind up.

    It asks for what the person was last asked for themselves, shared mailboxes included.
    """
    if clients.find(kind) is None:
        raise outcomes.no_client(kinds.describe(kind))
    now, state = clock.now(), f"{member.workspace_id}-{secrets.token_urlsafe(32)}"
    fresh = {"made_at": now, "state_hash": _hash(state)}
    row, is_new = ConsentRequest.objects.get_or_create(
        user_id=member.user_id, kind=kind, defaults=fresh
    )
    if is_new or row.declined_at or row.made_at <= now - LIFETIME or not _state(row):
        row.made_at, row.state_hash = now, _hash(state)
        row.granted_at = row.declined_at = None
        vault.seal(row, "state", state)
        row.save()
    latest = Authorization.objects.filter(user_id=member.user_id, kind=kind).order_by("-pk").first()
    if latest and latest.shared and not row.shared:
        row.shared = True
        row.save(update_fields=["shared"])
    live.tell(TOPIC)
    return _waiting(row)


def waiting(member: Member, kind: str) -> Waiting | None:
    """What this member waits for, if it can still be answered."""
    since = clock.now() - LIFETIME
    row = ConsentRequest.objects.filter(
        user_id=member.user_id, kind=kind, made_at__gt=since
    ).first()
    return _waiting(row) if row and clients.find(kind) else None


def forget(member: Member, kind: str) -> None:
    """Wait no longer: it was withdrawn, or the person is connected. The link is dead then."""
    if ConsentRequest.objects.filter(user_id=member.user_id, kind=kind).delete()[0]:
        live.tell(TOPIC)


def answer(kind: str, state: str, error: str, description: str = "") -> Answer:
    """Note what an administrator did; empty if they neither allowed nor declined it.

    A consent that was given stays given, whatever comes back after it. Raises Expected if nobody
    waits for it any more.
    """
    said, workspace_id = _said(error, description), _workspace_of(state)
    with scope.workspace(workspace_id):
        now = clock.now()
        rows = ConsentRequest.objects.filter(
            kind=kind, state_hash=_hash(state), made_at__gt=now - LIFETIME
        )
        if not rows.exists():
            raise _dead()
        if said == "granted":
            rows.filter(granted_at=None).update(granted_at=now, declined_at=None)
        elif said == "declined":
            rows.filter(granted_at=None).update(declined_at=now)
        live.tell(TOPIC)
    return said


def _said(error: str, description: str) -> Answer:
    """Somebody who may not decide has declined nothing."""
    if not error:
        return "granted"
    return "declined" if outcomes.is_declined(error, description) else ""


def _workspace_of(state: str) -> int:
    number = state.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise _dead()
    return int(number)


def _waiting(row: ConsentRequest) -> Waiting:
    said: Answer = "declined" if row.declined_at else ""
    return Waiting(
        link=_link(row.kind, _state(row), shared=row.shared),
        since=row.made_at,
        until=row.made_at + LIFETIME,
        answer="granted" if row.granted_at else said,
        shared=row.shared,
    )


def _link(kind: str, state: str, *, shared: bool) -> str:
    source, described = clients.find(kind), kinds.describe(kind)
    if source is None:
        raise outcomes.no_client(described)
    return oauth.consent_url(
        settings.PROVIDER_ENDPOINTS[kind],
        source.client,
        redirect_uri=redirect_uri(kind),
        scopes=described.scopes + (described.shared.scopes if shared and described.shared else ()),
        state=state,
    )


def _state(row: ConsentRequest) -> str:
    """The state as the link holds it; empty when its seal cannot be opened any more."""
    try:
        return vault.unseal(row, "state")
    except crypto.SealBrokenError:
        return ""


def _dead() -> Expected:
    return Expected(
        "This link is not valid any more: it has expired, or nobody waits for it. Whoever sent it "
        "can make a new one."
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
