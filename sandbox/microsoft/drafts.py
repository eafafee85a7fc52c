"""What is being written: drafts made from properties, from MIME, or as an answer; and changed.

https://learn.microsoft.com/en-us/graph/api/user-post-messages,
https://learn.microsoft.com/en-us/graph/outlook-send-mime-message and
https://learn.microsoft.com/en-us/graph/api/message-createreply
"""

import base64
import binascii
import re
import sqlite3
from email.utils import formataddr, getaddresses
from uuid import uuid4

from sandbox import heads, mailbox
from sandbox.microsoft import drafting, extended, messages, store
from sandbox.microsoft.call import Call, Json
from sandbox.microsoft.drafting import Draft
from sandbox.microsoft.errors import GraphError, bad_request
from sandbox.microsoft.folders import key_of

MIME = "text/plain"
PREFIX = re.compile(r"(?i)^(?:re|fw):\s*")


def create(call: Call) -> tuple[int, Json]:
    """POST messages: JSON, or MIME in base64 as text/plain."""
    raw, given = read(call)
    with call.sandbox.action(call.account.id) as connection:
        if "folder" in call.path and key_of(call, connection, call.path["folder"]) != "DRAFT":
            raise bad_request("Drafts are made in Drafts here.", "ErrorInvalidRequest")
        return 201, _keep(call, connection, raw, given)


def read(call: Call) -> tuple[bytes, Json]:
    """A message as it was handed in, and what of it is no part of its bytes."""
    drafting.require_size(call.request.body)
    if call.request.headers.get("content-type", "").lower().startswith(MIME):
        return _own(call, _mime(call)), {}
    return from_json(call, call.body())


def from_json(call: Call, given: Json) -> tuple[bytes, Json]:
    """A message from its properties; 400 for what cannot be set."""
    _check(given)
    draft = Draft(f"From: {_me(call)}\r\n".encode())
    drafting.apply(draft, given)
    return _own(call, drafting.write(draft), replace=False), given


def create_reply(call: Call) -> tuple[int, Json]:
    """POST messages/{id}/createReply."""
    return _answer(call, "Re: ", everybody=False)


def create_reply_all(call: Call) -> tuple[int, Json]:
    """POST messages/{id}/createReplyAll."""
    return _answer(call, "Re: ", everybody=True)


def create_forward(call: Call) -> tuple[int, Json]:
    """POST messages/{id}/createForward."""
    return _answer(call, "Fw: ", everybody=False)


def _answer(call: Call, prefix: str, *, everybody: bool) -> tuple[int, Json]:
    body = call.body()
    message, comment = body.get("message") or {}, body.get("comment")
    given = {key.lower(): value for key, value in message.items()}
    if comment and "body" in given:
        raise bad_request("Comment and the body of a message exclude each other.")
    _check(given)
    with call.sandbox.action(call.account.id) as connection:
        number = messages.require(call, connection)["id"]
        original = mailbox.raw_of(connection, call.account.id, number)
        draft = _answering(call, original, prefix, str(comment or ""), everybody=everybody)
        if "torecipients" in body:
            drafting.apply(draft, {"torecipients": body["torecipients"]})
        drafting.apply(draft, given)
        return 201, _keep(call, connection, _own(call, drafting.write(draft), replace=False), given)


def _answering(call: Call, original: bytes, prefix: str, comment: str, *, everybody: bool) -> Draft:
    was = drafting.read(original)
    subject, identity = heads.first(original, "subject"), heads.first(original, "message-id")
    lines = [f"From: {_me(call)}", f"Subject: {prefix}{PREFIX.sub('', subject)}"]
    if identity:
        known = " ".join([heads.first(original, "references"), identity]).split()
        lines += [f"In-Reply-To: {identity}", "References: " + "\r\n ".join(known)]
    if prefix.lower().startswith("re"):
        sender = heads.first(original, "reply-to") or heads.first(original, "from")
        lines.append(f"To: {sender}")
    if everybody:
        lines += _others(call, original)
    draft = Draft("".join(f"{line}\r\n" for line in lines if not line.endswith(": ")).encode())
    told = f"<b>From:</b> {heads.first(original, 'from')}<br><b>Subject:</b> {subject}"
    draft.html = drafting.quoted(comment, told, was.html or was.text)
    draft.files = [one for one in was.files if one.inline or not prefix.startswith("Re")]
    return draft


def _others(call: Call, original: bytes) -> list[str]:
    """Whoever else got it, but for the mailbox itself and who is answered anyway."""
    left = {call.account.address, *heads.addresses(original, "from", "reply-to")}
    values = [*heads.every(original, "to"), *heads.every(original, "cc")]
    pairs = [pair for pair in getaddresses(values) if pair[1].lower() not in left]
    return ["Cc: " + ", ".join(formataddr(pair) for pair in pairs)]


def _keep(call: Call, connection: sqlite3.Connection, raw: bytes, given: Json) -> Json:
    sandbox, account = call.sandbox, call.account.id
    now = sandbox.clock.milliseconds()
    number, _ = sandbox.insert(account, raw, ["DRAFT"], now, None)
    store.mark_draft(connection, account, number, draft=True)
    extended.keep(connection, account, number, given.get("singlevalueextendedproperties"))
    return messages.whole(call, connection, number)


def _check(given: Json) -> None:
    for name in given:
        if name not in drafting.PROPERTIES | messages.LATER and not name.startswith("@odata."):
            message = f"The property '{name[:60]}' cannot be set."
            raise bad_request(message, "ErrorInvalidPropertySet")


def _mime(call: Call) -> bytes:
    try:
        raw = base64.b64decode(call.request.body, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not heads.FIELD.match(raw):
        raise GraphError(
            400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content."
        )
    return raw


def _own(call: Call, raw: bytes, *, replace: bool = True) -> bytes:
    """From the mailbox itself (what MIME says of it does not count), with a Message-ID."""
    if replace and call.account.address not in heads.addresses(raw, "from"):
        raw = heads.put(heads.drop(raw, "sender"), "From", _me(call))
    if not heads.first(raw, "message-id"):
        server = "AM4PEPF00000001.eurprd05.prod.outlook.com"
        raw = heads.put(raw, "Message-ID", f"<{uuid4().hex.upper()}@{server}>")
    return raw


def _me(call: Call) -> str:
    return formataddr((call.account.name, call.account.address), "utf-8")
