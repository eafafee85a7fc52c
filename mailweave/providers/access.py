"""What lets us in: our client at a provider, a grant, and where the provider answers."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """An OAuth 2.0 grant as it stands. ``scopes`` is what was granted, not what was asked."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: frozenset[str]
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider answers. Settings, so that any compatible server can stand in.

    An empty address means that the provider has no such thing. In ``issuers``, ``{tenantid}``
    stands for the ``tid`` of the id token in hand.
    """

    authorize: str
    token: str
    revoke: str
    userinfo: str
    certs: str
    api: str
    issuers: tuple[str, ...]
    admin_consent: str = ""
    """Where an administrator allows us for a whole organisation."""


@dataclass(frozen=True, slots=True)
class Client:
    """Our OAuth client at a provider."""

    client_id: str
    client_secret: str = field(repr=False)
