"""Letters leave: POST messages/{id}/send and POST sendMail, accepted with 202 and nothing else.

https://learn.microsoft.com/en-us/graph/api/message-send,
https://learn.microsoft.com/en-us/graph/api/user-sendmail and, on who may send as whom,
https://learn.microsoft.com/en-us/graph/outlook-send-mail-from-other-user
"""

import sqlite3
from email.utils import format_datetime, formataddr
from typing import Any
from uuid import uuid4

from sandbox import heads, mailbox, transit
from sandbox.accounts import Account
from sandbox.microsoft import delegates, drafting, drafts, errors, extended, messages, store
from sandbox.microsoft.call import Answer, Call, Json
from sandbox.microsoft.errors import GraphError, bad_request
from sandbox.transit import Posted

MOST = 500
MINUTE = 60.0
LARGEST = 35 * 1024 * 1024
DENIED = (
    "The user account which was used to submit this request does not have the right to send mail on"
    " behalf of the specified sending account. Cannot submit message."
)


def send(call: Call) -> Answer:
    """POST messages/{id}/send. Nothing is promised for what was sent already: here it goes out
    again, the worst that could happen."""
    with call.sandbox.action(call.account.id) as connection:
        number = messages.require(call, connection)["id"]
        raw = _ready(call, connection, mailbox.raw_of(connection, call.account.id, number))
        _move(call, connection, number, raw)
    return Answer(202, content_type="")


def send_mail(call: Call) -> Answer:
    """POST sendMail: JSON, or MIME in base64 as text/plain."""
    given: Json = {}
    keep = True
    if call.request.headers.get("content-type", "").lower().startswith(drafts.MIME):
        raw, _ = drafts.read(call)
    else:
        drafting.require_size(call.request.body)
        body = call.body()
        message = body.get("message")
        if not isinstance(message, dict):
            raise bad_request("The parameter Message is missing.", "ErrorInvalidRequest")
        raw, given = drafts.from_json(call, {key.lower(): one for key, one in message.items()})
        keep = body.get("savetosentitems") is not False
    with call.sandbox.action(call.account.id) as connection:
        raw = _ready(call, connection, raw)
        if keep:
            _store(call, connection, raw, given.get("singlevalueextendedproperties") or [])
    return Answer(202, content_type="")


def _ready(call: Call, connection: sqlite3.Connection, raw: bytes) -> bytes:
    """Accept a letter: as it leaves, and on its way; GraphError otherwise."""
    sandbox = call.sandbox
    if fault := call.fault("refused_letter"):
        code = str(fault.options.get("code", "ErrorInvalidRecipients"))
        said = str(fault.options.get("message", "At least one recipient is not valid."))
        raise GraphError(int(fault.options.get("status", 400)), code, said)
    recipients = heads.addresses(raw, "to", "cc", "bcc")
    if why := transit.refused(recipients, MOST):
        raise GraphError(
            400, "ErrorInvalidRecipients", f"At least one recipient is not valid. {why}"
        )
    if len(raw) > LARGEST:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum size.")
    most = sandbox.settings.graph_sends_a_minute
    now = sandbox.clock.time()
    if most and transit.count_since(connection, call.account.id, now - MINUTE) >= most:
        raise errors.throttled("30", "Application is over its MessagesPerMinute limit.")
    raw = _from(call, raw)
    raw = heads.put(raw, "Date", format_datetime(sandbox.clock.now()))
    if sandbox.settings.graph_new_message_ids:
        raw = heads.put(
            raw, "Message-ID", f"<{uuid4().hex.upper()}@PAVPR05.eurprd05.prod.outlook.com>"
        )
    sender = next(iter(heads.addresses(raw, "from")), call.account.address)
    transit.post(sandbox, connection, Posted(call.account, sender, raw))
    return raw


def _from(call: Call, raw: bytes) -> bytes:
    """From whom a letter leaves, and who is named as its sender beside."""
    asked = next(iter(heads.addresses(raw, "from")), call.account.address)
    there = delegates.find(call.sandbox, call.grant, asked)
    if there is None:
        raise GraphError(403, "ErrorSendAsDenied", DENIED)
    right = delegates.may_send(call.sandbox, there, call.grant.account)
    if there.id != call.grant.account.id and not _shared_scope(call):
        raise errors.denied()
    if right == delegates.NONE:
        raise GraphError(403, "ErrorSendAsDenied", DENIED)
    if asked != there.address and not call.sandbox.settings.graph_from_aliases:
        raw = heads.put(raw, "From", _person(there))
    raw = heads.drop(raw, "sender")
    return (
        heads.put(raw, "Sender", _person(call.grant.account)) if right == delegates.BEHALF else raw
    )


def _shared_scope(call: Call) -> bool:
    return any(scope.lower() == "mail.send.shared" for scope in call.grant.scopes)


def _person(account: Account) -> str:
    return formataddr((account.name, account.address), "utf-8")


def _move(call: Call, connection: sqlite3.Connection, number: int, raw: bytes) -> None:
    """A draft becomes the sent copy: at once and the same, or later, or as another one."""
    sandbox, account, settings = call.sandbox, call.account, call.sandbox.settings
    if settings.graph_lost_properties:
        connection.execute(
            "DELETE FROM properties WHERE account = ? AND message = ?", (account.id, number)
        )
    if not settings.graph_sent_seconds and not settings.graph_new_sent_ids:
        at = sandbox.clock.time()
        store.rewrite(connection, account.id, number, raw, sandbox.mark, at)
        store.mark_draft(connection, account.id, number, draft=False)
        mailbox.relabel(connection, account.id, [number], ["SENT"], ["UNREAD"], at)
        return
    row = connection.execute(
        "SELECT thread FROM messages WHERE account = ? AND id = ?", (account.id, number)
    ).fetchone()
    told = {"thread": row["thread"], "number": 0 if settings.graph_new_sent_ids else number,
            "properties": extended.of(connection, account.id, number)}  # fmt: skip
    mailbox.delete(connection, account.id, [number], sandbox.clock.time())
    due = sandbox.clock.time() + settings.graph_sent_seconds
    transit.hold(connection, due, account, raw, told)


def _store(call: Call, connection: sqlite3.Connection, raw: bytes, properties: list[Any]) -> None:
    """The sent copy of what never was a draft."""
    for one in properties:
        one["id"] = extended.canonical(str(one.get("id", "")))
    told: Json = {"thread": None, "number": 0, "properties": properties}
    due = call.sandbox.clock.time() + call.sandbox.settings.graph_sent_seconds
    transit.hold(connection, due, call.account, raw, told)
