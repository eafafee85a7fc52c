"""GET and POST /o/oauth2/v2/auth: who signs in, what they agree to, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from werkzeug.wrappers import Request, Response

from sandbox.accounts import GOOGLE, Account, find_account
from sandbox.google import pages
from sandbox.google.scopes import SIGN_IN, asks_for, canonical, unknown
from sandbox.google.tokens import Client, Code, consented, find_client, make_code
from sandbox.state import Sandbox

OWN = frozenset({"sandbox_account", "decision", "grant"})
PROMPTS = frozenset({"none", "consent", "select_account"})


class RefusedError(Exception):
    """An error page: there is no trusted address to send the person to."""

    def __init__(self, code: int, error: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.error, self.sentence = code, error, sentence


class SentBackError(Exception):
    """An error that goes to the app's redirect URI."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked authorization request."""

    client: Client
    redirect: str
    scopes: list[str]
    state: str
    prompts: frozenset[str]
    offline: bool
    include_granted: bool
    hint: str
    nonce: str | None
    challenge: str | None
    method: str | None


def authorize(sandbox: Sandbox, request: Request) -> Response:
    """One step of the flow: a page, or the redirect back to the app."""
    params = request.form if request.method == "POST" else request.args
    redirect = ""
    try:
        redirect = _trusted_redirect(sandbox, params)
        asked = _read(sandbox, params, redirect)
        return _step(sandbox, request, asked, params)
    except RefusedError as refused:
        shown = {
            name: value[:300]
            for name, value in params.items()
            if name in {"client_id", "redirect_uri", "scope", "response_type"}
        }
        body = pages.refusal(refused.code, refused.error, refused.sentence, shown)
        return html(body, status=refused.code)
    except SentBackError as error:
        return _back(redirect, {"error": str(error), "state": params.get("state", "")})


