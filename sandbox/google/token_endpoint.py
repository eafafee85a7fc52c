"""/token, /revoke, /tokeninfo, userinfo and the OpenID Connect discovery document."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from sandbox.accounts import account_by_id
from sandbox.google import keys, tokens
from sandbox.google.scopes import ALIASES, GOOGLE, SIGN_IN, canonical
from sandbox.google.tokens import Client, find_client
from sandbox.state import Sandbox

Json = dict[str, Any]
EXPIRED = "Token has been expired or revoked."


class TokenError(Exception):
    """An OAuth error body with its status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


def token(sandbox: Sandbox, request: Request) -> tuple[int, Json]:
    """Exchange a code or refresh a token."""
    try:
        return 200, _issue(sandbox, _client(sandbox, request), request.form)
    except TokenError as error:
        return error.status, error.body


def revoke(sandbox: Sandbox, request: Request) -> tuple[int, Json]:
    """Take a grant back."""
    given = request.values.get("token", "")
    if not given:
        return 400, {"error": "invalid_request", "error_description": "Missing token"}
    if not tokens.revoke_token(sandbox, given):
        return 400, {"error": "invalid_token", "error_description": "Token expired or revoked"}
    return 200, {}


def userinfo(sandbox: Sandbox, request: Request) -> tuple[int, Json]:
    """Who the token belongs to."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        given = request.args.get("access_token", "")
    found = tokens.find_access_token(sandbox, given.strip())
    if found is None or not found.scopes & SIGN_IN:
        return 401, {"error": "invalid_request", "error_description": "Invalid Credentials"}
    with sandbox.db.read() as connection:
        account = account_by_id(connection, found.account)
    body: Json = {"sub": account.sub}
    if GOOGLE + "userinfo.profile" in found.scopes:
        body["name"] = account.name
    if GOOGLE + "userinfo.email" in found.scopes:
        body |= {"email": account.address, "email_verified": True}
    return 200, body


def tokeninfo(sandbox: Sandbox, request: Request) -> tuple[int, Json]:
    """What an access token is good for; for a person debugging."""
    found = tokens.find_access_token(sandbox, request.values.get("access_token", ""))
    if found is None:
        return 400, {"error": "invalid_token", "error_description": "Invalid Value"}
    with sandbox.db.read() as connection:
        account = account_by_id(connection, found.account)
    return 200, {
        "azp": found.client,
        "aud": found.client,
        "sub": account.sub,
        "scope": " ".join(canonical(found.scopes)),
        "exp": str(int(found.expires)),
        "expires_in": str(int(found.expires - sandbox.clock.time())),
        "email": account.address,
        "email_verified": "true",
        "access_type": "offline",
    }


def discovery(root: str) -> Json:
    """The OpenID Connect discovery document with this server's addresses."""
    root = root.rstrip("/")
    return {
        "issuer": keys.ISSUER,
        "authorization_endpoint": f"{root}/o/oauth2/v2/auth",
        "token_endpoint": f"{root}/token",
        "userinfo_endpoint": f"{root}/v1/userinfo",
        "revocation_endpoint": f"{root}/revoke",
        "jwks_uri": f"{root}/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", *ALIASES],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
    }


def respond(result: tuple[int, Json]) -> Response:
    """An OAuth answer as HTTP: JSON that nobody caches."""
    status, body = result
    response = Response(
        json.dumps(body, indent=2), status=status, content_type="application/json; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-cache, no-store, max-age=0, must-revalidate"
    return response


def _client(sandbox: Sandbox, request: Request) -> Client:
    name, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        name, secret = unquote(basic.username or ""), unquote(basic.password or "")
    if not name:
        raise TokenError("invalid_request", "Could not determine client ID from request.")
    client = find_client(sandbox, name)
    if client is None:
        raise TokenError("invalid_client", "The OAuth client was not found.", 401)
    if not hmac.compare_digest(secret.encode(), client.secret.encode()):
        raise TokenError("invalid_client", "Unauthorized", 401)
    return client


def _issue(sandbox: Sandbox, client: Client, form: Mapping[str, str]) -> Json:
    grant = form.get("grant_type", "")
    if grant == "authorization_code":
        return _exchange(sandbox, client, form)
    if grant == "refresh_token":
        return _refresh(sandbox, client, form)
    if not grant:
        raise TokenError("invalid_request", "Missing required parameter: grant_type")
    raise TokenError("unsupported_grant_type", f"Invalid grant_type: {grant[:100]}")


def _exchange(sandbox: Sandbox, client: Client, form: Mapping[str, str]) -> Json:
    if not form.get("code"):
        raise TokenError("invalid_request", "Missing required parameter: code")
    code = tokens.use_code(sandbox, form["code"], client.id)
    if code is None:
        raise TokenError("invalid_grant", "Bad Request")
    if form.get("redirect_uri", "") != code.redirect:
        raise TokenError("redirect_uri_mismatch", "Bad Request")
    _check_verifier(code, form.get("code_verifier", ""))
    scopes = frozenset(code.scopes)
    body = _answer(sandbox, code.account, client.id, scopes, code.nonce)
    if code.offline:
        body["refresh_token"] = tokens.make_refresh_token(sandbox, code.account, client.id, scopes)
        if sandbox.settings.testing_app and scopes - SIGN_IN:
            body["refresh_token_expires_in"] = tokens.TESTING - 1
    return body


def _check_verifier(code: tokens.Code, verifier: str) -> None:
    if code.challenge is None:
        return
    if not verifier:
        raise TokenError("invalid_grant", "Missing code verifier.")
    digest = hashlib.sha256(verifier.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    given = hashed if code.method == "S256" else verifier
    if not hmac.compare_digest(given.encode(), code.challenge.encode()):
        raise TokenError("invalid_grant", "Invalid code verifier.")


def _refresh(sandbox: Sandbox, client: Client, form: Mapping[str, str]) -> Json:
    if not form.get("refresh_token"):
        raise TokenError("invalid_request", "Missing required parameter: refresh_token")
    found = tokens.use_refresh_token(sandbox, form["refresh_token"], client.id)
    if found is None:
        raise TokenError("invalid_grant", EXPIRED)
    if found.scopes - SIGN_IN and sandbox.settings.admin_policy != "off":
        raise TokenError("admin_policy_enforced", "Access is restricted by your organization.")
    return _answer(sandbox, found.account, client.id, found.scopes, None)


def _answer(
    sandbox: Sandbox, account: int, client: str, scopes: frozenset[str], nonce: str | None
) -> Json:
    access = tokens.make_access_token(sandbox, account, client, scopes)
    body: Json = {
        "access_token": access,
        "expires_in": tokens.LIFETIME,
        "scope": " ".join(canonical(scopes)),
        "token_type": "Bearer",
    }
    if scopes & SIGN_IN:
        with sandbox.db.read() as connection:
            who = account_by_id(connection, account)
        body["id_token"] = keys.id_token(sandbox, who, client, scopes, access, nonce)
    return body
