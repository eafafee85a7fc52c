"""The Gmail API: one request in, one answer out, alone or as a part of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from sandbox import transit
from sandbox.accounts import Account, account_by_id
from sandbox.faults import BODY as BODY_FAULTS
from sandbox.faults import Fault
from sandbox.google import errors, fields, uploads
from sandbox.google.call import Call, Method, check_arguments, read_body
from sandbox.google.errors import ApiError
from sandbox.google.methods import find_method
from sandbox.google.multipart import split_parts
from sandbox.google.tokens import AccessToken, find_access_token
from sandbox.quota import QuotaExceededError, TooManyConcurrentError
from sandbox.state import Sandbox

CALL_FAULTS = frozenset(
    {"quota", "rate", "concurrent", "retry_after", "server_error", "precondition", "unauthorized"}
)
MOST_JSON = 10 * 1024 * 1024
"""Nothing that is larger is taken but as an upload."""
JSON_TYPE = "application/json; charset=UTF-8"
UNKNOWN_PAGE = b"""<!DOCTYPE html><html lang=en><meta charset=utf-8>
<title>Error 404 (Not Found)!!1</title><p><b>404.</b> <ins>That's an error.</ins>
<p>The requested URL was not found on this server. <ins>That's all we know.</ins></html>"""


@dataclass(frozen=True, slots=True)
class Request:
    """What one call is made of; header names in lower case, the path still encoded."""

    verb: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """What comes back. ``fault`` asks the HTTP side to spoil it on the wire."""

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A request whose method and caller are known."""

    method: Method
    call: Call
    mask: fields.Mask
    pretty: bool


def answer(sandbox: Sandbox, request: Request, *, held: bool = False) -> Answer:
    """Answer one request. ``held`` says that the caller holds its place in flight and waited."""
    query = parse_qsl(request.query, keep_blank_values=True)
    pretty = dict(query).get("prettyPrint", "true").lower() not in {"false", "0"}
    try:
        opened = _open(sandbox, request, query, pretty)
        if opened is None:
            return Answer(404, UNKNOWN_PAGE, "text/html; charset=UTF-8")
        if held:
            return _run(opened)
        with sandbox.quota.flight(opened.call.account.address):
            sandbox.pause()
            return _run(opened)
    except uploads.UnfinishedError as step:
        return Answer(step.status, headers=step.headers)
    except TooManyConcurrentError:
        return failed(errors.too_many_concurrent(), pretty=pretty)
    except ApiError as error:
        return failed(error, pretty=pretty)


def failed(error: ApiError, *, pretty: bool = True) -> Answer:
    """An error as its answer."""
    made = Answer(error.code, _json({"error": error.body}, pretty=pretty))
    if error.code == 401:
        made.headers["WWW-Authenticate"] = (
            'Bearer realm="https://accounts.google.com/", error="invalid_token"'
        )
    return made


def caller(sandbox: Sandbox, request: Request) -> AccessToken:
    """The good token a request carries; 401 otherwise."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        query = dict(parse_qsl(request.query))
        token = query.get("access_token") or query.get("oauth_token") or ""
    if not token.strip():
        raise errors.unauthenticated(missing=True)
    found = find_access_token(sandbox, token.strip())
    if found is None:
        raise errors.unauthenticated(missing=False)
    return found


def _open(
    sandbox: Sandbox, request: Request, query: Sequence[tuple[str, str]], pretty: bool
) -> Opened | None:
    upload = request.path.startswith(("/upload/", "/resumable/upload/"))
    session = uploads.upload_id(request.query) if upload else ""
    verb = uploads.verb(sandbox, session) if session else request.verb
    found = find_method(verb, request.path.removeprefix("/resumable").removeprefix("/upload"))
    if found is None or (upload and not found[0].takes_media):
        return None
    method, path = found[0], {key: unquote(value) for key, value in found[1].items()}
    token = caller(sandbox, request)
    with sandbox.db.read() as connection:
        account = account_by_id(connection, token.account)
    if path["userId"].lower() not in {"me", account.address}:
        raise errors.forbidden(f"Delegation denied for {account.address}")
    if not token.scopes & set(method.scopes):
        raise errors.insufficient_scope(method.id)
    asked = [pair for pair in query if not (upload and pair[0] == "upload_id")]
    args = check_arguments(asked, method.params)
    mask = fields.parse(args["fields"], method.shape) if args.get("fields") else {}
    body, media = _bodies(sandbox, account, request, method, upload)
    call = Call(sandbox, account, token.scopes, path, args, body, request.path, media)
    return Opened(method, call, mask, pretty)


