"""GET and POST /{tenant}/oauth2/v2.0/authorize: who signs in, what they agree to, the way back.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from sandbox.accounts import MICROSOFT, Account, find_account
from sandbox.google.authorize import html
from sandbox.microsoft import pages, scopes, tenants
from sandbox.microsoft.answers import MODES, origin, send_back
from sandbox.microsoft.authority import COMMON, ORGANIZATIONS, PERSONAL, Authority, find_authority
from sandbox.microsoft.keys import client_info
from sandbox.microsoft.sign_in_errors import SignInError, switched
from sandbox.microsoft.tokens import Client, Code, consent, consented, find_client, make_code
from sandbox.state import Sandbox

OWN = frozenset({"sandbox_account", "decision", "reason"})
PROMPTS = frozenset({"", "login", "none", "consent", "select_account"})
SHOWN = ("client_id", "redirect_uri", "scope", "response_type")


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked authorization request."""

    authority: Authority
    client: Client
    redirect: str
    scopes: frozenset[str]
    state: str
    mode: str
    prompt: str
    hint: str
    domain_hint: str
    nonce: str | None
    challenge: str | None
    method: str | None
    wants_client_info: bool


def authorize(sandbox: Sandbox, request: Request) -> Response:
    """One step of the flow: a page, or the way back to the app."""
    params = request.form if request.method == "POST" else request.args
    redirect, mode = "", params.get("response_mode") or "query"
    try:
        authority = find_authority(sandbox, request.path)
        client, redirect = trusted(sandbox, params)
        return _step(sandbox, request, _read(params, authority, client, redirect), params)
    except SignInError as error:
        if error.kind.page or not redirect:
            return refuse(sandbox, error, params)
        told = error.query(sandbox.clock.now()) | {"state": params.get("state", "")}
        return send_back(redirect, told, mode if mode in MODES else "query")


def trusted(sandbox: Sandbox, params: Mapping[str, str]) -> tuple[Client, str]:
    """The app, and the address to send people back to: one it registered, to the letter."""
    for name in ("client_id", "redirect_uri"):
        if not params.get(name):
            raise SignInError(900144, f"'{name}'.")
    client = find_client(sandbox, params["client_id"])
    if client is None:
        raise SignInError(700016, f"Application: '{params['client_id'][:100]}'.")
    if params["redirect_uri"] not in client.redirects:
        raise SignInError(50011, f"Application: '{client.id}'.")
    return client, params["redirect_uri"]


def refuse(sandbox: Sandbox, error: SignInError, params: Mapping[str, str]) -> Response:
    """The error as a page, for there is no way back."""
    shown = {name: params[name][:300] for name in SHOWN if name in params}
    told = error.body(sandbox.clock.now())
    shown |= {"Trace ID": told["trace_id"], "Timestamp": told["timestamp"]}
    sentence = f"{error.kind.sentence} {error.more}".strip()
    return html(pages.refusal(sentence, error.code, shown), status=400)


def read_scopes(params: Mapping[str, str]) -> frozenset[str]:
    """The scopes asked for; SignInError when there are none or there is no such thing."""
    if not params.get("scope", "").strip():
        raise SignInError(900144, "'scope'.")
    try:
        return scopes.read(params["scope"])
    except scopes.UnknownScopeError as error:
        code = 500011 if error.resource else 650053
        raise SignInError(code, f"Scope: '{error.name[:200]}'.") from None


def _read(params: Mapping[str, str], authority: Authority, client: Client, redirect: str) -> Asked:
    if not params.get("response_type"):
        raise SignInError(900144, "'response_type'.")
    if params["response_type"] != "code":
        raise SignInError(70005)
    mode, prompt = params.get("response_mode") or "query", params.get("prompt", "")
    if mode not in MODES or prompt not in PROMPTS:
        raise SignInError(90023, f"'{(prompt if mode in MODES else mode)[:100]}'.")
    challenge, method = _challenge(params)
    return Asked(
        authority,
        client,
        redirect,
        read_scopes(params),
        params.get("state", ""),
        mode,
        prompt,
        params.get("login_hint", "").strip().lower(),
        params.get("domain_hint", "").strip().lower(),
        params.get("nonce") or None,
        challenge,
        method,
        params.get("client_info") == "1",
    )


def _challenge(params: Mapping[str, str]) -> tuple[str | None, str | None]:
    challenge = params.get("code_challenge") or None
    method = params.get("code_challenge_method") or ("plain" if challenge else None)
    if method not in {None, "plain", "S256"}:
        raise SignInError(90023, "'code_challenge_method'.")
    if bool(method) != bool(challenge) or (challenge and not 43 <= len(challenge) <= 128):
        raise SignInError(501491)
    return challenge, method


