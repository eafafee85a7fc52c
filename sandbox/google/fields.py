"""Partial answers: the ``fields`` parameter, checked against what an answer can hold."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from sandbox.google.errors import ApiError, bad_request

Mask = dict[str, Any]
"""A tree: key to the mask below it; an empty one keeps everything."""
Shape = Mapping[str, "Shape | None"]

HEADER: Shape = {"name": None, "value": None}
BODY: Shape = {"attachmentId": None, "size": None, "data": None}
PART: dict[str, Shape | None] = {
    "partId": None,
    "mimeType": None,
    "filename": None,
    "headers": HEADER,
    "body": BODY,
}
PART["parts"] = PART
MESSAGE: Shape = {
    "id": None,
    "threadId": None,
    "labelIds": None,
    "snippet": None,
    "sizeEstimate": None,
    "historyId": None,
    "internalDate": None,
    "payload": PART,
    "raw": None,
    "classificationLabelValues": None,
}
DRAFT: Shape = {"id": None, "message": MESSAGE}
DRAFTS: Shape = {"drafts": DRAFT, "nextPageToken": None, "resultSizeEstimate": None}
THREAD: Shape = {"id": None, "snippet": None, "historyId": None, "messages": MESSAGE}
LABEL: Shape = {
    "id": None,
    "name": None,
    "type": None,
    "messageListVisibility": None,
    "labelListVisibility": None,
    "messagesTotal": None,
    "messagesUnread": None,
    "threadsTotal": None,
    "threadsUnread": None,
    "color": {"textColor": None, "backgroundColor": None},
}
CHANGED: Shape = {"message": MESSAGE, "labelIds": None}
RECORD: Shape = {
    "id": None,
    "messages": MESSAGE,
    "messagesAdded": {"message": MESSAGE},
    "messagesDeleted": {"message": MESSAGE},
    "labelsAdded": CHANGED,
    "labelsRemoved": CHANGED,
}
SEND_AS: Shape = {
    "sendAsEmail": None,
    "displayName": None,
    "replyToAddress": None,
    "signature": None,
    "isPrimary": None,
    "isDefault": None,
    "treatAsAlias": None,
    "verificationStatus": None,
    "smtpMsa": None,
}
PROFILE: Shape = {
    "emailAddress": None,
    "messagesTotal": None,
    "threadsTotal": None,
    "historyId": None,
}
MESSAGES: Shape = {"messages": MESSAGE, "nextPageToken": None, "resultSizeEstimate": None}
THREADS: Shape = {"threads": THREAD, "nextPageToken": None, "resultSizeEstimate": None}
HISTORY: Shape = {"history": RECORD, "nextPageToken": None, "historyId": None}
LABELS: Shape = {"labels": LABEL}
SEND_ASES: Shape = {"sendAs": SEND_AS}
WATCH: Shape = {"historyId": None, "expiration": None}
NOTHING: Shape = {}

TOKEN = re.compile(r"\s*([A-Za-z0-9_$.-]+|[*(),/])\s*")


def parse(fields: str, shape: Shape) -> Mask:
    """The mask as a tree; 400 when it is no mask or names what the answer cannot hold."""
    tokens: list[str] = []
    position = 0
    while position < len(fields):
        match = TOKEN.match(fields, position)
        if match is None or len(tokens) > 1000:
            raise _invalid(fields)
        tokens.append(match[1])
        position = match.end()
    mask, rest = _list(tokens, fields)
    if rest or not mask:
        raise _invalid(fields)
    _check(mask, shape)
    return mask


def apply(mask: Mask, value: Any) -> Any:
    """Only what the mask names. Rendered JSON is opened only where the mask looks inside."""
    if not mask:
        return value
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    if isinstance(value, list):
        return [apply(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    everything = mask.get("*")
    kept = {}
    for key, item in value.items():
        below = mask.get(key, everything)
        if below is not None:
            kept[key] = apply(below, item)
    return kept


def _list(tokens: list[str], fields: str, depth: int = 0) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while True:
        tokens = _item(tokens, mask, fields, depth)
        if not tokens or tokens[0] != ",":
            return mask, tokens
        tokens = tokens[1:]


def _item(tokens: list[str], mask: Mask, fields: str, depth: int) -> list[str]:
    if not tokens or tokens[0] in "(),/" or depth > 40:
        raise _invalid(fields)
    name, rest = tokens[0], tokens[1:]
    # What was asked for whole stays whole, whatever is asked of its inside as well.
    whole = name in mask and not mask[name]
    below: Mask = {} if whole else mask.setdefault(name, {})
    if rest and rest[0] == "/":
        rest = _item(rest[1:], below, fields, depth + 1)
    elif rest and rest[0] == "(":
        inner, rest = _list(rest[1:], fields, depth + 1)
        if not rest or rest[0] != ")":
            raise _invalid(fields)
        below.update(inner)
        rest = rest[1:]
    else:
        below.clear()
    return rest


def _check(mask: Mask, shape: Shape | None) -> None:
    for name, below in mask.items():
        if name == "*":
            continue
        if shape is None or name not in shape:
            raise _invalid(name)
        if below:
            _check(below, shape[name])


def _invalid(what: str) -> ApiError:
    return bad_request(f"Invalid field selection {what}", "invalidParameter")
