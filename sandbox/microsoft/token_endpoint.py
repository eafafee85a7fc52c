"""POST /{tenant}/oauth2/v2.0/token: codes exchanged, tokens refreshed.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from werkzeug.wrappers import Request, Response

from sandbox.accounts import Account, account_by_id
from sandbox.microsoft import keys, tokens
from sandbox.microsoft.authority import Authority, find_authority
from sandbox.microsoft.authorize import read_scopes
from sandbox.microsoft.scopes import OFFLINE, graph_only, written
from sandbox.microsoft.sign_in_errors import SignInError, switched
from sandbox.microsoft.tokens import Client, Grant, find_client
from sandbox.state import Sandbox

Json = dict[str, Any]


def token(sandbox: Sandbox, request: Request) -> Response:
    """Tokens, or an error of the identity platform."""
    try:
        authority = find_authority(sandbox, request.path)
        client = _client(sandbox, request)
        return respond(200, _issue(sandbox, request, authority, client))
    except SignInError as error:
        response = respond(error.status, error.body(sandbox.clock.now()))
        if error.retry_after:
            response.headers["Retry-After"] = error.retry_after
        return response


def respond(status: int, body: Json) -> Response:
    """JSON that nobody keeps."""
    response = Response(
        json.dumps(body), status=status, content_type="application/json; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-store, no-cache"
    response.headers["Pragma"] = "no-cache"
    return response


def _client(sandbox: Sandbox, request: Request) -> Client:
    name, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        name, secret = unquote_plus(basic.username or ""), unquote_plus(basic.password or "")
    if not name:
        raise SignInError(900144, "'client_id'.")
    client = find_client(sandbox, name)
    if client is None:
        raise SignInError(700016, f"Application: '{name[:100]}'.")
    if request.headers.get("Origin"):
        raise SignInError(9002326)
    if not secret:
        raise SignInError(7000218)
    if not hmac.compare_digest(secret.encode(), client.secret.encode()):
        raise SignInError(7000215, f"App: '{client.id}'.")
    return client


def _issue(sandbox: Sandbox, request: Request, authority: Authority, client: Client) -> Json:
    grant = request.form.get("grant_type", "")
    if not grant:
        raise SignInError(900144, "'grant_type'.")
    if grant == "authorization_code":
        return _exchange(sandbox, request, authority, client)
    if grant == "refresh_token":
        return _refresh(sandbox, request, authority, client)
    raise SignInError(70003, f"'{grant[:100]}'.")


def _exchange(sandbox: Sandbox, request: Request, authority: Authority, client: Client) -> Json:
    form = request.form
    for name in ("code", "redirect_uri"):
        if not form.get(name):
            raise SignInError(900144, f"'{name}'.")
    code = tokens.use_code(sandbox, form["code"], client.id, authority.name)
    if form["redirect_uri"] != code.redirect:
        raise SignInError(500112)
    _check_verifier(code, form.get("code_verifier", ""))
    with sandbox.db.read() as connection:
        account = account_by_id(connection, code.account)
    _strike(sandbox, request, account)
    grant = Grant(account, client.id, _wanted(form, code.scopes))
    body = _answer(sandbox, grant, form, offline=OFFLINE in code.scopes, kept=code.scopes)
    if "openid" in code.scopes:
        body["id_token"] = keys.id_token(sandbox, account, client.id, code.scopes, code.nonce)
    return body


def _refresh(sandbox: Sandbox, request: Request, authority: Authority, client: Client) -> Json:
    form = request.form
    if not form.get("refresh_token"):
        raise SignInError(900144, "'refresh_token'.")
    kept = tokens.use_refresh_token(sandbox, form["refresh_token"], client.id)
    _strike(sandbox, request, kept.account)
    if not authority.admits(kept.account):
        raise SignInError(50020, f"Account: '{kept.account.address}'.")
    wanted = _wanted(form, kept.scopes)
    grant = Grant(kept.account, client.id, wanted)
    body = _answer(sandbox, grant, form, offline=True, kept=kept.scopes)
    if "openid" in wanted:
        body["id_token"] = keys.id_token(sandbox, kept.account, client.id, wanted, None)
    return body


def _strike(sandbox: Sandbox, request: Request, account: Account) -> None:
    """A refusal that is switched on for this person."""
    fault = sandbox.faults.take(frozenset({"aadsts"}), request.path, account.address)
    if fault is not None:
        raise switched(fault.options)


def _wanted(form: Mapping[str, str], agreed: frozenset[str]) -> frozenset[str]:
    """What the token is to be good for: what is asked for now, or all that was agreed to."""
    return read_scopes(form) if form.get("scope", "").strip() else agreed


def _check_verifier(code: tokens.Code, verifier: str) -> None:
    if code.challenge is None:
        return
    digest = hashlib.sha256(verifier.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    given = hashed if code.method == "S256" else verifier
    if not hmac.compare_digest(given.encode(), code.challenge.encode()):
        raise SignInError(501481)


def _answer(
    sandbox: Sandbox, grant: Grant, form: Mapping[str, str], *, offline: bool, kept: frozenset[str]
) -> Json:
    account, client = grant.account, grant.client_id
    agreed = tokens.consented(sandbox, account, client)
    if grant.scopes - agreed:
        raise SignInError(65001)
    given = grant.scopes
    if not account.is_personal:  # an organization's tokens carry all that was ever agreed to
        given |= graph_only(agreed)
    access, life = tokens.make_access_token(sandbox, account, client, given)
    body: Json = {
        "token_type": "Bearer",
        "scope": written(given, full=account.is_personal),
        "expires_in": life,
        "ext_expires_in": life,
        "access_token": access,
    }
    if offline:
        body["refresh_token"] = tokens.make_refresh_token(sandbox, account, client, kept)
    if form.get("client_info") == "1":
        body["client_info"] = keys.client_info(account)
    return body
