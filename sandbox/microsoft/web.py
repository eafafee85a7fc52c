"""Microsoft Graph over HTTP: the API and its batches."""

import uuid
from email.utils import formatdate
from typing import Any

from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from sandbox.microsoft import uploads
from sandbox.microsoft.api import answer, failed, fault_error, lost, request_id
from sandbox.microsoft.batch import answer_batch
from sandbox.microsoft.call import Answer, Request
from sandbox.microsoft.errors import GraphError
from sandbox.microsoft.tokens import Grant, authorize
from sandbox.state import Sandbox
from sandbox.wire import Spoiled, compress, spoil

BATCH = "/v1.0/$batch"
WIRE = frozenset({"server_error", "empty_error", "reset", "slow", "html", "malformed", "gzip_bomb"})
SERVER = (
    '{"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5","ScaleUnit":"000",'
    '"RoleInstance":"AM4PEPF00000001"}}'
)


def serve_api(sandbox: Sandbox, environ: dict[str, Any]) -> Response | Spoiled:
    """Answer one request under /v1.0/, straight from the WSGI environment."""
    request = read(environ)
    try:
        grant = authorize(sandbox, environ)
    except GraphError as error:
        return _respond(sandbox, request, failed(sandbox, request, error))
    if request.path.replace("%24", "$").lower() == BATCH:
        return _respond(sandbox, request, _batch(sandbox, grant, request))
    return _respond(sandbox, request, answer(sandbox, grant, request))


def serve_upload(sandbox: Sandbox, environ: dict[str, Any]) -> Response | Spoiled:
    """A piece of a large attachment, which needs no token."""
    request = read(environ)
    where = (request.path, uploads.address(sandbox, request))
    if fault := sandbox.faults.lost("lost_request", *where):
        return _respond(sandbox, request, lost(sandbox, request, fault))
    if fault := sandbox.faults.take(WIRE, *where, named=True):
        made = Answer(200, fault=fault)
        if fault.kind in {"server_error", "empty_error"}:
            made = failed(sandbox, request, fault_error(fault, sandbox))
        return _respond(sandbox, request, made)
    try:
        made = uploads.serve(sandbox, request)
    except GraphError as error:
        made = failed(sandbox, request, error)
    if fault := sandbox.faults.lost("lost_answer", *where):
        made = lost(sandbox, request, fault)
    return _respond(sandbox, request, made)


def _batch(sandbox: Sandbox, grant: Grant, request: Request) -> Answer:
    """A whole batch; a switch hits it as one only when it names its path."""
    if request.verb != "POST":
        refusal = GraphError(405, "Request_BadRequest", "A batch is posted.")
        return failed(sandbox, request, refusal)
    fault = sandbox.faults.take(WIRE, request.path, grant.account.address, named=True)
    if fault and fault.kind in {"server_error", "empty_error"}:
        return failed(sandbox, request, fault_error(fault, sandbox))
    made = answer_batch(sandbox, grant, request)
    made.fault = made.fault or fault
    return made


def read(environ: dict[str, Any]) -> Request:
    """One request out of its WSGI environment, with an id of its own."""
    headers = {
        key[5:].replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    headers["request-id"] = str(uuid.uuid4())
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    path = str(raw).split("?", 1)[0] if raw else str(environ.get("PATH_INFO", ""))
    scheme = str(environ.get("wsgi.url_scheme", "http"))
    host = headers.get("host") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return Request(
        str(environ["REQUEST_METHOD"]),
        path,
        str(environ.get("QUERY_STRING", "")),
        headers,
        f"{scheme}://{host}",
        WebRequest(environ).get_data(),
    )


def _respond(sandbox: Sandbox, request: Request, made: Answer) -> Response | Spoiled:
    response = Response(made.body, status=made.status, content_type=made.content_type or None)
    if not made.content_type:
        del response.headers["Content-Type"]
    said = request.headers.get("client-request-id") or request_id(request)
    response.headers["Cache-Control"] = "private"
    response.headers["request-id"] = request_id(request)
    response.headers["client-request-id"] = said
    response.headers["x-ms-ags-diagnostic"] = SERVER
    response.headers["OData-Version"] = "4.0"
    response.headers["Date"] = formatdate(sandbox.clock.time() + made.skew, usegmt=True)
    for name, value in made.headers.items():
        response.headers[name] = value
    if made.fault:
        return spoil(response, made.fault)
    agent = request.headers.get("user-agent", "").lower()
    accepted = request.headers.get("accept-encoding", "")
    if "gzip" in agent and "gzip" in accepted and len(made.body) > 500:
        compress(response, made.body)
    return response
