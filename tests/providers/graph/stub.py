"""A Microsoft Graph that answers what a test tells it to, for what no sandbox would say."""

import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import httpx2

from mailweave.kit import http
from mailweave.providers.base import Budget, Endpoints
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.reader import GraphReader

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
API = "https://graph.example"
ENDPOINTS = Endpoints(
    authorize="https://login.example/common/authorize",
    token="https://login.example/common/token",
    revoke="",
    userinfo="",
    certs="https://login.example/keys",
    api=API,
    issuers=("https://login.example/{tenantid}/v2.0",),
)
Say = Callable[[httpx2.Request], httpx2.Response]
Inner = tuple[int, Any]
"""A status and what goes with it: text as it is, anything else as JSON."""


def budget(rate: float = 0.0, burst: float = 0.0) -> Budget:
    return Budget(rate=rate, burst=burst, level=burst, at=NOW)


@contextmanager
def client(say: Say, purse: Budget | None = None) -> Iterator[Client]:
    """A client whose every request is answered by ``say``; tokens are "t0", then "t1"..."""
    tokens = ["t0"]

    def refresh(stale: str) -> str:
        assert stale == tokens[-1]
        tokens.append(f"t{len(tokens)}")
        return tokens[-1]

    with http.client(transport=httpx2.MockTransport(say)) as web:
        yield Client(web, ENDPOINTS, lambda: tokens[-1], refresh, purse or budget())


@contextmanager
def reader(say: Say, purse: Budget | None = None) -> Iterator[GraphReader]:
    with client(say, purse) as made:
        yield GraphReader(made, "tenant.person")


def refusal(status: int, code: str, message: str = "Some words.") -> Inner:
    """Graph's error envelope."""
    inner = {"date": "2026-05-04T12:00:00", "request-id": "1", "client-request-id": "2"}
    return status, {"error": {"code": code, "message": message, "innerError": inner}}


