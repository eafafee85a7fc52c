"""What the sandbox has seen and spent, for people and for benches."""

import time
from datetime import UTC, datetime
from typing import Any

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
                "units_left": quota.left(one["address"]),
                "calls": quota.calls[one["address"]],
                "rejected": quota.rejected[one["address"]],
                "units_by_minute": {
                    datetime.fromtimestamp(minute * 60, UTC).isoformat(): units
                    for minute, units in sorted(quota.minutes[one["address"]].items())
                },
            }
            for one in mailboxes(sandbox)
        },
    }  # fmt: skip


def mailboxes(sandbox: Sandbox) -> list[Json]:
    """Every mailbox with its counts."""
    counts = (
        "SELECT COUNT(*), COUNT(DISTINCT thread), (SELECT COUNT(*) FROM message_labels l"
        " WHERE l.account = ?1 AND l.label = 'UNREAD') FROM messages WHERE account = ?1"
    )
    shown = []
    with sandbox.db.read() as connection:
        for account in sandbox.accounts():
            total, threads, unread = connection.execute(counts, (account.id,)).fetchone()
            shown.append({"address": account.address, "name": account.name, "messages": total,
                          "threads": threads, "unread": unread,
                          "history_id": str(account.history_id)})  # fmt: skip
    return shown


def messages(sandbox: Sandbox, address: str, limit: int = 50) -> list[Json]:
    """The newest messages of a mailbox; LookupError when there is no such mailbox."""
    account = sandbox.account(address).id
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT m.*, w.sender FROM messages m JOIN words w ON w.account = m.account"
            " AND w.message = m.id WHERE m.account = ? ORDER BY m.date DESC, m.id DESC LIMIT ?",
            (account, limit),
        ).fetchall()
    return [
        {"id": f"{row['id']:x}", "thread": f"{row['thread']:x}", "subject": row["subject"],
         "from": row["sender"].strip(), "labels": row["labels"], "snippet": row["snippet"],
         "message_id": row["message_id"],
         "received": datetime.fromtimestamp(row["date"] / 1000, UTC).isoformat()}
        for row in rows
    ]  # fmt: skip
