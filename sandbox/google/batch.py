"""POST /batch: many calls in one body, answered in their order, each counted as a call."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from sandbox.accounts import account_by_id
from sandbox.google import errors
from sandbox.google.api import Answer, Request, answer, caller, failed
from sandbox.google.errors import ApiError
from sandbox.google.multipart import Headers, cut_headers, read_headers, split_parts
from sandbox.quota import TooManyConcurrentError
from sandbox.state import Sandbox

MOST = 100
REQUEST_LINE = re.compile(rb"^([A-Z]+) (\S+)(?: HTTP/[\d.]+)?\s*$")


@dataclass(frozen=True, slots=True)
class Part:
    """One inner request and the Content-ID to answer it under."""

    content_id: str
    request: Request


def answer_batch(sandbox: Sandbox, outer: Request) -> Answer:
    """Run every part. Parts of one mailbox run side by side, as far as its places reach."""
    try:
        parts = read_parts(outer)
    except ApiError as error:
        return failed(error)
    with ExitStack() as places:
        held = [_place(sandbox, part.request, places) for part in parts]
        sandbox.pause()
        answers = [
            answer(sandbox, part.request, held=True)
            if got
            else failed(errors.too_many_concurrent(), pretty=False)
            for part, got in zip(parts, held, strict=True)
        ]
    boundary = "batch_" + str(abs(hash(tuple(part.content_id for part in parts))))
    body = b"".join(_shown(part, item, boundary) for part, item in zip(parts, answers, strict=True))
    whole = Answer(
        200, body + f"--{boundary}--\r\n".encode(), f"multipart/mixed; boundary={boundary}"
    )
    whole.fault = next((item.fault for item in answers if item.fault), None)
    return whole


def read_parts(outer: Request) -> list[Part]:
    """The inner requests; 400 when the body is no batch or too long a one."""
    try:
        inner = split_parts(outer.headers.get("content-type", ""), outer.body)
    except ValueError:
        message = "Failed to parse batch request, error: missing boundary."
        raise errors.bad_request(message, "badContent") from None
    if not inner:
        raise errors.bad_request("The batch request has no parts.", "badContent")
    if len(inner) > MOST:
        raise errors.bad_request(f"The batch request has more than {MOST} parts.", "badRequest")
    return [_read_part(headers, content, outer) for headers, content in inner]


def _read_part(headers: Headers, content: bytes, outer: Request) -> Part:
    head, body = cut_headers(content.lstrip(b"\r\n"))
    start, _, rest = head.partition(b"\n")
    match = REQUEST_LINE.match(start)
    if match is None:
        raise errors.bad_request("Failed to parse batch request part.", "badContent")
    url = urlsplit(match[2].decode("latin-1"))
    shared = {key: value for key, value in outer.headers.items() if not key.startswith("content-")}
    request = Request(
        match[1].decode(), url.path, url.query, {**shared, **read_headers(rest)}, body.strip()
    )
    return Part(headers.get("content-id", ""), request)


def _place(sandbox: Sandbox, request: Request, places: ExitStack) -> bool:
    try:
        token = caller(sandbox, request)
        with sandbox.db.read() as connection:
            address = account_by_id(connection, token.account).address
        places.enter_context(sandbox.quota.flight(address))
    except TooManyConcurrentError:
        return False
    except ApiError:
        return True  # the part itself will say what is wrong with its token
    return True


def _shown(part: Part, item: Answer, boundary: str) -> bytes:
    headers: Mapping[str, str] = {
        "Content-Type": item.content_type,
        "Vary": "Origin",
        "Content-Length": str(len(item.body)),
        **item.headers,
    }
    echoed = f"Content-ID: <response-{part.content_id.strip('<>')}>\r\n" if part.content_id else ""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    reason = HTTPStatus(item.status).phrase
    return (
        (
            f"--{boundary}\r\nContent-Type: application/http\r\n{echoed}\r\n"
            f"HTTP/1.1 {item.status} {reason}\r\n{head}\r\n"
        ).encode("latin-1", "replace")
        + item.body
        + b"\r\n"
    )
