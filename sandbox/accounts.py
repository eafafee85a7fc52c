"""The people who have a mailbox here, and each mailbox's position in its own history."""

import random
import sqlite3
from dataclasses import dataclass

SMALLEST_GAP, WIDEST_GAP = 1, 40


@dataclass(frozen=True, slots=True)
class Account:
    """One sandbox account; ``sub`` never changes."""

    id: int
    address: str
    name: str
    sub: str
    history_id: int
    history_floor: int


def add_account(connection: sqlite3.Connection, address: str, name: str) -> Account:
    """The account of that address, made when there is none; the name given last counts."""
    clean = address.strip().lower()
    local, at, domain = clean.partition("@")
    if not (local and at and domain) or any(char.isspace() or char in '<>,"' for char in clean):
        raise ValueError(f"not an e-mail address: {address!r}")
    start = random.randint(1_000_000, 9_000_000)
    sub = str(random.randint(10**20, 2 * 10**20))
    connection.execute(
        "INSERT INTO accounts (address, name, sub, history_id, history_floor, label_number)"
        " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (address) DO UPDATE SET name = excluded.name",
        (clean, name or local, sub, start, start),
    )
    account = find_account(connection, clean)
    if account is None:
        raise LookupError(clean)
    return account


def find_account(connection: sqlite3.Connection, address: str) -> Account | None:
    """The account of that address in any case, or None."""
    row = connection.execute(
        "SELECT * FROM accounts WHERE address = ?", (address.strip().lower(),)
    ).fetchone()
    return _from_row(row) if row else None


def account_by_id(connection: sqlite3.Connection, account: int) -> Account:
    """The account with that number, as it is now."""
    row = connection.execute("SELECT * FROM accounts WHERE id = ?", (account,)).fetchone()
    return _from_row(row)


def all_accounts(connection: sqlite3.Connection) -> list[Account]:
    """Everybody, in the order of arrival."""
    return [_from_row(row) for row in connection.execute("SELECT * FROM accounts ORDER BY id")]


def next_history_id(connection: sqlite3.Connection, account: int) -> int:
    """The id of the next record: always larger, with gaps, as the vendor's are."""
    gap = random.randint(SMALLEST_GAP, WIDEST_GAP)
    row = connection.execute(
        "UPDATE accounts SET history_id = history_id + ? WHERE id = ? RETURNING history_id",
        (gap, account),
    ).fetchone()
    return int(row[0])


def _from_row(row: sqlite3.Row) -> Account:
    return Account(
        row["id"], row["address"], row["name"], row["sub"], row["history_id"], row["history_floor"]
    )
