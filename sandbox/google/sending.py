"""users.messages.send, and what every letter that leaves a Gmail mailbox goes through.

https://developers.google.com/workspace/gmail/api/guides/sending and, for threads,
https://developers.google.com/workspace/gmail/api/guides/threads. The API gives what it sends a
Message-ID and a Date of its own; From is one of the mailbox's addresses, or becomes its own.
"""

import secrets
import sqlite3
from datetime import UTC, datetime
from email.utils import format_datetime, formataddr
from typing import Any

from sandbox import heads, transit
from sandbox.google import send_as
from sandbox.google.call import Call, require_message
from sandbox.google.errors import ApiError, bad_request, not_found, retry_after
from sandbox.google.formats import brief
from sandbox.google.messages import read_raw, read_thread
from sandbox.transit import Posted

Json = dict[str, Any]
LARGEST = 36_700_160
"""Bytes of a letter: 35 MiB, as the discovery document has it for uploads."""
MOST = 500
DAY = 86_400.0


def send_message(call: Call) -> Json:
    """users.messages.send."""
    raw, thread = read_raw(call, call.body, LARGEST), read_thread(call.body)
    with call.sandbox.action(call.account.id) as connection:
        require_thread(connection, call.account.id, thread)
        return deliver(call, connection, raw, thread)


def deliver(
    call: Call, connection: sqlite3.Connection, raw: bytes, thread: int | None,
    *, certain: bool = False,
) -> Json:  # fmt: skip
    """Accept a letter: the mailbox's own copy, and the letter on its way; ApiError otherwise."""
    sandbox, account = call.sandbox, call.account
    if fault := call.fault("refused_letter"):
        status, said = int(fault.options.get("status", 400)), fault.options.get("message")
        raise ApiError(status, str(said or "Invalid To header"),
                       str(fault.options.get("code", "invalidArgument")))  # fmt: skip
    recipients = heads.addresses(raw, "to", "cc", "bcc")
    if why := transit.refused(recipients, MOST):
        raise bad_request(why)
    _check_day(call, connection)
    sent = _stamped(call, connection, raw)
    home = {account.address} & set(recipients)
    labels = ["SENT", *(["INBOX", "UNREAD"] if home else [])]
    now = sandbox.clock.milliseconds()
    number, _ = sandbox.insert(account.id, sent, labels, now, thread, certain=certain)
    sender = next(iter(heads.addresses(sent, "from")), account.address)
    transit.post(sandbox, connection, Posted(account, sender, sent, frozenset(home)))
    return brief(require_message(connection, account.id, number))


def require_thread(connection: sqlite3.Connection, account: int, thread: int | None) -> None:
    """404 for a thread that is asked for and not there."""
    found = (
        thread is None
        or connection.execute(
            "SELECT 1 FROM messages WHERE account = ? AND thread = ?", (account, thread)
        ).fetchone()
    )
    if not found:
        raise not_found()


def _check_day(call: Call, connection: sqlite3.Connection) -> None:
    """https://support.google.com/a/answer/166852: so many letters in any twenty-four hours."""
    most, now = call.sandbox.settings.gmail_sends_a_day, call.sandbox.clock.time()
    if most and transit.count_since(connection, call.account.id, now - DAY) >= most:
        until = datetime.fromtimestamp(now + DAY / 24, UTC)
        raise retry_after(f"{until:%Y-%m-%dT%H:%M:%S}.000Z", 429)


def _stamped(call: Call, connection: sqlite3.Connection, raw: bytes) -> bytes:
    """A letter as it leaves: who it is from, when, and its Message-ID."""
    account, now = call.account, call.sandbox.clock.now()
    allowed = {account.address, *send_as.usable(connection, account.id)}
    if not set(heads.addresses(raw, "from")) & allowed:
        raw = heads.put(raw, "From", formataddr((account.name, account.address), "utf-8"))
    new = call.sandbox.settings.gmail_new_message_ids
    if new or not heads.first(raw, "message-id"):
        name = f"CA{secrets.token_urlsafe(38).replace('-', '+')}"
        raw = heads.put(raw, "Message-ID", f"<{name}@mail.gmail.com>")
    if new or not heads.first(raw, "date"):
        raw = heads.put(raw, "Date", format_datetime(now))
    trace = f"Received: from 123456789012 named unknown by gmailapi.google.com with HTTPREST;\r\n {format_datetime(now)}\r\n"  # noqa: E501
    return trace.encode() + raw
