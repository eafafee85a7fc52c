"""Microsoft Graph: one request in, one answer out, alone or as a part of a batch."""

import math
from contextlib import nullcontext
from datetime import timedelta
from email.utils import format_datetime

import msgspec

from sandbox import transit
from sandbox.accounts import Account
from sandbox.faults import BODY as BODY_FAULTS
from sandbox.faults import Fault
from sandbox.microsoft import delegates, errors, odata, store
from sandbox.microsoft.call import Answer, Call, Request, read_wishes, steps_of
from sandbox.microsoft.errors import GraphError
from sandbox.microsoft.ids import Ids
from sandbox.microsoft.methods import METHODS, TOP, Method, Result, find_method
from sandbox.microsoft.tokens import Grant
from sandbox.quota import TooManyConcurrentError, TooManyRequestsError
from sandbox.state import Sandbox

CALL_FAULTS = frozenset({
    "rate", "quota", "concurrent", "retry_after", "server_error", "empty_error", "unauthorized",
    "denied", "no_mailbox", "precondition",
})  # fmt: skip
SERVER_ERRORS = {
    500: ("ErrorInternalServerError", "An internal server error occurred. Try again later."),
    502: ("BadGateway", "Bad gateway."),
    503: ("ErrorServiceUnavailable", "The service is unavailable. Try again later."),
    504: ("UnknownError", ""),
}
WORDS = {
    "": "Lifetime validation failed, the token is expired.",
    "empty": "Access token is empty.",
    "audience": "Access token validation failure. Invalid audience.",
    "malformed": "IDX14100: JWT is not well formed, there are no dots (.).",
    "claims": "Continuous access evaluation resulted in challenge with result:"
    " InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
    "blank": "",
}
CLAIMS = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzYzNjAwMDAwIn19fQ=="
ABSURD = "31536000000"


def answer(sandbox: Sandbox, grant: Grant, request: Request, *, held: bool = False) -> Answer:
    """Answer one request. ``held`` says that the caller holds its place in flight and waited."""
    account, most = delegates.whose(sandbox, grant, request), sandbox.settings.graph_concurrency
    place = nullcontext() if held else sandbox.quota.flight(account.address, grant.client_id, most)
    try:
        with place:
            if not held:
                sandbox.pause()
            return _run(sandbox, grant, account, request)
    except TooManyConcurrentError:
        return failed(sandbox, request, errors.throttled("1"))
    except TooManyRequestsError as error:
        wait = str(max(1, math.ceil(error.seconds)))
        return failed(sandbox, request, errors.throttled(wait, errors.SPENT))
    except GraphError as error:
        return failed(sandbox, request, error)


def failed(sandbox: Sandbox, request: Request, error: GraphError) -> Answer:
    """An error as its answer; one without code and message has no body."""
    if not error.code:
        return Answer(error.status, headers=error.headers)
    identity = request.headers.get("client-request-id") or request_id(request)
    inner = {
        "date": sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id(request),
        "client-request-id": identity,
    }
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    return Answer(error.status, msgspec.json.encode(body), "application/json", error.headers)


def request_id(request: Request) -> str:
    """The id of a request, which the HTTP side gave it."""
    return request.headers.get("request-id", "")


def _run(sandbox: Sandbox, grant: Grant, account: Account, request: Request) -> Answer:
    faults, address = sandbox.faults, account.address
    if fault := faults.lost("lost_request", request.path, address):
        return lost(sandbox, request, fault)
    if fault := faults.take(CALL_FAULTS, request.path, address):
        sandbox.quota.rejected[address] += 1
        raise fault_error(fault, sandbox)
    sandbox.quota.request(grant.client_id, address, sandbox.settings.graph_requests)
    method, named = _open(sandbox, grant, account, request)
    wishes = read_wishes(request.headers.get("prefer", ""))
    options = odata.options(request.query)
    call = Call(sandbox, grant, account, request, named, options, wishes, Ids(account))
    if fault := call.fault("new_ids"):
        _renew(call, fault)
    if fault := call.fault("clock_skew"):
        call.skew = float(fault.options.get("seconds", 300))
    if fault := faults.lost("late_request", request.path, address):
        transit.late(sandbox, fault, lambda: method.run(call))
        return lost(sandbox, request, fault)
    made = _answer(method.run(call))
    transit.arrive(sandbox)
    if fault := faults.lost("lost_answer", request.path, address):
        return lost(sandbox, request, fault)
    made.skew = call.skew
    if wishes.applied:
        made.headers["Preference-Applied"] = wishes.applied
    made.fault = faults.take(BODY_FAULTS, request.path, address)
    return made


