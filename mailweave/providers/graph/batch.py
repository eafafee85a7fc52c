"""Many calls in one HTTP request, as JSON: https://learn.microsoft.com/en-us/graph/json-batching.

Graph works off four of them at a time towards one mailbox, so a batch is all that mailbox stands.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mailweave.providers.errors import ProviderError
from mailweave.providers.graph import wire
from mailweave.providers.graph.calls import VERSION, Call
from mailweave.providers.graph.failures import Faulty, failure

LIMIT = 20
"""Calls to a batch."""
_DONE = frozenset({200, 204})


def compose(calls: Sequence[Call]) -> bytes:
    """The body for these calls, numbered from 0."""
    requests = [_request(number, call) for number, call in enumerate(calls)]
    return json.dumps({"requests": requests}).encode()


def parse(body: bytes, count: int) -> list[bytes | ProviderError]:
    """The outcome of each call; raises wire.Unreadable if this is no answer to a batch."""
    silent = Faulty("Microsoft Graph left a call of a batch unanswered.")
    outcomes: list[bytes | ProviderError] = [silent] * count
    for reply in wire.read(wire.REPLIES, body).responses:
        number = int(reply.id) if reply.id.isdecimal() and len(reply.id) < 6 else count
        if number < count and outcomes[number] is silent:
            outcomes[number] = _outcome(reply)
    return outcomes


def _request(number: int, call: Call) -> dict[str, Any]:
    request = {
        "id": str(number),
        "method": call.method,
        "url": call.path.removeprefix(VERSION),
        "headers": {"Prefer": call.prefer},
    }
    if call.body is None:
        return request
    headers = {"Prefer": call.prefer, "Content-Type": "application/json"}
    return {**request, "headers": headers, "body": json.loads(call.body)}


def _outcome(reply: wire.Reply) -> bytes | ProviderError:
    if reply.status not in _DONE:
        return failure(reply.status, _lower(reply.headers or {}), reply.body)
    return bytes(reply.body)


def _lower(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}
