"""A Gmail that answers what a test tells it to, for what no sandbox would say."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2

from mailweave.kit import http
from mailweave.providers.base import Budget, Endpoints
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.reader import GmailReader

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ENDPOINTS = Endpoints(
    authorize="https://accounts.example/auth",
    token="https://oauth.example/token",
    revoke="https://oauth.example/revoke",
    userinfo="https://openid.example/userinfo",
    certs="https://certs.example/certs",
    api="https://gmail.example",
    issuers=("https://accounts.example",),
)
Say = Callable[[httpx2.Request], httpx2.Response]
Inner = tuple[int, bytes]


def budget(rate: float = 0.0, burst: float = 0.0) -> Budget:
    return Budget(rate=rate, burst=burst, level=burst, at=NOW)


@contextmanager
def reader(
    say: Say, purse: Budget | None = None, account_id: str = "1090"
) -> Iterator[GmailReader]:
    """A reader whose every request is answered by ``say``; tokens are "t0", then "t1"..."""
    tokens = ["t0"]

    def refresh(stale: str) -> str:
        assert stale == tokens[-1]
        tokens.append(f"t{len(tokens)}")
        return tokens[-1]

    with http.client(transport=httpx2.MockTransport(say)) as web:
        client = Client(web, ENDPOINTS, lambda: tokens[-1], refresh, purse or budget())
        yield GmailReader(client, account_id)


def told(status: int, message: str, reason: str, **more: Any) -> bytes:
    """Google's error envelope."""
    one = {"message": message, "domain": "global", "reason": reason}
    return json.dumps(
        {"error": {"code": status, "message": message, "errors": [one], **more}}
    ).encode()


NOT_FOUND = (404, told(404, "Requested entity was not found.", "notFound"))
CROWDED = (429, told(429, "Too many concurrent requests for user.", "rateLimitExceeded"))
NOT_READY = (400, told(400, "Precondition check failed.", "failedPrecondition"))
QUOTA = (403, told(403, "Quota exceeded for quota metric 'Total'", "rateLimitExceeded"))
BROKEN = (503, told(503, "The service is currently unavailable.", "backendError"))


def sealed(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.urlsafe_b64encode(raw).decode()


def message(remote_id: str, thread: str = "", **changes: Any) -> dict[str, Any]:
    """A small message as ``format=full`` gives it."""
    return {
        "id": remote_id,
        "threadId": thread or remote_id,
        "labelIds": ["INBOX", "UNREAD"],
        "snippet": "Hello",
        "internalDate": "1777896000000",
        "sizeEstimate": 512,
        "payload": {
            "partId": "",
            "mimeType": "text/plain",
            "filename": "",
            "headers": [{"name": "Subject", "value": f"About {remote_id}"}],
            "body": {"size": 5, "data": sealed("Hello")},
        },
    } | changes


def paths(request: httpx2.Request) -> list[str]:
    """The calls in a request, whether alone or in a batch, as path and query."""
    if not request.url.path.startswith("/batch"):
        return [request.url.raw_path.decode()]
    lines = request.content.decode().split("\r\n")
    return [line.split(" ")[1] for line in lines if line.startswith("GET ")]


def wanted_id(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[2]


def batch(inner: list[Inner], *, shuffle: bool = False) -> httpx2.Response:
    """Inner answers as one multipart answer."""
    parts = [
        b"--edge\r\nContent-Type: application/http\r\nContent-ID: <response-call+%d>\r\n\r\n"
        b"HTTP/1.1 %d Whatever\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n%s\r\n"
        % (number, status, body)
        for number, (status, body) in enumerate(inner)
    ]
    whole = b"".join(reversed(parts) if shuffle else parts) + b"--edge--\r\n"
    return httpx2.Response(
        200, content=whole, headers={"content-type": "multipart/mixed; boundary=edge"}
    )


def each(answer: Callable[[str], Inner], *, shuffle: bool = False) -> Say:
    """Answer every call by its path, alone or in a batch."""

    def say(request: httpx2.Request) -> httpx2.Response:
        inner = [answer(path) for path in paths(request)]
        if request.url.path.startswith("/batch"):
            return batch(inner, shuffle=shuffle)
        return httpx2.Response(inner[0][0], content=inner[0][1])

    return say


def found(value: Any) -> Inner:
    return 200, json.dumps(value).encode()
