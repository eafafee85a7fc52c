"""What happens to stored mail: label changes and deletions, each with its history record."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from sandbox.accounts import next_history_id


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log: what happened to one message, and its labels right after."""

    kind: str
    message: int
    thread: int
    labels: str
    changed: str = "[]"


def log(
    connection: sqlite3.Connection,
    account: int,
    changes: Sequence[Change],
    at: float,
    record: int | None = None,
) -> int:
    """Write one record with all its entries; returns its id."""
    number = next_history_id(connection, account) if record is None else record
    connection.executemany(
        "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (account, number, seq, c.kind, c.message, c.thread, c.labels, c.changed, at)
            for seq, c in enumerate(changes)
        ],
    )
    return number


def relabel(
    connection: sqlite3.Connection,
    account: int,
    messages: Iterable[int],
    add: Sequence[str],
    remove: Sequence[str],
    at: float,
) -> None:
    """One action over any number of messages; what changes nothing writes nothing."""
    drop = set(remove) | ({"INBOX"} if {"TRASH", "SPAM"} & set(add) else set())
    changes: list[Change] = []
    for message in messages:
        changes += _relabel_one(connection, account, message, add, drop)
    if not changes:
        return
    record = log(connection, account, changes, at)
    connection.executemany(
        "UPDATE messages SET history_id = ? WHERE account = ? AND id = ?",
        {(record, account, change.message) for change in changes},
    )


def delete(
    connection: sqlite3.Connection, account: int, messages: Iterable[int], at: float
) -> None:
    """Gone for good, with one record."""
    changes = []
    for message in messages:
        row = _row(connection, account, message)
        if row is None:
            continue
        changes.append(Change("messageDeleted", message, row["thread"], row["labels"]))
        connection.execute("DELETE FROM messages WHERE account = ? AND id = ?", (account, message))
        for label in msgspec.json.decode(row["labels"]):
            connection.execute(
                "DELETE FROM message_labels WHERE account = ? AND label = ? AND message = ?",
                (account, label, message),
            )
        for table in ("contents", "words"):
            connection.execute(
                f"DELETE FROM {table} WHERE account = ? AND message = ?", (account, message)
            )
    if changes:
        log(connection, account, changes, at)


def _relabel_one(
    connection: sqlite3.Connection, account: int, message: int, add: Sequence[str], drop: set[str]
) -> list[Change]:
    row = _row(connection, account, message)
    if row is None:
        return []
    before: list[str] = msgspec.json.decode(row["labels"])
    gone = [label for label in before if label in drop]
    new = [label for label in dict.fromkeys(add) if label not in before and label not in drop]
    if not gone and not new:
        return []
    after = msgspec.json.encode([x for x in before if x not in drop] + new).decode()
    connection.execute(
        "UPDATE messages SET labels = ? WHERE account = ? AND id = ?", (after, account, message)
    )
    connection.executemany(
        "DELETE FROM message_labels WHERE account = ? AND label = ? AND message = ?",
        [(account, label, message) for label in gone],
    )
    connection.executemany(
        "INSERT INTO message_labels VALUES (?, ?, ?)", [(account, label, message) for label in new]
    )
    return [
        Change(kind, message, row["thread"], after, msgspec.json.encode(names).decode())
        for kind, names in (("labelAdded", new), ("labelRemoved", gone))
        if names
    ]


def _row(connection: sqlite3.Connection, account: int, message: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT thread, labels FROM messages WHERE account = ? AND id = ?", (account, message)
    ).fetchone()
    return row
