"""Who signed in, or calls: a token, believed only after its signature and every claim are checked.

OpenID Connect Core 1.0, 3.1.3.7. Where one address signs for many organisations, the issuer holds
the token's own ``tid``
(https://learn.microsoft.com/entra/identity-platform/access-tokens#multitenant-applications).
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import jwt
import msgspec

from mailweave.kit import clock, http
from mailweave.providers.base import Client, Endpoints
from mailweave.providers.errors import Refused, Unavailable

_LEEWAY = 120
"""Seconds two honest clocks may differ."""

_TENANT = "{tenantid}"

Keys = list[dict[str, Any]]
"""A provider's public keys, as it publishes them."""


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]] = []


@dataclass(frozen=True, slots=True)
class IdClaims:
    """The claims of a checked id_token. ``subject`` is the key of the account, never ``email``,
    which is what the provider shows of the account and may be anybody's.
    """

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    hosted_domain: str


def check(
    token: str,
    endpoints: Endpoints,
    client: Client,
    *,
    nonce: str,
    web: httpx2.Client,
    account: tuple[str, ...] = ("sub",),
) -> IdClaims:
    """The claims of ``token``; raises Refused if anything about it is wrong.

    ``account`` names the claims that make the subject, joined by dots.
    """
    claims = _verified(token, read_keys(endpoints, web), endpoints, client.client_id)
    if claims.get("nonce") != nonce or not nonce:
        raise Refused("The provider's identity belongs to another sign-in.")
    if claims.get("azp", client.client_id) != client.client_id:
        raise Refused("The provider's identity was made for another app.")
    return IdClaims(
        issuer=_text(claims, "iss"),
        subject=_account(claims, account),
        email=_text(claims, "email") or _text(claims, "preferred_username"),
        email_verified=claims.get("email_verified") in (True, "true"),
        name=_text(claims, "name"),
        hosted_domain=_text(claims, "hd"),
    )


def check_sender(
    token: str, keys: Keys, endpoints: Endpoints, *, audience: str, account: str
) -> None:
    """Whether a call was signed by the service ``account``, for ``audience``; else raises Refused.

    Anybody may have such a token made for any audience: it is the account that counts.
    https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
    """
    claims = _verified(token, keys, endpoints, audience)
    if not account or _text(claims, "email") != account or claims.get("email_verified") is not True:
        raise Refused("The call was signed by another account.")


def is_known(token: str, keys: Keys) -> bool:
    """Whether the key that ``token`` says it was signed with is among ``keys``."""
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        return False
    return any(key.get("kid") == key_id for key in keys)


def read_keys(endpoints: Endpoints, web: httpx2.Client) -> Keys:
    """The keys a provider signs with (RFC 7517). Raises Unavailable."""
    try:
        answer = http.send(web, web.build_request("GET", endpoints.certs), cap=http.MEGABYTE)
        if answer.status != 200:
            raise Unavailable(f"The provider's keys cannot be read ({answer.status}).")
        keys = msgspec.json.decode(answer.body, type=_Keys).keys
        jwt.PyJWKSet(keys)  # which has one at least that can be used
    except http.FAILURES as error:
        raise Unavailable(f"The provider's keys cannot be read: {error}") from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError, jwt.PyJWTError):
        raise Unavailable("The provider's keys cannot be read.") from None
    return keys


def _verified(token: str, keys: Keys, endpoints: Endpoints, audience: str) -> dict[str, Any]:
    """The claims of a token that is signed, timely, and made for ``audience``."""
    try:
        claims = _signed(token, keys, endpoints, audience)
    except jwt.PyJWTError as error:
        raise Refused(f"The provider's identity does not hold ({type(error).__name__}).") from None
    _check_times(claims)
    return claims


def _signed(token: str, keys: Keys, endpoints: Endpoints, audience: str) -> dict[str, Any]:
    key_id = jwt.get_unverified_header(token).get("kid")
    fitting = [key for key in keys if key.get("kid") == key_id and key.get("kty") == "RSA"]
    if not fitting:
        raise jwt.InvalidKeyError
    # Issuer and times are checked below: the one may be a pattern, the others go by our own clock.
    claims = jwt.decode(
        token,
        jwt.PyJWK(fitting[0], algorithm="RS256").key,
        algorithms=["RS256"],
        audience=audience,
        options={
            "require": ["iss", "aud", "sub", "exp", "iat"],
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
        },
    )
    _check_issuer(claims, endpoints.issuers)
    # A key may say whose it is: one for personal accounts signs for no organisation.
    if of_key := fitting[0].get("issuer"):
        _check_issuer(claims, (str(of_key),))
    return dict(claims)


def _check_issuer(claims: dict[str, Any], issuers: tuple[str, ...]) -> None:
    tenant = claims.get("tid")
    known = isinstance(tenant, str) and _is_uuid(tenant)
    fitting = {one.replace(_TENANT, str(tenant)) for one in issuers if known or _TENANT not in one}
    if claims.get("iss") not in fitting:
        raise jwt.InvalidIssuerError


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _check_times(claims: dict[str, Any]) -> None:
    now = clock.now().timestamp()
    expires, issued = claims["exp"], claims["iat"]
    if not isinstance(expires, int | float) or not isinstance(issued, int | float):
        raise Refused("The provider's identity has no times.")
    if now > expires + _LEEWAY:
        raise Refused("The provider's identity has expired.")
    if issued > now + _LEEWAY:
        raise Refused("The provider's identity is from the future: is this server's clock right?")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) else ""


def _account(claims: dict[str, Any], names: tuple[str, ...]) -> str:
    parts = [_text(claims, name) for name in names]
    if not all(parts):
        raise Refused("The provider does not say which account this is.")
    return ".".join(parts)
