"""What the sandbox has seen and spent, for people and for benches."""

import sqlite3
import time
import zlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from sandbox.accounts import MICROSOFT
from sandbox.microsoft import delegates
from sandbox.state import Sandbox

Json = dict[str, Any]


def stats(sandbox: Sandbox) -> Json:
    """Units, calls and messages of each mailbox, and this process's CPU seconds."""
    quota = sandbox.quota
    return {
        "cpu_seconds": time.process_time(),
        "units_per_minute": quota.limit(),
        "mailboxes": {
            one["address"]: one | {
                "units": quota.units[one["address"]],
                "units_left": _left(sandbox, one),
                "calls": quota.calls[one["address"]],
                "rejected": quota.rejected[one["address"]],
                "busy_seconds": round(quota.busy[one["address"]], 3),
                "units_by_minute": {
                    datetime.fromtimestamp(minute * 60, UTC).isoformat(): units
                    for minute, units in sorted(quota.minutes[one["address"]].items())
                },
            }
            for one in mailboxes(sandbox)
        },
    }  # fmt: skip


def _left(sandbox: Sandbox, one: Json) -> int | None:
    """Units of this minute, or at Microsoft requests of these ten."""
    if one["company"] == MICROSOFT:
        return sandbox.quota.requests_left(one["address"], sandbox.settings.graph_requests)
    return sandbox.quota.left(one["address"])


def mailboxes(sandbox: Sandbox) -> list[Json]:
    """Every mailbox with its counts."""
    counts = (
        "SELECT COUNT(*), COUNT(DISTINCT thread), (SELECT COUNT(*) FROM message_labels l"
        " WHERE l.account = ?1 AND l.label = 'UNREAD') FROM messages WHERE account = ?1"
    )
    shown, let_in = [], delegates.listed(sandbox)
    with sandbox.db.read() as connection:
        for account in sandbox.accounts():
            total, threads, unread = connection.execute(counts, (account.id,)).fetchone()
            shown.append({"address": account.address, "name": account.name,
                          "company": account.company, "tenant": account.tenant, "messages": total,
                          "threads": threads, "unread": unread,
                          "history_id": str(account.history_id),
                          "shared": account.is_shared,
                          "delegates": let_in.get(account.address, {})})  # fmt: skip
    return shown


def messages(sandbox: Sandbox, address: str, limit: int = 50) -> list[Json]:
    """The newest messages of a mailbox; LookupError when there is no such mailbox."""
    account = sandbox.account(address).id
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT m.*, c.head FROM messages m JOIN contents c ON c.account = m.account"
            " AND c.message = m.id WHERE m.account = ? ORDER BY m.date DESC, m.id DESC LIMIT ?",
            (account, limit),
        ).fetchall()
    return [_message(row) for row in rows]


def _message(row: sqlite3.Row) -> Json:
    shown = msgspec.json.decode(zlib.decompress(row["head"])).get("headers", [])
    headers = {header["name"].lower(): header["value"] for header in reversed(shown)}
    return {
        "id": f"{row['id']:x}",
        "thread": f"{row['thread']:x}",
        "subject": headers.get("subject", ""),
        "from": headers.get("from", ""),
        "message_id": headers.get("message-id", ""),
        "labels": row["labels"],
        "snippet": row["snippet"],
        "received": datetime.fromtimestamp(row["date"] / 1000, UTC).isoformat(),
    }
