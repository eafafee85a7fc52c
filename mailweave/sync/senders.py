"""Who calls us: the service that passes a provider's notices on signs each with a token.

The provider's public keys are kept in this process. They are read again when a token names a key
we have not seen, or after a day, and at most once a minute: a stranger's inventions cost nothing.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from mailweave.kit import clock, http
from mailweave.providers import identity
from mailweave.providers.errors import Refused, Unavailable
from mailweave.sync import hands

FRESH, PAUSE = timedelta(days=1), timedelta(minutes=1)
PATIENCE = 2.0
"""Seconds in all that reading the keys may take: who calls waits for us."""
_LONGEST = 8192


@dataclass(slots=True)
class _Kept:
    """The keys of one provider."""

    keys: identity.Keys = field(default_factory=list)
    asked_at: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_kept: dict[str, _Kept] = {}


def check(kind: str, token: str, audience: str) -> None:
    """Raises Refused unless our service account at this provider made ``token`` for ``audience``.

    Unavailable when the key it was signed with is not known and cannot be read now.
    """
    account = settings.PUSH_ACCOUNTS.get(kind, "")
    if not account or len(token) > _LONGEST:
        raise Refused("No such call is expected.")
    endpoints = settings.PROVIDER_ENDPOINTS[kind]
    keys = _keys(kind, token)
    identity.check_sender(token, keys, endpoints, audience=audience, account=account)


def forget() -> None:
    """Forget all keys, as a new process begins."""
    _kept.clear()


def _keys(kind: str, token: str) -> identity.Keys:
    kept = _kept.setdefault(kind, _Kept())
    if not _is_worth_asking(kept, token):
        return kept.keys
    if not kept.lock.acquire(timeout=PATIENCE):
        raise Unavailable("The provider's keys are being read.")
    try:
        if _is_worth_asking(kept, token):
            kept.asked_at = clock.now()
            try:
                kept.keys = _read(kind)
            except Unavailable:
                if not identity.is_known(token, kept.keys):
                    raise
    finally:
        kept.lock.release()
    return kept.keys


def _is_worth_asking(kept: _Kept, token: str) -> bool:
    if kept.asked_at is None:
        return True
    age = clock.now() - kept.asked_at
    return age > FRESH or (age > PAUSE and not identity.is_known(token, kept.keys))


def _read(kind: str) -> identity.Keys:
    with http.client(
        transport=hands.NETWORK, timeout=PATIENCE, connect_timeout=PATIENCE / 3
    ) as web:
        return identity.read_keys(settings.PROVIDER_ENDPOINTS[kind], web)