def lost(sandbox: Sandbox, request: Request, fault: Fault) -> Answer:
    """Nothing comes back, or a failure that says nothing of what was done."""
    if fault.kind == "server_error":
        return failed(sandbox, request, fault_error(fault, sandbox))
    return Answer(200, fault=fault)


def _answer(result: Result) -> Answer:
    if result is None:
        return Answer(204, content_type="")
    if isinstance(result, Answer):
        return result
    status, body = result if isinstance(result, tuple) else (200, result)
    made = Answer(status, msgspec.json.encode(body))
    if "@odata.etag" in body:
        made.headers["ETag"] = str(body["@odata.etag"])
    return made


def _open(
    sandbox: Sandbox, grant: Grant, account: Account, request: Request
) -> tuple[Method, dict[str, str]]:
    """The method, once it is clear that this person may call it; GraphError otherwise."""
    steps = steps_of(request.path.removeprefix("/v1.0"))
    granted = {scope.lower() for scope in grant.scopes}
    first = steps[0].lower()
    if first == "me":
        below = steps[1:]
    elif first == "users" and len(steps) > 1:
        below = steps[2:]
        delegates.check(sandbox, grant, account, steps[1], below)
    elif first == "subscriptions":
        below = steps
    else:
        raise errors.no_segment(steps[0])
    table = TOP if first == "subscriptions" else METHODS
    method, named = find_method(request.verb, below, table)
    of_others = "" if account.id == grant.account.id else ".shared"
    if not granted & {scope + of_others for scope in method.scopes}:
        if not below:
            message = "Insufficient privileges to complete the operation."
            raise GraphError(403, "Authorization_RequestDenied", message)
        raise errors.denied()
    return method, named


def _renew(call: Call, fault: Fault) -> None:
    wanted = str(fault.options.get("id", ""))
    with call.sandbox.db.write() as connection:
        rows = connection.execute(
            "SELECT id FROM messages WHERE account = ?", (call.account.id,)
        ).fetchall()
        for row in rows:
            if wanted in {"", f"{row['id']:x}"}:
                store.rebirth(connection, call.account.id, row["id"], call.sandbox.clock.time())


def fault_error(fault: Fault, sandbox: Sandbox) -> GraphError:
    """What a switch makes of a call."""
    status, form = int(fault.options.get("status", 0)), str(fault.options.get("form", ""))
    if fault.kind == "empty_error":
        return GraphError(status or 503, "", "")
    if fault.kind == "server_error":
        code, message = SERVER_ERRORS.get(status or 503, SERVER_ERRORS[500])
        return GraphError(status or 503, code, message)
    if fault.kind == "unauthorized":
        return _unauthorized(form)
    if fault.kind == "denied":
        return errors.denied()
    if fault.kind == "no_mailbox":
        return errors.no_mailbox()
    if fault.kind == "precondition":
        return errors.stale()
    seconds = float(fault.options.get("seconds", 60 if fault.kind == "retry_after" else 10))
    message = errors.SPENT if fault.kind in {"quota", "rate"} else errors.BUSY
    error = errors.throttled(_wait(form, seconds, sandbox), message)
    error.status = status or 429
    return error


def _wait(form: str, seconds: float, sandbox: Sandbox) -> str | None:
    if form == "date":
        return format_datetime(sandbox.clock.now() + timedelta(seconds=seconds), usegmt=True)
    forms = {"missing": None, "absurd": ABSURD, "fraction": f"{seconds + 0.128:.3f}"}
    return forms.get(form, f"{seconds:g}")


def _unauthorized(form: str) -> GraphError:
    error = GraphError(401, "InvalidAuthenticationToken", WORDS.get(form, WORDS[""]))
    if form == "claims":
        error.headers["WWW-Authenticate"] = (
            f'Bearer realm="", authorization_uri="{errors.AUTHORIZE}",'
            f' error="insufficient_claims", claims="{CLAIMS}"'
        )
    return error
