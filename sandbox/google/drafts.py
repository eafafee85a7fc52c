"""users.drafts.*: what is being written. A draft keeps its id; its message is another after every
change, and yet another once it is sent.

https://developers.google.com/workspace/gmail/api/guides/drafts
"""

import random
import sqlite3
from typing import Any

from sandbox import mailbox
from sandbox.google import listing, sending
from sandbox.google.call import Call, require_message
from sandbox.google.errors import bad_request, invalid_value, not_found
from sandbox.google.formats import brief, select, shown
from sandbox.google.messages import read_raw, read_thread

Json = dict[str, Any]


def create(call: Call) -> Json:
    """users.drafts.create."""
    raw, thread = _given(call)
    name = f"r{'-' if random.random() < 0.5 else ''}{random.randint(10**17, 9 * 10**18)}"
    with call.sandbox.action(call.account.id) as connection:
        number = _store(call, connection, raw, thread)
        connection.execute("INSERT INTO drafts VALUES (?, ?, ?)", (call.account.id, name, number))
        return _brief(call, connection, name, number)


def list_drafts(call: Call) -> Json:
    """users.drafts.list: newest first, each with the id of its message."""
    page = listing.page_of(
        call,
        "SELECT m.id, m.thread, m.date, d.id AS draft FROM drafts d JOIN messages m"
        " ON m.account = d.account AND m.id = d.message WHERE m.account = ? AND {condition}"
        " AND (m.date, m.id) < (?, ?) ORDER BY m.date DESC, m.id DESC LIMIT ?",
    )
    rows = [
        {"id": row["draft"], "message": {"id": f"{row['id']:x}", "threadId": f"{row['thread']:x}"}}
        for row in page.rows
    ]
    return listing.Page(rows, page.token).answer("drafts")


def get(call: Call) -> Json:
    """users.drafts.get."""
    form = call.args.get("format", "full")
    with call.connect() as connection:
        number = _require(call, connection, call.path["id"])
        row = connection.execute(
            select(form) + " WHERE m.account = ? AND m.id = ?", (call.account.id, number)
        ).fetchone()
    return {"id": call.path["id"], "message": shown(row, form, (), call.sandbox.mark)}


def update(call: Call) -> Json:
    """users.drafts.update: another message, in the thread that is named again."""
    raw, thread = _given(call)
    name = call.path["id"]
    with call.sandbox.action(call.account.id) as connection:
        number = _replace(call, connection, name, raw, thread)
        return _brief(call, connection, name, number)


def delete(call: Call) -> None:
    """users.drafts.delete: gone for good."""
    with call.sandbox.action(call.account.id) as connection:
        _drop(call, connection, _require(call, connection, call.path["id"]))


def send(call: Call) -> Json:
    """users.drafts.send: the draft as it is, or as it comes with the call."""
    name = call.body.get("id")
    if not isinstance(name, str) or not name:
        raise bad_request("Missing draft id")
    with call.sandbox.action(call.account.id) as connection:
        number = _require(call, connection, name)
        row = require_message(connection, call.account.id, number)
        raw, thread = mailbox.raw_of(connection, call.account.id, number), int(row["thread"])
        if call.media is not None or call.body.get("message"):
            raw, asked = _given(call)
            thread = asked or thread
        sent = sending.deliver(call, connection, raw, thread, certain=True)
        _drop(call, connection, number)
        return sent


def _given(call: Call) -> tuple[bytes, int | None]:
    message = call.body.get("message") or {}
    if not isinstance(message, dict):
        raise invalid_value("draft.message", "TYPE_MESSAGE", str(message)[:40])
    return read_raw(call, message, sending.LARGEST), read_thread(message)


def _store(call: Call, connection: sqlite3.Connection, raw: bytes, thread: int | None) -> int:
    sending.require_thread(connection, call.account.id, thread)
    now = call.sandbox.clock.milliseconds()
    return call.sandbox.insert(call.account.id, raw, ["DRAFT"], now, thread)[0]


def _replace(
    call: Call, connection: sqlite3.Connection, name: str, raw: bytes, thread: int | None
) -> int:
    old = _require(call, connection, name)
    number = _store(call, connection, raw, thread)
    connection.execute(
        "UPDATE drafts SET message = ? WHERE account = ? AND id = ?",
        (number, call.account.id, name),
    )
    _drop(call, connection, old)
    return number


def _drop(call: Call, connection: sqlite3.Connection, number: int) -> None:
    mailbox.delete(connection, call.account.id, [number], call.sandbox.clock.time())


def _require(call: Call, connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(
        "SELECT message FROM drafts WHERE account = ? AND id = ?", (call.account.id, name)
    ).fetchone()
    if row is None:
        raise not_found()
    return int(row["message"])


def _brief(call: Call, connection: sqlite3.Connection, name: str, number: int) -> Json:
    row = require_message(connection, call.account.id, number)
    return {"id": name, "message": brief(row)}
