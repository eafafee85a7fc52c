"""POST $batch: up to twenty calls in one body, each counted as a call.

Towards one mailbox four go side by side, as far as its places reach; what depends on another
waits for it.
"""

import base64
import binascii
from contextlib import ExitStack
from typing import Any

import msgspec

from sandbox.microsoft import delegates, errors
from sandbox.microsoft.api import answer, failed
from sandbox.microsoft.call import Answer, Request
from sandbox.microsoft.errors import GraphError, bad_request
from sandbox.microsoft.tokens import Grant
from sandbox.quota import TooManyConcurrentError
from sandbox.state import Sandbox

Json = dict[str, Any]
MOST, ABREAST = 20, 4
FAILED = "The request was not executed because a request it depends on failed."


class Part(msgspec.Struct):
    """One call inside a batch."""

    id: str
    method: str
    url: str
    headers: dict[str, Any] = {}
    body: Any = None
    depends: list[str] = msgspec.field(name="dependsOn", default_factory=list)


class Batch(msgspec.Struct):
    """The body of a batch."""

    requests: list[Part]


def answer_batch(sandbox: Sandbox, grant: Grant, outer: Request) -> Answer:
    """Run every part, wave after wave; the envelope is 200 whatever became of them."""
    try:
        waiting = read_parts(outer)
    except GraphError as error:
        return failed(sandbox, outer, error)
    done: dict[str, Answer] = {}
    order: list[Part] = []
    while waiting:
        ready = [part for part in waiting if all(name in done for name in part.depends)][:ABREAST]
        done |= _wave(sandbox, grant, outer, ready, done)
        order += ready
        waiting = [part for part in waiting if part not in ready]
    body = {"responses": [_shown(part, done[part.id]) for part in order]}
    whole = Answer(200, msgspec.json.encode(body))
    whole.fault = next((item.fault for item in done.values() if item.fault), None)
    return whole


def read_parts(outer: Request) -> list[Part]:
    """The calls inside; 400 when the body is no batch, too long a one, or waits for itself."""
    try:
        parts = msgspec.json.decode(outer.body, type=Batch).requests
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise bad_request("Unable to read JSON request payload.") from None
    if not 0 < len(parts) <= MOST:
        raise bad_request(f"The batch request holds {len(parts)} requests; 1 to {MOST} may be.")
    names = [part.id for part in parts]
    if len(set(names)) != len(names) or not all(names):
        raise bad_request("Every request of a batch has an id of its own.")
    for place, part in enumerate(parts):
        if not set(part.depends) <= set(names[:place]):
            raise bad_request(f"Request {part.id[:40]} depends on what does not come before it.")
        if part.body is not None and not _header(part, "content-type"):
            raise bad_request(f"Request {part.id[:40]} has a body and no Content-Type header.")
    return parts


def _wave(
    sandbox: Sandbox, grant: Grant, outer: Request, parts: list[Part], done: dict[str, Answer]
) -> dict[str, Answer]:
    """Parts that go side by side: their places are taken together, and they wait once."""
    found: dict[str, Answer] = {}
    most = sandbox.settings.graph_concurrency
    with ExitStack() as places:
        runs: list[tuple[Part, Request]] = []
        for part in parts:
            request = _request(part, outer)
            if any(done[name].status >= 400 for name in part.depends):
                error = GraphError(424, "FailedDependency", FAILED)
                found[part.id] = failed(sandbox, request, error)
                continue
            try:
                address = delegates.whose(sandbox, grant, request).address
                places.enter_context(sandbox.quota.flight(address, grant.client_id, most))
                runs.append((part, request))
            except TooManyConcurrentError:
                found[part.id] = failed(sandbox, request, errors.throttled("1"))
        if runs:
            sandbox.pause()
        for part, request in runs:
            found[part.id] = answer(sandbox, grant, request, held=True)
    return found


def _request(part: Part, outer: Request) -> Request:
    path, _, query = part.url.removeprefix(outer.origin).partition("?")
    if not path.startswith("/v1.0/"):
        path = "/v1.0/" + path.lstrip("/")
    kept = ("request-id", "client-request-id")
    headers = {name: outer.headers[name] for name in kept if name in outer.headers}
    headers |= {str(name).lower(): str(value) for name, value in part.headers.items()}
    return Request(part.method.upper(), path, query, headers, outer.origin, _body(part.body))


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            return body.encode()
    return msgspec.json.encode(body)


def _shown(part: Part, item: Answer) -> Json:
    headers = {**item.headers}
    if item.content_type:
        headers["Content-Type"] = item.content_type
    shown: Json = {"id": part.id, "status": item.status, "headers": headers}
    if item.body and "json" in item.content_type:
        shown["body"] = msgspec.Raw(item.body)
    elif item.body:
        shown["body"] = base64.b64encode(item.body).decode()
    return shown


def _header(part: Part, name: str) -> str:
    return next((str(value) for key, value in part.headers.items() if key.lower() == name), "")
