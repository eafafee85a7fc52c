"""What happens to stored mail: label changes and deletions, each with its history record."""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from sandbox.accounts import MICROSOFT, company_of, next_history_id
from sandbox.labels import filed


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
    """One action over any number of messages; what changes nothing writes nothing.

    In a Microsoft mailbox adding a folder moves there, and removing the only one archives.
    """
    in_folders = company_of(connection, account) == MICROSOFT
    drop = set(remove) | ({"INBOX"} if {"TRASH", "SPAM"} & set(add) else set())
    changes: list[Change] = []
    for message in messages:
        row = _row(connection, account, message)
        if row is None:
            continue
        before: list[str] = msgspec.json.decode(row["labels"])
        after = _moved(before, add, set(remove)) if in_folders else _after(before, add, drop)
        changes += _relabel_one(connection, account, message, row["thread"], before, after)
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


def raw_of(connection: sqlite3.Connection, account: int, message: int) -> bytes:
    """A stored message as it came."""
    row = connection.execute(
        "SELECT raw FROM contents WHERE account = ? AND message = ?", (account, message)
    ).fetchone()
    return zlib.decompress(row["raw"])


def _after(before: Sequence[str], add: Sequence[str], drop: set[str]) -> list[str]:
    new = [label for label in dict.fromkeys(add) if label not in before and label not in drop]
    return [label for label in before if label not in drop] + new


def _moved(before: Sequence[str], add: Sequence[str], drop: set[str]) -> list[str]:
    return list(filed([*(one for one in before if one not in drop), *add]))


def _relabel_one(
    connection: sqlite3.Connection,
    account: int,
    message: int,
    thread: int,
    before: Sequence[str],
    after: Sequence[str],
) -> list[Change]:
    gone = [label for label in before if label not in after]
    new = [label for label in after if label not in before]
    if not gone and not new:
        return []
    labels = msgspec.json.encode(after).decode()
    connection.execute(
        "UPDATE messages SET labels = ? WHERE account = ? AND id = ?", (labels, account, message)
    )
    connection.executemany(
        "DELETE FROM message_labels WHERE account = ? AND label = ? AND message = ?",
        [(account, label, message) for label in gone],
    )
    connection.executemany(
        "INSERT INTO message_labels VALUES (?, ?, ?)", [(account, label, message) for label in new]
    )
    return [
        Change(kind, message, thread, labels, msgspec.json.encode(names).decode())
        for kind, names in (("labelAdded", new), ("labelRemoved", gone))
        if names
    ]


def _row(connection: sqlite3.Connection, account: int, message: int) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT thread, labels FROM messages WHERE account = ? AND id = ?", (account, message)
    ).fetchone()
    return row
