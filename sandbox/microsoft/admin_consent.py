"""GET and POST /{tenant}/v2.0/adminconsent: an administrator agrees for a whole organization.

https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
"""

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from sandbox.accounts import MICROSOFT
from sandbox.google.authorize import html
from sandbox.microsoft import pages, scopes, tenants
from sandbox.microsoft.answers import origin, send_back
from sandbox.microsoft.authority import COMMON, ORGANIZATIONS, PERSONAL, Authority, find_authority
from sandbox.microsoft.authorize import OWN, read_scopes, refuse, trusted
from sandbox.microsoft.sign_in_errors import SignInError
from sandbox.microsoft.tokens import Client
from sandbox.state import Sandbox

ALWAYS = {"admin_consent": "True"}
"""In every answer, refusals too."""


def admin_consent(sandbox: Sandbox, request: Request) -> Response:
    """One step: a page, or the way back to the app."""
    params = request.form if request.method == "POST" else request.args
    redirect = ""
    try:
        authority = _authority(sandbox, request.path)
        client, redirect = trusted(sandbox, params)
        return _step(sandbox, request, authority, client, params)
    except SignInError as error:
        if error.kind.page or not redirect:
            return refuse(sandbox, error, params)
        told = error.query(sandbox.clock.now()) | ALWAYS | {"state": params.get("state", "")}
        return send_back(redirect, told)


def _authority(sandbox: Sandbox, path: str) -> Authority:
    found = find_authority(sandbox, path)
    if found.name in {COMMON, PERSONAL}:
        raise SignInError(90009)
    return found


def _step(
    sandbox: Sandbox,
    request: Request,
    authority: Authority,
    client: Client,
    params: Mapping[str, str],
) -> Response:
    wanted = read_scopes(params)
    carried = [(name, value) for name, value in params.items() if name not in OWN]
    chosen = params.get("sandbox_account", "")
    target = origin(params["redirect_uri"])
    if not chosen:
        return html(_picker(sandbox, authority, carried, request.path), form_target=target)
    carried.append(("sandbox_account", chosen))
    decision = request.form.get("decision") if request.method == "POST" else None
    there = next((one for one in _tenants(sandbox, authority) if one.id == chosen), None)
    if there is None:
        body = _turned_away(sandbox, authority, client, chosen, decision, carried, request.path)
        return html(body, form_target=target)
    if decision is None:
        who, names = f"Administrator of {there.domains[0]}", ", ".join(there.domains)
        body = pages.consent(who, client.id, wanted, carried, request.path, everybody=names)
        return html(body, form_target=target)
    if decision != "accept":
        raise SignInError(65004)
    tenants.grant(sandbox, there.id, client.id, wanted)
    told = {"tenant": there.id, "scope": scopes.written(wanted, full=True)}
    return send_back(
        params["redirect_uri"], ALWAYS | told | {"state": params.get("state", "")}
    )  # fmt: skip


def _turned_away(
    sandbox: Sandbox,
    authority: Authority,
    client: Client,
    chosen: str,
    decision: str | None,
    carried: list[tuple[str, str]],
    path: str,
) -> bytes:
    """Somebody who administers nothing there."""
    people = {one.address for one in sandbox.accounts(MICROSOFT) if authority.admits(one)}
    if chosen not in people:
        raise SignInError(50020, f"Account: '{chosen[:100]}'.")
    if decision is not None:
        raise SignInError(90094)
    return pages.need_approval(chosen, client.id, (), carried, path)


def _tenants(sandbox: Sandbox, authority: Authority) -> list[tenants.Tenant]:
    every = tenants.tenants(sandbox)
    return [one for one in every if authority.name in {ORGANIZATIONS, one.id}]


def _picker(
    sandbox: Sandbox, authority: Authority, carried: list[tuple[str, str]], path: str
) -> bytes:
    people = [one for one in sandbox.accounts(MICROSOFT) if authority.admits(one)]
    return pages.picker(people, _tenants(sandbox, authority), carried, path)