def _bodies(
    sandbox: Sandbox, account: Account, request: Request, method: Method, upload: bool
) -> tuple[dict[str, Any], bytes | None]:
    if not upload:
        if len(request.body) > MOST_JSON:
            raise ApiError(413, "Request entity too large.", "uploadTooLarge")
        return read_body(request.body, method.body), None
    if session := uploads.upload_id(request.query):
        meta, media = uploads.add(sandbox, session, request)
        return read_body(meta, method.body), media
    if "uploadType=resumable" in request.query:
        read_body(request.body, method.body)
        raise uploads.begin(sandbox, account, request)
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/"):
        return {}, request.body
    try:
        (_, meta), (_, media) = split_parts(kind, request.body)
    except ValueError:
        message = "Failed to parse the multipart body."
        raise errors.bad_request(message, "badContent") from None
    return read_body(meta, method.body), media


def _run(opened: Opened) -> Answer:
    call, method = opened.call, opened.method
    faults, where = call.sandbox.faults, (call.url, call.account.address)
    if lost := faults.lost("lost_request", *where):
        return _lost(lost)
    if late := faults.lost("late_request", *where):
        transit.late(call.sandbox, late, lambda: method.run(call))
        return _lost(late)
    if fault := faults.take(CALL_FAULTS, call.url, call.account.address):
        raise _fault_error(fault, call.account, call.sandbox)
    units = method.legacy_units if call.sandbox.quota.profile == "legacy" else method.units
    try:
        call.sandbox.quota.charge(call.account.address, units)
    except QuotaExceededError as error:
        raise errors.quota_exceeded(str(error)) from None
    result = method.run(call)
    transit.arrive(call.sandbox)
    if lost := faults.lost("lost_answer", *where):
        return _lost(lost)
    spoiled = faults.take(BODY_FAULTS, call.url, call.account.address)
    if result is None:
        return Answer(204, content_type="text/html", fault=spoiled)
    body = _json(fields.apply(opened.mask, result), pretty=opened.pretty)
    return Answer(200, body, fault=spoiled)


def _lost(fault: Fault) -> Answer:
    """Nothing comes back, or a failure that says nothing of what was done."""
    if fault.kind == "server_error":
        return failed(errors.server_error(int(fault.options.get("status", 503))))
    return Answer(200, fault=fault)


def _fault_error(fault: Fault, account: Account, sandbox: Sandbox) -> ApiError:
    sandbox.quota.rejected[account.address] += 1
    if fault.kind == "retry_after":
        until = sandbox.clock.now() + timedelta(seconds=float(fault.options.get("seconds", 60)))
        return errors.retry_after(_iso(until), int(fault.options.get("status", 429)))
    if fault.kind == "server_error":
        return errors.server_error(int(fault.options.get("status", 503)))
    if fault.kind == "unauthorized":
        return errors.unauthenticated(missing=False)
    return {
        "quota": errors.quota_exceeded(),
        "rate": errors.exhausted(),
        "concurrent": errors.too_many_concurrent(),
        "precondition": errors.precondition_failed(),
    }[fault.kind]


def _iso(moment: datetime) -> str:
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )


def _json(value: Any, *, pretty: bool) -> bytes:
    body = msgspec.json.encode(value)
    return msgspec.json.format(body, indent=2) + b"\n" if pretty else body
