"""OAuth 2.0 authorization code grant with PKCE, one function per step.

RFC 6749, RFC 7636, RFC 7009 and RFC 9700; nothing here keeps state or stores a token. Errors are
those of :mod:`mailweave.providers.errors`.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import msgspec

from mailweave.kit import clock, http
from mailweave.providers import identity
from mailweave.providers.base import Client, Dialect, Endpoints, Tokens
from mailweave.providers.errors import (
    AuthExpired,
    ProofNeeded,
    ProviderError,
    Refused,
    Unavailable,
)
from mailweave.providers.identity import IdClaims
from mailweave.providers.refusals import failed
from mailweave.providers.scopes import canonical, split

_CAP = 256 * 1024
_CLAIMS_CAP = 2048
_PLAIN = Dialect()


class _Granted(msgspec.Struct, frozen=True):
    access_token: str = ""
    expires_in: int = 0
    refresh_token: str = ""
    refresh_token_expires_in: int = 0
    scope: str = ""
    id_token: str = ""


class _Failed(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""
    suberror: str = ""
    claims: str = ""


def make_verifier() -> str:
    """A fresh PKCE verifier with 256 bits of chance; keep it on the server."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorize_url(
    endpoints: Endpoints,
    client: Client,
    *,
    redirect_uri: str,
    scopes: Iterable[str],
    state: str,
    verifier: str,
    nonce: str,
    dialect: Dialect = _PLAIN,
    login_hint: str | None = None,
    claims: str = "",
) -> str:
    """Where to send a person's browser.

    ``login_hint`` names the account of a mailbox that is connected again; without it, a new one is
    connected. ``claims`` is what the provider wanted asked (OpenID Connect Core 5.5).
    """
    asked = {
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        **dialect.asked,
        **({"login_hint": login_hint} if login_hint else dialect.asked_anew),
    }
    if claims:
        asked["claims"] = claims
    return _with(endpoints.authorize, asked)


def consent_url(
    endpoints: Endpoints, client: Client, *, redirect_uri: str, scopes: Iterable[str], state: str
) -> str:
    """Where an administrator allows us for a whole organisation.

    https://learn.microsoft.com/entra/identity-platform/v2-admin-consent. What comes back proves
    nothing but that somebody had the link.
    """
    asked = {
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
    }
    return _with(endpoints.admin_consent, asked)


def exchange(
    endpoints: Endpoints,
    client: Client,
    *,
    code: str,
    redirect_uri: str,
    scopes: Iterable[str],
    verifier: str,
    nonce: str,
    web: httpx2.Client,
    dialect: Dialect = _PLAIN,
) -> tuple[Tokens, IdClaims]:
    """Turn the code a person came back with into tokens and who they are.

    ``scopes`` is what was asked for; what was granted may be fewer: compare with
    :func:`mailweave.providers.scopes.missing`. Raises Refused if there is no refresh token or the
    identity does not hold, AuthExpired if the code is spent.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    try:
        granted = _granted(web, endpoints, client, form)
    except ProofNeeded:
        raise
    except AuthExpired:
        raise AuthExpired("The sign-in took too long or was used twice: connect again.") from None
    claims = identity.check(
        granted.id_token, endpoints, client, nonce=nonce, web=web, account=dialect.account
    )
    if not granted.refresh_token:
        raise Refused("The provider gave no lasting permission; connect once more.")
    return _tokens(granted, refresh_token=granted.refresh_token, scopes=scopes), claims


def refresh(endpoints: Endpoints, client: Client, tokens: Tokens, *, web: httpx2.Client) -> Tokens:
    """Fresh tokens for the same grant; the refresh token stays unless a new one comes.

    Ask from one place at a time per grant, and store the answer before using it.
    """
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    granted = _granted(web, endpoints, client, form)
    if granted.refresh_token:
        return _tokens(granted, refresh_token=granted.refresh_token, scopes=tokens.scopes)
    fresh = _tokens(granted, refresh_token=tokens.refresh_token, scopes=tokens.scopes)
    return replace(fresh, refresh_expires_at=fresh.refresh_expires_at or tokens.refresh_expires_at)


def revoke(endpoints: Endpoints, token: str, *, web: httpx2.Client) -> None:
    """End a grant by its refresh token. One that is already dead counts as ended.

    A provider without an address for this is asked nothing; Kind.removal says what is left to do.
    """
    if not endpoints.revoke:
        return
    answer = _post(web, endpoints.revoke, {"token": token})
    if answer.status < 300:
        return
    failure = _failure(answer)
    if answer.status == 400 and failure.error in {"invalid_token", "invalid_grant"}:
        return
    raise _refused(answer, failure)


def _granted(
    web: httpx2.Client, endpoints: Endpoints, client: Client, form: Mapping[str, str]
) -> _Granted:
    ours = {"client_id": client.client_id, "client_secret": client.client_secret}
    answer = _post(web, endpoints.token, {**form, **ours})
    if answer.status != 200:
        raise _refused(answer, _failure(answer))
    try:
        granted = msgspec.json.decode(answer.body, type=_Granted, strict=False)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Unavailable("The provider's sign-in service answered something else.") from None
    if not granted.access_token:
        raise Unavailable("The provider's sign-in service answered without a token.")
    return granted


def _tokens(granted: _Granted, *, refresh_token: str, scopes: Iterable[str]) -> Tokens:
    now = clock.now()
    lasting = granted.refresh_token_expires_in
    return Tokens(
        access_token=granted.access_token,
        refresh_token=refresh_token,
        expires_at=now + timedelta(seconds=_sane(granted.expires_in)),
        scopes=split(granted.scope) or canonical(scopes),
        refresh_expires_at=now + timedelta(seconds=_sane(lasting)) if lasting > 0 else None,
    )


def _sane(seconds: int) -> int:
    return min(max(seconds, 0), 10 * 366 * 24 * 3600)


def _post(web: httpx2.Client, url: str, form: Mapping[str, str]) -> http.Answer:
    headers = {"Accept": "application/json"}
    try:
        return http.send(web, web.build_request("POST", url, data=form, headers=headers), cap=_CAP)
    except http.FAILURES as error:
        raise Unavailable(f"The provider's sign-in service failed: {error}.") from None


def _failure(answer: http.Answer) -> _Failed:
    try:
        return msgspec.json.decode(answer.body, type=_Failed)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Failed()


def _refused(answer: http.Answer, failure: _Failed) -> ProviderError:
    if answer.status >= 500:
        return Unavailable(f"The provider's sign-in service answered {answer.status}.")
    retry_after = answer.headers.get("retry-after", "")
    error = failed(
        answer.status, retry_after, failure.error, failure.error_description, failure.suberror
    )
    error.claims = checked_claims(failure.claims)
    return error


def checked_claims(text: str) -> str:
    """The ``claims`` of a refusal, if they are what they should be: a JSON object, not too big."""
    if not text or len(text) > _CLAIMS_CAP:
        return ""
    try:
        msgspec.json.decode(text, type=dict[str, dict[str, Any] | None])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    return text


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"
