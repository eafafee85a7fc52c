"""Mail goes out: what a mailbox sends is written down, and arrives where it goes, or comes back.

What is addressed to a mailbox here lands in it, whichever company's; an address of a domain that
has mailboxes here, and is none of them, is unknown there, and so is what was said to bounce. What
goes to any other domain is gone. Mail on its way is in the store until it is due.
"""

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import msgspec

from sandbox import bounces, heads
from sandbox.accounts import GOOGLE, Account, account_by_id, find_account
from sandbox.faults import Fault
from sandbox.google.errors import ApiError
from sandbox.microsoft.errors import GraphError
from sandbox.state import Sandbox

Json = dict[str, Any]
KEY = "X-Mailweave-Key"
MOST = 200
"""Letters that arrive in one go."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter as a company has accepted it from a mailbox. ``raw`` is the sender's own copy."""

    account: Account
    sender: str
    raw: bytes
    at_home: frozenset[str] = frozenset()
    """Recipients who have it already, as Gmail's own copy of a letter to oneself."""


def post(sandbox: Sandbox, connection: sqlite3.Connection, posted: Posted) -> None:
    """Write a letter down and send it on its way, in the transaction that accepts it."""
    at, settings = sandbox.clock.time(), sandbox.settings
    recipients = heads.addresses(posted.raw, "to", "cc", "bcc")
    told = {
        "mailbox": posted.account.address, "company": posted.account.company,
        "from": posted.sender, "recipients": recipients, "key": heads.first(posted.raw, KEY),
        "message_id": heads.first(posted.raw, "message-id"),
        "subject": heads.first(posted.raw, "subject"), "size": len(posted.raw),
    }  # fmt: skip
    connection.execute(
        "INSERT INTO letters (account, at, mailbox, key, told) VALUES (?, ?, ?, ?, ?)",
        (posted.account.id, at, told["mailbox"], told["key"], msgspec.json.encode(told).decode()),
    )
    plain = heads.drop(posted.raw, "bcc")
    for address in recipients:
        kind = "" if address in posted.at_home else _kind(connection, address)
        if kind:
            wait = settings.delivery_seconds if kind == "mail" else settings.bounce_seconds
            _queue(connection, at + wait, kind, posted, {"to": address}, plain)


def hold(connection: sqlite3.Connection, due: float, account: Account, raw: bytes, told: Json
         ) -> None:  # fmt: skip
    """Keep the sender's copy until it is due, then put it into their mailbox."""
    _queue(connection, due, "copy", Posted(account, account.address, raw), told, raw)


def arrive(sandbox: Sandbox) -> None:
    """Everything that is due arrives, calls that are late first."""
    now = sandbox.clock.time()
    for call in [one for one in sandbox.later if one[0] <= now]:
        with contextlib.suppress(ValueError):  # another thread has it
            sandbox.later.remove(call)
            with contextlib.suppress(ApiError, GraphError):  # nobody is there to be told
                call[1]()
    with sandbox.db.read() as connection:
        due = connection.execute(
            "SELECT id FROM transit WHERE due <= ? ORDER BY due, id LIMIT ?", (now, MOST)
        ).fetchall()
    for row in due:
        with sandbox.db.write() as connection:
            found = connection.execute(
                "SELECT * FROM transit WHERE id = ?", (row["id"],)
            ).fetchone()
            if found is not None:
                connection.execute("DELETE FROM transit WHERE id = ?", (row["id"],))
                ARRIVALS[found["kind"]](
                    sandbox, connection, found, msgspec.json.decode(found["told"])
                )


def late(sandbox: Sandbox, fault: Fault, call: Callable[[], object]) -> None:
    """Carry a call out once whoever made it has given up."""
    after = float(fault.options.get("after", 20))
    sandbox.later.append((sandbox.clock.time() + after, call))


def posted(sandbox: Sandbox, mailbox: str = "", key: str = "", newest: int = -1) -> list[Json]:
    """The letters that were accepted, oldest first: of one mailbox, with one key, or the newest."""
    with sandbox.db.read() as connection:
        rows = connection.execute(
            f"SELECT id, at, told FROM letters WHERE {'key = ?1' if key else '?1 IS NOT NULL'}"
            " AND (?2 = '' OR mailbox = ?2) ORDER BY id DESC LIMIT ?3",
            (key, mailbox, newest),
        ).fetchall()
    return [
        {"id": row["id"], "at": datetime.fromtimestamp(row["at"], UTC).isoformat()}
        | msgspec.json.decode(row["told"])
        for row in reversed(rows)
    ]


