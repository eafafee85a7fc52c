"""The people who have a mailbox here, and each mailbox's position in its own history."""

import random
import re
import sqlite3
import uuid
from dataclasses import dataclass

SMALLEST_GAP, WIDEST_GAP = 1, 40
GOOGLE, MICROSOFT = "google", "microsoft"
COMPANIES = (GOOGLE, MICROSOFT)
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of everybody's personal Microsoft account."""
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Account:
    """One sandbox account. ``sub``, and at Microsoft ``tenant`` and ``oid``, never change."""

    id: int
    address: str
    name: str
    sub: str
    history_id: int
    history_floor: int
    company: str = GOOGLE
    tenant: str = ""
    oid: str = ""
    is_shared: bool = False
    """A mailbox of an organization at Microsoft that nobody signs in to."""

    @property
    def is_personal(self) -> bool:
        """A personal Microsoft account, which no organization rules over."""
        return self.tenant == CONSUMERS


def tenant_of(address: str) -> str:
    """The organization of a work account when nobody says which: one for each domain."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, address.rpartition("@")[2].strip().lower()))


def add_account(
    connection: sqlite3.Connection,
    address: str,
    name: str,
    company: str = GOOGLE,
    tenant: str | None = None,
    oid: str | None = None,
    *,
    shared: bool = False,
) -> Account:
    """The account of that address, made when there is none; the name given last counts.

    A ``shared`` one is a mailbox of an organization's that nobody signs in to.

    ValueError for what is no address, company or GUID, and for an address another company or
    tenant has.
    """
    clean = address.strip().lower()
    local, at, domain = clean.partition("@")
    if not (local and at and domain) or any(char.isspace() or char in '<>,"' for char in clean):
        raise ValueError(f"not an e-mail address: {address!r}")
    known = find_account(connection, clean)
    tenant, oid = _ids(clean, company, tenant, oid, known)
    if shared and (company == GOOGLE or tenant == CONSUMERS):
        raise ValueError("only an organization at Microsoft has shared mailboxes")
    start = random.randint(1_000_000, 9_000_000)
    sub = str(random.randint(10**20, 2 * 10**20))
    connection.execute(
        "INSERT INTO accounts (address, name, sub, history_id, history_floor, label_number,"
        " company, tenant, oid, shared) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)"
        " ON CONFLICT (address) DO UPDATE SET name = excluded.name",
        (clean, name or local, sub, start, start, company, tenant, oid, shared),
    )
    account = find_account(connection, clean)
    if account is None:
        raise LookupError(clean)
    return account


def _ids(
    address: str, company: str, tenant: str | None, oid: str | None, known: Account | None
) -> tuple[str, str]:
    if company not in COMPANIES:
        raise ValueError(f"company is one of {', '.join(COMPANIES)}")
    if known is not None and (known.company != company or (tenant or known.tenant) != known.tenant):
        raise ValueError(f"{address} is a mailbox of {known.company} {known.tenant}".rstrip())
    if company == GOOGLE:
        return "", ""
    tenant = (tenant or tenant_of(address)).lower()
    oid = (oid or _new_oid(tenant)).lower()
    for given in (tenant, oid):
        if not GUID.fullmatch(given):
            raise ValueError(f"not a GUID: {given[:100]!r}")
    return tenant, oid


def _new_oid(tenant: str) -> str:
    made = str(uuid.uuid4())
    # A personal account has only sixteen digits of its own.
    return f"{uuid.UUID(int=0)}"[:19] + made[19:] if tenant == CONSUMERS else made


def company_of(connection: sqlite3.Connection, account: int) -> str:
    """Whose mailbox it is: ``google`` or ``microsoft``."""
    row = connection.execute("SELECT company FROM accounts WHERE id = ?", (account,)).fetchone()
    return GOOGLE if row is None else str(row[0])


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
        row["id"],
        row["address"],
        row["name"],
        row["sub"],
        row["history_id"],
        row["history_floor"],
        row["company"],
        row["tenant"],
        row["oid"],
        bool(row["shared"]),
    )