def html(body: bytes, *, status: int = 200, form_target: str = "") -> Response:
    """A page under a policy that allows its own style sheet and forms, and nothing else."""
    response = Response(body, status=status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action 'self' {form_target}".rstrip()
        + "; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Not no-referrer: browsers then post forms with "Origin: null".
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _trusted_redirect(sandbox: Sandbox, params: Mapping[str, str]) -> str:
    client = find_client(sandbox, params.get("client_id", ""))
    if client is None:
        raise RefusedError(401, "invalid_client", "The OAuth client was not found.")
    redirect = params.get("redirect_uri", "")
    if not redirect:
        raise RefusedError(400, "invalid_request", "Missing required parameter: redirect_uri")
    if redirect not in client.redirects:
        raise RefusedError(
            400,
            "redirect_uri_mismatch",
            "The redirect URI in the request is not registered for this app.",
        )
    return redirect


def _read(sandbox: Sandbox, params: Mapping[str, str], redirect: str) -> Asked:
    client = find_client(sandbox, params["client_id"])
    if params.get("response_type") != "code" or client is None:
        raise RefusedError(400, "invalid_request", "Required parameter: response_type=code")
    scopes = params.get("scope", "").split()
    if not scopes:
        raise RefusedError(400, "invalid_request", "Missing required parameter: scope")
    if strange := unknown(scopes):
        raise RefusedError(
            400, "invalid_scope", f"Some requested scopes were invalid: {' '.join(strange)[:200]}"
        )
    prompts = frozenset(params.get("prompt", "").split())
    if prompts - PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise RefusedError(400, "invalid_request", "Invalid parameter value for prompt")
    challenge, method = _challenge(params)
    return Asked(
        client,
        redirect,
        canonical(scopes),
        params.get("state", ""),
        prompts,
        params.get("access_type") == "offline",
        params.get("include_granted_scopes", "") == "true",
        params.get("login_hint", "").strip().lower(),
        params.get("nonce") or None,
        challenge,
        method,
    )


def _challenge(params: Mapping[str, str]) -> tuple[str | None, str | None]:
    challenge = params.get("code_challenge") or None
    method = params.get("code_challenge_method") or ("plain" if challenge else None)
    if method not in {None, "plain", "S256"} or (method and not challenge):
        raise RefusedError(
            400, "invalid_request", "Invalid parameter value for code_challenge_method"
        )
    if challenge and not 43 <= len(challenge) <= 128:
        raise RefusedError(400, "invalid_request", "Invalid parameter value for code_challenge")
    return challenge, method


def _step(sandbox: Sandbox, request: Request, asked: Asked, params: Mapping[str, str]) -> Response:
    account = _who(sandbox, asked, params)
    carried = [(name, value) for name, value in params.items() if name not in OWN]
    target = _origin(asked.redirect)
    if account is None:
        if "none" in asked.prompts:
            raise SentBackError("login_required")
        return html(
            pages.picker(sandbox.accounts(GOOGLE), carried, request.path), form_target=target
        )
    if asks_for(asked.scopes) and sandbox.settings.admin_policy != "off":
        _refuse_by_policy(sandbox)
    known = consented(sandbox, account.id, asked.client.id)
    if not set(asked.scopes) - known and "consent" not in asked.prompts:
        return _grant(sandbox, asked, account, asked.scopes, fresh=False)
    if "none" in asked.prompts:
        raise SentBackError("interaction_required")
    if request.method == "POST":
        return _decide(sandbox, request, asked, account)
    boxes = _boxes(sandbox, asked)
    plain = [scope for scope in asked.scopes if scope not in boxes]
    carried.append(("sandbox_account", account.address))
    body = pages.consent(account, asked.client.id, boxes, plain, carried, request.path)
    return html(body, form_target=target)


def _who(sandbox: Sandbox, asked: Asked, params: Mapping[str, str]) -> Account | None:
    chosen = params.get("sandbox_account") or (
        asked.hint if "select_account" not in asked.prompts else ""
    )
    with sandbox.db.read() as connection:
        found = find_account(connection, chosen)
    if found is None and chosen:
        return next((one for one in sandbox.accounts(GOOGLE) if one.sub == chosen), None)
    return found if found and found.company == GOOGLE else None


def _refuse_by_policy(sandbox: Sandbox) -> None:
    if sandbox.settings.admin_policy == "redirect":
        raise SentBackError("admin_policy_enforced")
    raise RefusedError(
        400,
        "admin_policy_enforced",
        "Access to your account data is restricted by policies within your organization.",
    )


def _boxes(sandbox: Sandbox, asked: Asked) -> list[str]:
    """One scope beyond sign-in needs no box: continuing grants it. Several get one each."""
    wanted = asks_for(asked.scopes)
    return wanted if len(wanted) > 1 or sandbox.settings.consent_boxes else []


def _decide(sandbox: Sandbox, request: Request, asked: Asked, account: Account) -> Response:
    if request.form.get("decision") != "continue":
        raise SentBackError("access_denied")
    boxes = _boxes(sandbox, asked)
    ticked = set(request.form.getlist("grant"))
    granted = [scope for scope in asked.scopes if scope not in boxes or scope in ticked]
    if not granted or (boxes and not ticked and not set(granted) & SIGN_IN):
        raise SentBackError("access_denied")
    return _grant(sandbox, asked, account, granted, fresh=True)


def _grant(
    sandbox: Sandbox, asked: Asked, account: Account, granted: list[str], *, fresh: bool
) -> Response:
    scopes = set(granted)
    if asked.include_granted:
        scopes |= consented(sandbox, account.id, asked.client.id)
    shown = canonical(scopes)
    code = make_code(
        sandbox,
        Code(
            asked.client.id,
            account.id,
            asked.redirect,
            tuple(shown),
            asked.nonce,
            asked.challenge,
            asked.method,
            asked.offline and fresh,
        ),
    )
    return _back(
        asked.redirect,
        {
            "state": asked.state,
            "code": code,
            "scope": " ".join(shown),
            "authuser": "0",
            "prompt": "consent" if fresh else "none",
        },
    )


def _back(redirect: str, answer: dict[str, str]) -> Response:
    parts = urlsplit(redirect)
    added = urlencode({name: value for name, value in answer.items() if value})
    query = f"{parts.query}&{added}" if parts.query else added
    response = Response(status=302)
    response.autocorrect_location_header = False
    response.headers["Location"] = urlunsplit(parts._replace(query=query))
    response.headers["Cache-Control"] = "no-store"
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