def _step(sandbox: Sandbox, request: Request, asked: Asked, params: Mapping[str, str]) -> Response:
    account = _who(sandbox, asked, params)
    carried = [(name, value) for name, value in params.items() if name not in OWN]
    if account is None:
        if asked.prompt == "none":
            raise SignInError(50058)
        body = pages.picker(_people(sandbox, asked), (), carried, request.path)
        return html(body, form_target=origin(asked.redirect))
    _admit(sandbox, request, asked, account)
    known = consented(sandbox, account, asked.client.id)
    if not asked.scopes - known and asked.prompt != "consent":
        return _grant(sandbox, asked, account)
    if asked.prompt == "none":
        raise SignInError(65001, error="consent_required")
    # Asking for consent anew asks for all of it, whoever has agreed before.
    wanted = asked.scopes if asked.prompt == "consent" else asked.scopes - known
    carried.append(("sandbox_account", account.address))
    if wanted & set(scopes.MANAGED) and _policy(sandbox, account) != "user":
        return _approve(sandbox, request, asked, account, carried)
    if request.method == "POST":
        return _decide(sandbox, request, asked, account)
    body = pages.consent(account.address, asked.client.id, wanted, carried, request.path)
    return html(body, form_target=origin(asked.redirect))


def _who(sandbox: Sandbox, asked: Asked, params: Mapping[str, str]) -> Account | None:
    chosen = params.get("sandbox_account") or (
        "" if asked.prompt in {"select_account", "login"} else asked.hint
    )
    with sandbox.db.read() as connection:
        found = find_account(connection, chosen)
    return found if found and found.company == MICROSOFT else None


def _people(sandbox: Sandbox, asked: Asked) -> list[Account]:
    """Who may sign in here; a domain hint leaves the others out."""
    hint = asked.domain_hint
    hinted = Authority(hint if hint in {ORGANIZATIONS, PERSONAL} else COMMON)
    every = [one for one in sandbox.accounts(MICROSOFT) if asked.authority.admits(one)]
    return [
        one
        for one in every
        if hinted.admits(one) and ("." not in hint or one.address.endswith("@" + hint))
    ]


def _admit(sandbox: Sandbox, request: Request, asked: Asked, account: Account) -> None:
    if not asked.authority.admits(account):
        raise SignInError(50020, f"Account: '{account.address}'.")
    if account.is_personal and any(one.endswith(scopes.SHARED) for one in asked.scopes):
        raise SignInError(70011, "Personal accounts have no shared mailboxes.")
    fault = sandbox.faults.take(
        frozenset({"aadsts"}), request.path, account.address, named=True
    )  # fmt: skip
    if fault is not None:
        raise switched(fault.options)


def _policy(sandbox: Sandbox, account: Account) -> str:
    return "user" if account.is_personal else tenants.tenant(sandbox, account.tenant).policy


def _approve(
    sandbox: Sandbox,
    request: Request,
    asked: Asked,
    account: Account,
    carried: list[tuple[str, str]],
) -> Response:
    """What only an administrator can agree to: people stay on this page until they go back."""
    workflow = _policy(sandbox, account) == "admin_workflow"
    decision = request.form.get("decision") if request.method == "POST" else None
    if decision == "return":
        raise SignInError(90095 if workflow else 90094)
    shown = (account.address, asked.client.id, asked.scopes, carried, request.path)
    if workflow and decision == "ask":
        reason = request.form.get("reason", "")[:500]
        tenants.ask(sandbox, account.id, asked.client.id, asked.scopes, reason)
        body = pages.asked(asked.client.id, carried, request.path)
    elif workflow:
        body = pages.request_approval(*shown)
    else:
        body = pages.need_approval(*shown)
    return html(body, form_target=origin(asked.redirect))


def _decide(sandbox: Sandbox, request: Request, asked: Asked, account: Account) -> Response:
    if request.form.get("decision") != "accept":
        raise SignInError(65004, suberror="cancel")
    consent(sandbox, account, asked.client.id, asked.scopes)
    return _grant(sandbox, asked, account)


def _grant(sandbox: Sandbox, asked: Asked, account: Account) -> Response:
    code = make_code(
        sandbox,
        Code(
            asked.client.id,
            account.id,
            asked.redirect,
            asked.scopes,
            asked.authority.name,
            asked.nonce,
            asked.challenge,
            asked.method,
        ),
    )
    told = {
        "code": code,
        "client_info": client_info(account) if asked.wants_client_info else "",
        "state": asked.state,
        "session_state": str(uuid.uuid4()),
    }
    return send_back(asked.redirect, told, asked.mode)
