"""One message as Exchange takes it apart: properties, headers, the one body, the attachments."""

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from sandbox.google.charsets import scrub
from sandbox.google.headers import split_commas, text
from sandbox.google.payload import BROKEN, Rendered
from sandbox.microsoft.markup import as_html, as_text

Json = dict[str, Any]
PREVIEW = 255
LONGEST_HEAD = 400_000
HEADER = re.compile(r"(?m)^([!-9;-~]{1,200}):((?:[^\n]|\n[ \t])*)")
FOLD = re.compile(r"\r?\n[ \t]*")
MAILBOX = re.compile(r"^(.*?)<([^<>]*)>[^<>]*$", re.DOTALL)
ENDINGS = {"text/plain": ".txt", "text/html": ".htm", "image/png": ".png", "image/jpeg": ".jpg",
           "image/gif": ".gif", "message/delivery-status": ".dat"}  # fmt: skip
IMPORTANCE = {"high": "high", "low": "low", "urgent": "high", "non-urgent": "low", "1": "high",
              "2": "high", "4": "low", "5": "low"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """What the store keeps beside a message, each part as JSON: ``head`` the properties that never
    change, ``headers`` internetMessageHeaders, ``body`` with ``plain`` when there is a plain
    alternative to HTML, ``attachments`` without their bytes."""

    head: bytes
    headers: bytes
    body: bytes
    attachments: bytes
    attached: bool
    """Whether anything is attached that is not shown inside the body."""


@dataclass(slots=True)
class Found:
    """What a walk through the parts has come upon."""

    plain: str | None = None
    html: str | None = None
    meeting: str | None = None
    attachments: list[Json] = field(default_factory=list)


def itemise(raw: bytes, rendered: Rendered) -> Item:
    """A message that was parsed once already, in Exchange's terms."""
    found = Found()
    tree: Json = msgspec.json.decode(rendered.payload)
    _walk(tree, found, "")
    body = _body(found)
    attached = any(not one["isInline"] for one in found.attachments)
    head = _head(rendered, found, body) | {"hasAttachments": attached}
    encode = msgspec.json.encode
    return Item(
        encode(head),
        encode(headers_of(raw)),
        encode(body),
        encode(found.attachments),
        attached,
    )


def headers_of(raw: bytes) -> list[dict[str, str]]:
    """Every header in its order: unfolded, not decoded."""
    end = re.search(rb"\r?\n\r?\n", raw)
    head = raw[: end.start() if end else len(raw)][:LONGEST_HEAD]
    plain = head.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return [
        {"name": match[1], "value": scrub(text(FOLD.sub(" ", match[2]).strip()))}
        for match in HEADER.finditer(plain)
    ]


def recipients(value: str) -> list[Json]:
    """An address list as recipients; what names nobody is left out."""
    found = [_recipient(piece) for piece in split_commas(value.rstrip(";")) if piece.strip()]
    return [one for one in found if one]


def _recipient(piece: str) -> Json | None:
    piece = re.sub(r"^[^\"<@:]*:", "", piece.strip())  # the name of a group
    match = MAILBOX.match(piece)
    name, address = (match[1].strip(), match[2].strip()) if match else ("", piece.strip())
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    if not name and not address:
        return None
    return {"emailAddress": {"name": name or address, "address": address}}


def _head(rendered: Rendered, found: Found, body: Json) -> Json:
    sender = recipients(rendered.all("from"))[:1]
    actual = recipients(rendered.all("sender"))[:1] or sender
    subject = [one["value"] for one in rendered.headers if one["name"].lower() == "subject"]
    preview = body.get("plain") or (
        as_text(body["content"]) if body["contentType"] == "html" else body["content"]
    )
    head: Json = {"@odata.type": found.meeting} if found.meeting else {}
    head |= {
        "sentDateTime": _sent(rendered.header("date")),
        "internetMessageId": rendered.header("message-id") or None,
        "subject": subject[0] if subject else None,
        "bodyPreview": _preview(preview),
        "importance": _importance(rendered),
        "isDeliveryReceiptRequested": bool(rendered.header("return-receipt-to")),
        "isReadReceiptRequested": bool(rendered.header("disposition-notification-to")),
        "sender": actual[0] if actual else None,
        "from": sender[0] if sender else None,
    }
    for name, key in (("to", "to"), ("cc", "cc"), ("bcc", "bcc")):
        head[f"{key}Recipients"] = recipients(rendered.all(name))
    head["replyTo"] = recipients(rendered.all("reply-to"))
    if found.meeting:
        head["meetingMessageType"] = MEETINGS[found.meeting]
    return head


MEETINGS = {
    "#microsoft.graph.eventMessageRequest": "meetingRequest",
    "#microsoft.graph.eventMessageResponse": "meetingAccepted",
    "#microsoft.graph.eventMessage": "meetingCancelled",
}
METHODS = {"REQUEST": "#microsoft.graph.eventMessageRequest",
           "REPLY": "#microsoft.graph.eventMessageResponse"}  # fmt: skip


def _importance(rendered: Rendered) -> str:
    said = rendered.header("importance") or rendered.header("x-priority")[:1]
    return IMPORTANCE.get(said.strip().lower(), "normal")


def _sent(value: str) -> str | None:
    try:
        moment = parsedate_to_datetime(value)
        return (moment.astimezone(UTC) if moment.tzinfo else moment).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (*BROKEN, OverflowError, IndexError):
        return None


def _preview(plain: str) -> str:
    lines = (" ".join(line.split()) for line in plain[:4000].splitlines())
    return "\r\n".join(line for line in lines if line)[:PREVIEW]


def _body(found: Found) -> Json:
    if found.html is not None:
        body: Json = {"contentType": "html", "content": as_html(found.html)}
        return body | ({"plain": found.plain} if found.plain else {})
    return {"contentType": "text", "content": found.plain or ""}


def _walk(node: Json, found: Found, inside: str) -> None:
    kind = node["mimeType"]
    if kind.startswith("multipart/") and "parts" in node:
        for child in node["parts"]:
            _walk(child, found, kind if inside != "multipart/related" else inside)
    elif kind == "message/rfc822" and "parts" in node:
        found.attachments.append(_attached_item(node))
    else:
        _leaf(node, found, inside)


def _leaf(node: Json, found: Found, inside: str) -> None:
    kind, alternative = node["mimeType"], inside == "multipart/alternative"
    content = _header(node, "content-type")
    if kind == "text/calendar" and _is_meeting(node, content, inside):
        method = re.search(r"(?i)method\s*=\s*\"?([a-z]+)", content)
        said = method[1].upper() if method else ""
        found.meeting = METHODS.get(said, "#microsoft.graph.eventMessage")
        return
    if "attachmentId" not in node["body"] and kind in {"text/plain", "text/html"}:
        if kind == "text/html" and found.html is None:
            found.html = _data(node)
            return
        if kind == "text/plain" and found.plain is None and (alternative or found.html is None):
            found.plain = _data(node)
            return
        if alternative:
            return
    found.attachments.append(_attached_file(node, len(found.attachments) + 1, inside))


def _is_meeting(node: Json, content: str, inside: str) -> bool:
    """A calendar is the message itself where bodies stand, and a file where files do."""
    named = _header(node, "content-disposition").lower().startswith("attachment")
    return not named and (
        inside in {"", "multipart/alternative"} or bool(re.search(r"(?i)method\s*=", content))
    )


def _data(node: Json) -> str:
    coded = node["body"].get("data", "")
    return base64.urlsafe_b64decode(coded).decode("utf-8", "replace")


def _attached_file(node: Json, count: int, inside: str) -> Json:
    kind = node["mimeType"]
    disposition = _header(node, "content-disposition").lower()
    content_id = _header(node, "content-id").strip().strip("<>") or None
    shown = inside == "multipart/related" or disposition.startswith("inline")
    return {
        "part": node["partId"],
        "name": node["filename"] or f"ATT{count:05d}{ENDINGS.get(kind, '.bin')}",
        "contentType": kind,
        "size": node["body"]["size"],
        "isInline": bool(content_id) and shown and not disposition.startswith("attachment"),
        "contentId": content_id,
        "contentLocation": _header(node, "content-location") or None,
    }


def _attached_item(node: Json) -> Json:
    subject = _header(node["parts"][0], "subject") if node["parts"] else ""
    return {
        "part": node["partId"],
        "name": subject or node["filename"] or "Untitled",
        "contentType": None,
        "size": node["body"]["size"] or _size(node),
        "isInline": False,
        "item": True,
    }


def _size(node: Json) -> int:
    inside = sum(_size(part) for part in node.get("parts", ()))
    return int(node["body"]["size"]) + inside


def _header(node: Json, name: str) -> str:
    found = (h["value"] for h in node.get("headers", ()) if h["name"].lower() == name)
    return str(next(found, ""))