NOT_FOUND = refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
CROWDED = refusal(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
QUOTA = refusal(429, "ApplicationThrottled", "Application is over its request limit.")
BROKEN = refusal(503, "ServiceUnavailable")
SLOW = refusal(504, "UnknownError", "")
STALE = refusal(401, "InvalidAuthenticationToken", "Lifetime validation failed.")
DENIED = refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
LOST = refusal(410, "SyncStateNotFound", "The sync state generation is not found.")


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def message(remote_id: str, at: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """A small message with all that we select."""
    return {
        "@odata.etag": f'W/"{remote_id}"',
        "id": remote_id,
        "conversationId": f"c-{remote_id}",
        "parentFolderId": "f-inbox",
        "receivedDateTime": stamp(at),
        "sentDateTime": stamp(at),
        "subject": f"About {remote_id}",
        "internetMessageId": f"<{remote_id}@partner.example>",
        "from": person("Ben Stone", "ben@partner.example"),
        "sender": person("Ben Stone", "ben@partner.example"),
        "replyTo": [],
        "toRecipients": [person("Ana", "ana@example.com")],
        "ccRecipients": [],
        "bccRecipients": [],
        "isRead": False,
        "isDraft": False,
        "flag": {"flagStatus": "notFlagged"},
        "hasAttachments": False,
        "bodyPreview": "Hello",
        "body": {"contentType": "text", "content": "Hello"},
        "internetMessageHeaders": [{"name": "Subject", "value": f"About {remote_id}"}],
    } | changes


def entry(remote_id: str, **changes: Any) -> dict[str, Any]:
    """A message as a folder's changes tell it."""
    names = ("@odata.etag", "id", "conversationId", "parentFolderId", "receivedDateTime")
    whole = message(remote_id)
    light = {name: whole[name] for name in (*names, "isRead", "isDraft", "flag")}
    return light | {"@odata.type": "#microsoft.graph.message"} | changes


def person(name: str, address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": name, "address": address}}


def folder(name: str, children: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"f-{name}",
        "displayName": name.title(),
        "childFolderCount": children,
        "isHidden": False,
    } | changes


def reply(inner: Inner, **headers: str) -> httpx2.Response:
    """One answer."""
    status, body = inner
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return httpx2.Response(status, content=content, headers=headers)


def calls(request: httpx2.Request) -> list[str]:
    """The calls in a request, alone or in a batch, as decoded path and query without version."""
    if not request.url.path.endswith("/$batch"):
        return [unquote(request.url.raw_path.decode()).removeprefix("/v1.0")]
    inner = json.loads(request.content)["requests"]
    return [unquote(one["url"]) for one in inner]


def batch(inner: list[Inner]) -> httpx2.Response:
    """Inner answers as one, in an order of their own."""
    responses = [
        {"id": str(n), "status": status, "headers": {"Content-Type": "application/json"}, "body": b}
        for n, (status, b) in enumerate(inner)
    ]
    return reply((200, {"responses": responses[::-1]}))


def each(answer: Callable[[str], Inner]) -> Say:
    """Answer every call by its path, alone or in a batch."""

    def say(request: httpx2.Request) -> httpx2.Response:
        inner = [answer(path) for path in calls(request)]
        return batch(inner) if request.url.path.endswith("/$batch") else reply(inner[0])

    return say


ALIASES = {
    "inbox": "f-inbox",
    "sentitems": "f-sent",
    "drafts": "f-drafts",
    "deleteditems": "f-deleted",
    "junkemail": "f-junk",
    "archive": "f-archive",
    "outbox": "f-outbox",
}
_CONDITION = re.compile(r"receivedDateTime (ge|lt) (\S+?Z)")


class Mailbox:
    """Messages newest first, as lists tell them; ``odd`` answers come first for a call's start."""

    def __init__(self, *messages: dict[str, Any], chance: int = 1) -> None:
        self.messages = list(messages)
        self.asked: list[str] = []
        self.odd: dict[str, list[Inner]] = {}
        self.files: dict[str, list[dict[str, Any]]] = {}
        self.expands = False
        """Whether pages tell what is attached."""
        self.folders = [folder(name.removeprefix("f-")) for name in ALIASES.values()]
        self._dice = random.Random(chance)

    def __call__(self, path: str) -> Inner:
        self.asked.append(path)
        for start, waiting in self.odd.items():
            if path.startswith(start) and waiting:
                return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return self.answer(path)

    def answer(self, path: str) -> Inner:
        where, _, query = path.partition("?")
        options = dict(one.partition("=")[::2] for one in query.split("&") if one)
        parts = where.strip("/").split("/")
        match parts:
            case ["me"]:
                return 200, {"id": "person", "displayName": "Ana", "mail": "ana@example.com"}
            case ["me", "mailFolders"]:
                return 200, {"value": self.folders}
            case ["me", "mailFolders", name]:
                return (200, {"id": ALIASES[name]}) if name in ALIASES else NOT_FOUND
            case ["me", "messages"]:
                return self._list(self.messages, options)
            case ["me", "mailFolders", name, "messages"]:
                there = [one for one in self.messages if one["parentFolderId"] == ALIASES[name]]
                return self._list(there, options)
            case ["me", "messages", remote_id]:
                found = [one for one in self.messages if one["id"] == remote_id]
                return (200, found[0]) if found else NOT_FOUND
            case ["me", "messages", remote_id, "attachments"]:
                return 200, {"value": self.files.get(remote_id, [])}
        raise AssertionError(path)

    def _list(self, messages: list[dict[str, Any]], options: dict[str, str]) -> Inner:
        assert options["$orderby"] == "receivedDateTime desc"
        found = [one for one in messages if _fits(one, options["$filter"])]
        self._dice.shuffle(found)  # nobody promises an order among equals
        found.sort(key=lambda one: str(one["receivedDateTime"]), reverse=True)
        skip, top = int(options.get("$skip", "0")), int(options["$top"])
        page: dict[str, Any] = {"value": found[skip : skip + top]}
        if self.expands and "$expand" in options:
            told = [one | {"attachments": self.files.get(one["id"], [])} for one in page["value"]]
            page["value"] = told
        if len(found) > skip + top:
            page["@odata.nextLink"] = f"{API}/v1.0/me/messages?$skip={skip + top}"
        if "$count" in options:
            page["@odata.count"] = len(found)
        return 200, page


def _fits(one: dict[str, Any], condition: str) -> bool:
    at = datetime.fromisoformat(one["receivedDateTime"])
    bounds = _CONDITION.findall(condition)
    assert bounds, condition
    for sign, value in bounds:
        bound = datetime.fromisoformat(value)
        if not (at >= bound if sign == "ge" else at < bound):
            return False
    return "isRead eq false" not in condition or not one["isRead"]


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
