"""Who signed in: an id_token, believed only after its signature and every claim are checked.

OpenID Connect Core 1.0, 3.1.3.7.
"""

from dataclasses import dataclass
from typing import Any

import httpx2
import jwt
import msgspec

from mailweave.kit import clock, http
from mailweave.providers.base import Client, Endpoints
from mailweave.providers.errors import Refused, Unavailable

_LEEWAY = 120
"""Seconds two honest clocks may differ."""


@dataclass(frozen=True, slots=True)
class IdClaims:
    """The claims of a checked id_token. ``subject`` is the key of the account, never ``email``."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    hosted_domain: str


def check(
    token: str, endpoints: Endpoints, client: Client, *, nonce: str, web: httpx2.Client
) -> IdClaims:
    """The claims of ``token``; raises Refused if anything about it is wrong."""
    try:
        claims = _verified(token, _keys(endpoints, web), endpoints, client)
    except jwt.PyJWTError as error:
        raise Refused(f"The provider's identity does not hold ({type(error).__name__}).") from None
    _check_times(claims)
    if claims.get("nonce") != nonce or not nonce:
        raise Refused("The provider's identity belongs to another sign-in.")
    if claims.get("azp", client.client_id) != client.client_id:
        raise Refused("The provider's identity was made for another app.")
    return IdClaims(
        issuer=_text(claims, "iss"),
        subject=_text(claims, "sub"),
        email=_text(claims, "email"),
        email_verified=claims.get("email_verified") in (True, "true"),
        name=_text(claims, "name"),
        hosted_domain=_text(claims, "hd"),
    )


def _verified(
    token: str, keys: jwt.PyJWKSet, endpoints: Endpoints, client: Client
) -> dict[str, Any]:
    key_id = jwt.get_unverified_header(token).get("kid")
    fitting = [key for key in keys.keys if key.key_id == key_id and key.key_type == "RSA"]
    if not fitting:
        raise jwt.InvalidKeyError
    # Times are checked against our own clock below.
    return jwt.decode(
        token,
        fitting[0].key,
        algorithms=["RS256"],
        audience=client.client_id,
        issuer=endpoints.issuers,
        options={
            "require": ["iss", "aud", "sub", "exp", "iat"],
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
        },
    )


def _keys(endpoints: Endpoints, web: httpx2.Client) -> jwt.PyJWKSet:
    try:
        answer = http.send(web, web.build_request("GET", endpoints.certs), cap=http.MEGABYTE)
        if answer.status != 200:
            raise Unavailable(f"The provider's keys cannot be read ({answer.status}).")
        return jwt.PyJWKSet.from_dict(msgspec.json.decode(answer.body, type=dict[str, Any]))
    except http.FAILURES as error:
        raise Unavailable(f"The provider's keys cannot be read: {error}") from None
    except (msgspec.MsgspecError, UnicodeError, jwt.PyJWTError):
        raise Unavailable("The provider's keys cannot be read.") from None


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
