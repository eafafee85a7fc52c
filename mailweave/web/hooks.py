"""Where providers tell us that something happened in a mailbox: notices, and no more than that.

They come without a session and have three seconds' patience, so they are answered before
everything else, and what is done for them is little: check where they come from, leave one row.
Whatever is wrong with a notice, its sender learns nothing by it; when something is wrong with us,
it is asked to come again.

https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
https://cloud.google.com/pubsub/docs/push
"""

import base64
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import msgspec
from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from prometheus_client import Counter

from mailweave.providers.errors import Refused, Unavailable
from mailweave.sync import notices, senders

log = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponseBase]

CAP = 256 * 1024
LONGEST_TOKEN = 2000
PATIENCE = 2.5
"""Seconds until we say that we cannot: a provider that waits for three thinks us dead."""
COUNTED = Counter(
    "mailweave_notices",
    "Notices of providers since this process began, by what became of them.",
    ["hook", "outcome"],
    registry=None,
)
_SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_hands = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hooks")
"""The database may keep these waiting, and nobody else."""


class Notice(msgspec.Struct, frozen=True, rename="camel"):
    """One of Microsoft's: which subscription it comes from, and our secret with it."""

    subscription_id: str = ""
    client_state: str | None = None
    lifecycle_event: str | None = None


class Notices(msgspec.Struct, frozen=True):
    """What Microsoft posts."""

    value: list[Notice]


class Publication(msgspec.Struct, frozen=True):
    """One message of Pub/Sub's; what Gmail said is in ``data``, as base64."""

    data: str


class Envelope(msgspec.Struct, frozen=True):
    """What Pub/Sub posts."""

    message: Publication


class Told(msgspec.Struct, frozen=True, rename="camel"):
    """What Gmail said. Its ``historyId`` is of no use: we ask from where we are."""

    email_address: str


_NOTICES = msgspec.json.Decoder(Notices)
_ENVELOPE = msgspec.json.Decoder(Envelope)
_TOLD = msgspec.json.Decoder(Told)


class HookMiddleware:
    """Answers notices; everything else goes on."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        hook = PATHS.get(request.path_info)
        if hook is None:
            return self.get_response(request)
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST", **_SAFE})
        status, text = _take(hook, request)
        return HttpResponse(text, status=status, content_type="text/plain", headers=_SAFE)


def _take(hook: str, request: HttpRequest) -> tuple[int, str]:
    """Status and text of the answer, whatever comes."""
    query = request.META.get("QUERY_STRING", "")
    if hook != "gmail" and "validationToken" in query:
        return _echo(hook, query)
    try:
        body = request.read(CAP + 1)
    except OSError:
        return _count(hook, "malformed", 400)
    if len(body) > CAP:
        return _count(hook, "oversized", 413)
    job = _hands.submit(_work, hook, body, request.headers.get("Authorization", ""))
    try:
        return job.result(PATIENCE)
    except TimeoutError:
        job.cancel()
        return _count(hook, "delayed", 503)


def _echo(hook: str, query: str) -> tuple[int, str]:
    """Microsoft has our address prove that it is ours: what it sends must come back as it is."""
    try:
        asked = parse_qs(query, max_num_fields=10, errors="strict").get("validationToken", [])
    except ValueError:
        asked = []
    if len(asked) != 1 or len(asked[0]) > LONGEST_TOKEN:
        return _count(hook, "malformed", 400)
    return _count(hook, "validated", 200, asked[0])


def _work(hook: str, body: bytes, signature: str) -> tuple[int, str]:
    """Do what little there is to do, in a thread of its own, with a connection of its own."""
    try:
        return HOOKS[hook](body, signature)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _count(hook, "malformed", 400)
    except DatabaseError as error:
        log.warning("a notice cannot be noted: %s", type(error).__name__)
        return _count(hook, "delayed", 503)
    finally:
        connections.close_all()


def _outlook(body: bytes, _: str) -> tuple[int, str]:
    """Changes: wake the mailboxes whose secrets came back. The rest is not ours, and dropped."""
    whose = [_whose("outlook", one) for one in _NOTICES.decode(body).value]
    _wake(filter(None, whose))
    return 202, ""


def _lifecycle(body: bytes, _: str) -> tuple[int, str]:
    """What becomes of subscriptions. Whatever it is, something may have been missed."""
    for one in _NOTICES.decode(body).value:
        mailbox = _whose("lifecycle", one)
        if not mailbox:
            continue
        if one.lifecycle_event in RENEWING and one.subscription_id.isprintable():
            is_gone = one.lifecycle_event == GONE
            notices.renew(*mailbox, one.subscription_id, is_gone=is_gone)
        _wake([mailbox])
    return 202, ""


def _whose(hook: str, notice: Notice) -> tuple[int, int] | None:
    found = notices.read_secret(notice.client_state or "")
    _count(hook, "taken" if found else "forged")
    return found


def _gmail(body: bytes, signature: str) -> tuple[int, str]:
    """Changes, passed on by Pub/Sub: once the token holds it is taken, or would come for days."""
    scheme, _, token = signature.partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise Refused("There is no token.")  # noqa: TRY301 - one way out
        senders.check("gmail", token, f"{settings.PUSH_URL}/hooks/gmail/")
    except Refused:
        return _count("gmail", "forged", 401)
    except Unavailable as error:
        log.warning("a notice cannot be checked: %s", error)
        return _count("gmail", "delayed", 503)
    try:
        address = _address(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _count("gmail", "malformed", 204)
    found = notices.listeners(address)
    _wake(found)
    return _count("gmail", "taken" if found else "unknown", 204)


def _address(body: bytes) -> str:
    """Whose mailbox it is. Raises ValueError for what is no address."""
    data = _ENVELOPE.decode(body).message.data.replace("-", "+").replace("_", "/").rstrip("=")
    address = _TOLD.decode(base64.b64decode(data + "=" * (-len(data) % 4))).email_address
    if not address.isprintable() or len(address) > 320:
        raise ValueError("not an address")
    return address


def _wake(found: Iterable[tuple[int, int]]) -> None:
    boxes: dict[int, set[int]] = defaultdict(set)
    for workspace_id, mailbox_id in found:
        boxes[workspace_id].add(mailbox_id)
    for workspace_id, mailbox_ids in sorted(boxes.items()):
        notices.wake(workspace_id, mailbox_ids)


def _count(hook: str, outcome: str, status: int = 0, text: str = "") -> tuple[int, str]:
    COUNTED.labels(hook, outcome).inc()
    return status, text


GONE = "subscriptionRemoved"
RENEWING = {GONE, "reauthorizationRequired"}
HOOKS: dict[str, Callable[[bytes, str], tuple[int, str]]] = {
    "outlook": _outlook,
    "lifecycle": _lifecycle,
    "gmail": _gmail,
}
PATHS = {
    "/hooks/outlook/": "outlook",
    "/hooks/outlook/lifecycle/": "lifecycle",
    "/hooks/gmail/": "gmail",
}
