"""What the store keeps of messages in Microsoft mailboxes, beside what every mailbox has."""

import sqlite3
import zlib
from typing import Any

import msgspec

from sandbox import delivery, mailbox
from sandbox.google.payload import Rendered
from sandbox.microsoft.payload import itemise

Json = dict[str, Any]
FAST = 1


def keep(
    connection: sqlite3.Connection, account: int, number: int, raw: bytes, rendered: Rendered
) -> None:
    """Write down what Microsoft Graph shows of a message, so that reading it is quick."""
    item = itemise(raw, rendered)
    parts = (item.head, item.headers, item.body, item.attachments)
    connection.execute(
        "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        (account, number, item.attached, *(zlib.compress(part, FAST) for part in parts)),
    )


def edit(
    connection: sqlite3.Connection, account: int, row: sqlite3.Row, changes: Json, at: float
) -> None:
    """Change properties that only Microsoft's mailboxes have, with a record of it."""
    edits = {**(msgspec.json.decode(row["edits"]) if row["edits"] else {}), **changes}
    connection.execute(
        "UPDATE items SET edits = ? WHERE account = ? AND message = ?",
        (msgspec.json.encode(edits).decode(), account, row["id"]),
    )
    change = mailbox.Change("edited", row["id"], row["thread"], row["labels"])
    record = mailbox.log(connection, account, [change], at)
    connection.execute(
        "UPDATE messages SET history_id = ? WHERE account = ? AND id = ?",
        (record, account, row["id"]),
    )


def rewrite(
    connection: sqlite3.Connection, account: int, number: int, raw: bytes, mark: str, at: float
) -> None:
    """Other contents for a message, dated ``at``, with a record of it."""
    row = connection.execute(
        "SELECT m.thread, m.labels, i.edits FROM messages m JOIN items i ON i.account = m.account"
        " AND i.message = m.id WHERE m.account = ? AND m.id = ?", (account, number),
    ).fetchone()  # fmt: skip
    parcel = delivery.pack(raw, (), int(at * 1000), mark)
    change = mailbox.Change("edited", number, row["thread"], row["labels"])
    record = mailbox.log(connection, account, [change], at)
    delivery.rewrite(connection, account, number, parcel, record)
    keep(connection, account, number, raw, parcel.rendered)
    connection.execute(
        "UPDATE items SET edits = ? WHERE account = ? AND message = ?",
        (row["edits"], account, number),
    )


def mark_draft(connection: sqlite3.Connection, account: int, number: int, *, draft: bool) -> None:
    """A draft stays one wherever it is moved, until it is sent."""
    connection.execute(
        "UPDATE items SET edits = json_patch(IFNULL(edits, '{}'), ?)"
        " WHERE account = ? AND message = ?",
        ('{"isDraft": true}' if draft else '{"isDraft": null}', account, number),
    )


def rebirth(connection: sqlite3.Connection, account: int, number: int, at: float) -> int:
    """Give a message another number, as moving a mailbox does: every id of it, the immutable one
    included, is gone, and a new message is there. Returns the number."""
    row = connection.execute(
        "SELECT thread, labels FROM messages WHERE account = ? AND id = ?", (account, number)
    ).fetchone()
    new = number
    while connection.execute(
        "SELECT 1 FROM messages WHERE account = ? AND id = ?", (account, new)
    ).fetchone():
        new += 1
    gone = mailbox.Change("messageDeleted", number, row["thread"], row["labels"])
    added = mailbox.Change("messageAdded", new, row["thread"], row["labels"])
    record = mailbox.log(connection, account, [gone, added], at)
    connection.execute(
        "UPDATE messages SET id = ?, history_id = ? WHERE account = ? AND id = ?",
        (new, record, account, number),
    )
    for table in ("message_labels", "contents", "words", "items", "properties"):
        connection.execute(
            f"UPDATE {table} SET message = ? WHERE account = ? AND message = ?",
            (new, account, number),
        )
    return new
