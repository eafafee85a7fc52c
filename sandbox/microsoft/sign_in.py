"""The addresses of Microsoft's identity platform over HTTP."""

import re

from werkzeug.wrappers import Request, Response

from sandbox.google.authorize import html
from sandbox.google.web import AUTH_FAULTS
from sandbox.microsoft import keys, token_endpoint
from sandbox.microsoft.admin_consent import admin_consent
from sandbox.microsoft.authority import find_authority
from sandbox.microsoft.authorize import authorize, refuse
from sandbox.microsoft.discovery import discovery
from sandbox.microsoft.pages import signed_out
from sandbox.microsoft.sign_in_errors import SignInError
from sandbox.microsoft.token_endpoint import respond
from sandbox.state import Sandbox
from sandbox.wire import Spoiled, spoil

OURS = re.compile(
    r"/[^/]+/(oauth2/v2\.0/(?:authorize|token|logout)|discovery/v2\.0/keys"
    r"|v2\.0/(?:adminconsent|\.well-known/openid-configuration))"
)
PAGES = {"oauth2/v2.0/authorize": authorize, "v2.0/adminconsent": admin_consent}


def is_ours(path: str) -> bool:
    """Whether the path is one of the identity platform's."""
    return OURS.fullmatch(path) is not None


def serve_sign_in(sandbox: Sandbox, request: Request) -> Response | Spoiled:
    """Answer one request of the identity platform."""
    found = OURS.fullmatch(request.path)
    what = found[1] if found else ""
    if what in PAGES and request.method in {"GET", "POST"}:
        return PAGES[what](sandbox, request)
    if (request.method == "POST") != (what == "oauth2/v2.0/token"):
        return respond(405, {"error": "invalid_request"})
    fault = sandbox.faults.take(AUTH_FAULTS, request.path, named=True)
    if fault and fault.kind == "server_error":
        error = SignInError(90033, status=int(fault.options.get("status", 503)))
        return respond(error.status, error.body(sandbox.clock.now()))
    response = _endpoint(sandbox, request, what)
    return spoil(response, fault) if fault else response


def _endpoint(sandbox: Sandbox, request: Request, what: str) -> Response:
    if what == "oauth2/v2.0/token":
        return token_endpoint.token(sandbox, request)
    try:
        authority = find_authority(sandbox, request.path)
    except SignInError as error:
        if what == "oauth2/v2.0/logout":
            return refuse(sandbox, error, request.args)
        return respond(error.status, error.body(sandbox.clock.now()))
    if what == "oauth2/v2.0/logout":  # nobody stays signed in here, so there is nothing to end
        return html(signed_out())
    if what == "discovery/v2.0/keys":
        return respond(200, keys.jwks(sandbox, authority.issuer_tenant))
    named = request.path.split("/")[1]
    return respond(200, discovery(authority, named, request.host_url))
