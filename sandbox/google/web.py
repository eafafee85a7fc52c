"""Google's addresses over HTTP: Gmail, batches and sign-in on one origin."""

from collections.abc import Callable

from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from sandbox.google import authorize, errors, keys, token_endpoint
from sandbox.google.api import UNKNOWN_PAGE, Answer, Request, answer, failed
from sandbox.google.batch import answer_batch
from sandbox.state import Sandbox
from sandbox.wire import Spoiled, compress, spoil

BATCHES = ("/batch", "/batch/gmail/v1")
AUTHORIZE = ("/o/oauth2/v2/auth", "/o/oauth2/auth")
AUTH_FAULTS = frozenset({"server_error", "reset", "slow", "html", "malformed", "gzip_bomb"})

Endpoint = Callable[[Sandbox, WebRequest], tuple[int, dict[str, object]]]
POSTED: dict[str, Endpoint] = {"/token": token_endpoint.token, "/revoke": token_endpoint.revoke}
OPEN: dict[str, Endpoint] = {
    "/v1/userinfo": token_endpoint.userinfo,
    "/oauth2/v3/userinfo": token_endpoint.userinfo,
    "/tokeninfo": token_endpoint.tokeninfo,
    "/oauth2/v3/tokeninfo": token_endpoint.tokeninfo,
    "/oauth2/v3/certs": lambda sandbox, _: (200, keys.jwks(sandbox)),
    "/oauth2/v1/certs": lambda sandbox, _: (200, dict(keys.certificates(sandbox))),
    "/.well-known/openid-configuration": lambda _, request: (
        200,
        token_endpoint.discovery(request.host_url),
    ),
}


def serve_api(sandbox: Sandbox, environ: dict[str, object]) -> Response | Spoiled:
    """Gmail and its batches, straight from the WSGI environment: this path is the busy one."""
    request = _read(environ)
    wants_gzip = "gzip" in request.headers.get("accept-encoding", "") and "gzip" in (
        request.headers.get("user-agent", "").lower()
    )
    if request.path in BATCHES:
        fault = sandbox.faults.take(AUTH_FAULTS, request.path) if request.verb == "POST" else None
        if fault and fault.kind == "server_error":
            made = failed(errors.server_error(int(fault.options.get("status", 503))))
        elif request.verb == "POST":
            made = answer_batch(sandbox, request)
        else:
            made = Answer(404, UNKNOWN_PAGE, "text/html; charset=UTF-8")
        made.fault = made.fault or fault
    else:
        made = answer(sandbox, request)
    return _respond(made, wants_gzip)


def serve_sign_in(sandbox: Sandbox, request: WebRequest) -> Response | Spoiled:
    """Everything of OAuth 2.0 and OpenID Connect; other addresses are unknown."""
    if request.path in AUTHORIZE and request.method in {"GET", "POST"}:
        return authorize.authorize(sandbox, request)
    endpoint = POSTED.get(request.path) if request.method == "POST" else None
    endpoint = endpoint or OPEN.get(request.path)
    if endpoint is None:
        known = request.path in POSTED or request.path in AUTHORIZE
        return Response(UNKNOWN_PAGE, status=405 if known else 404, content_type="text/html")
    fault = sandbox.faults.take(AUTH_FAULTS, request.path, named=True)
    if fault and fault.kind == "server_error":
        status = int(fault.options.get("status", 503))
        return token_endpoint.respond((status, {"error": "internal_failure"}))
    response = token_endpoint.respond(endpoint(sandbox, request))
    return spoil(response, fault) if fault else response


def _respond(made: Answer, wants_gzip: bool) -> Response | Spoiled:
    response = Response(made.body, status=made.status, content_type=made.content_type)
    response.headers["Cache-Control"] = "private"
    response.headers["Vary"] = "Origin, X-Origin, Referer"
    for name, value in made.headers.items():
        response.headers[name] = value
    if made.fault:
        return spoil(response, made.fault)
    if wants_gzip and len(made.body) > 500:
        compress(response, made.body)
    return response


def _read(environ: dict[str, object]) -> Request:
    headers = {
        key[5:].replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    path = str(raw).split("?", 1)[0] if raw else _quoted(str(environ.get("PATH_INFO", "")))
    return Request(
        str(environ["REQUEST_METHOD"]),
        path,
        str(environ.get("QUERY_STRING", "")),
        headers,
        WebRequest(environ).get_data(),
    )


def _quoted(path: str) -> str:
    """The path of a server that has decoded it already, encoded again where it matters."""
    return path.replace("%", "%25").encode("latin-1", "replace").decode("utf-8", "replace")