def count_since(connection: sqlite3.Connection, account: int, since: float) -> int:
    """How many letters a mailbox has sent since a moment."""
    return int(connection.execute(
        "SELECT COUNT(*) FROM letters WHERE account = ? AND at > ?", (account, since)
    ).fetchone()[0])  # fmt: skip


def _kind(connection: sqlite3.Connection, address: str) -> str:
    """What becomes of a letter to that address: mail, bounce, or nothing for one far away."""
    if bounces.rule(connection, address):
        return "bounce"
    if _home(connection, address):
        return "mail"
    domain = "%@" + address.rpartition("@")[2].replace("%", "")
    known = connection.execute("SELECT 1 FROM accounts WHERE address LIKE ?", (domain,)).fetchone()
    return "bounce" if known else ""


def _home(connection: sqlite3.Connection, address: str) -> Account | None:
    row = connection.execute("SELECT account FROM aliases WHERE address = ?", (address,)).fetchone()
    return account_by_id(connection, row["account"]) if row else find_account(connection, address)


def _queue(
    connection: sqlite3.Connection, due: float, kind: str, posted: Posted, told: Json, raw: bytes
) -> None:
    told = {"from": posted.sender} | told
    connection.execute(
        "INSERT INTO transit (due, kind, account, told, raw) VALUES (?, ?, ?, ?, ?)",
        (due, kind, posted.account.id, msgspec.json.encode(told).decode(), raw),
    )


def _mail(sandbox: Sandbox, connection: sqlite3.Connection, row: sqlite3.Row, told: Json) -> None:
    there = _home(connection, told["to"])
    if there is not None:
        raw = received(row["raw"], told["from"], told["to"], sandbox.clock.now())
        sandbox.deliver(there.address, raw)


def _bounce(sandbox: Sandbox, connection: sqlite3.Connection, row: sqlite3.Row, told: Json) -> None:
    account = account_by_id(connection, row["account"])
    rule = bounces.rule(connection, told["to"]) or bounces.UNKNOWN[account.company]
    report = bounces.report(account, told["to"], rule, row["raw"], sandbox.clock.now())
    thread = _thread(connection, account, row["raw"])
    if thread is None:
        sandbox.deliver(account.address, report)
    else:
        now = sandbox.clock.milliseconds()
        sandbox.insert(account.id, report, ["INBOX", "UNREAD"], now, thread, certain=True)


def _thread(connection: sqlite3.Connection, account: Account, raw: bytes) -> int | None:
    """Where Gmail puts its own reports: with the letter they are about, whatever their subject."""
    if account.company != GOOGLE:
        return None
    row = connection.execute(
        "SELECT thread FROM messages WHERE account = ? AND message_id = ?",
        (account.id, heads.first(raw, "message-id")),
    ).fetchone()
    return int(row["thread"]) if row else None


def _copy(sandbox: Sandbox, connection: sqlite3.Connection, row: sqlite3.Row, told: Json) -> None:
    now = sandbox.clock.milliseconds()
    number, _ = sandbox.insert(row["account"], row["raw"], ["SENT"], now, told["thread"],
                               certain=True, number=told["number"])  # fmt: skip
    connection.executemany(
        "INSERT INTO properties VALUES (?, ?, ?, ?)",
        [(row["account"], number, one["id"], one["value"]) for one in told["properties"]],
    )


ARRIVALS = {"mail": _mail, "bounce": _bounce, "copy": _copy}


def received(raw: bytes, sender: str, to: str, now: datetime) -> bytes:
    """A letter as the last server writes it down for who gets it."""
    domain, date = to.rpartition("@")[2], format_datetime(now)
    trace = f"Received: from out.{sender.rpartition('@')[2]} by mx.{domain} with ESMTPS"
    trace += f" id {secrets.token_hex(6)}\r\n for <{to}>; {date}"
    lines = (f"Delivered-To: {to}", f"Return-Path: <{sender}>", trace)
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace") + raw


def refused(recipients: Sequence[str], most: int) -> str:
    """Why a company takes no letter to these, or nothing."""
    if not recipients:
        return "Recipient address required"
    return f"Too many recipients: at most {most}" if len(recipients) > most else ""
