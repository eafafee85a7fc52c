"""users.settings.sendAs.*: the addresses a mailbox may send as, and their signatures.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.settings.sendAs
"""

import sqlite3
from typing import Any

from sandbox.google.call import Call
from sandbox.google.errors import not_found
from sandbox.state import Sandbox

Json = dict[str, Any]
STATES = ("accepted", "pending")


def set_address(
    sandbox: Sandbox, mailbox: str, address: str, name: str = "", signature: str = "",
    status: str = "accepted", *, is_default: bool = False,
) -> None:  # fmt: skip
    """One more address of a mailbox, or what its own has; ValueError for what is no state."""
    if status not in STATES or "@" not in address:
        raise ValueError(f"an address, and a status: {', '.join(STATES)}")
    account = sandbox.account(mailbox).id
    with sandbox.db.write() as connection:
        if is_default:
            connection.execute("UPDATE send_as SET chosen = 0 WHERE account = ?", (account,))
        connection.execute(
            "INSERT OR REPLACE INTO send_as VALUES (?, ?, ?, ?, ?, ?)",
            (account, address.strip().lower(), name, signature, status, is_default),
        )


def list_all(call: Call) -> Json:
    """users.settings.sendAs.list: the primary address first."""
    with call.connect() as connection:
        return {"sendAs": _all(call, connection)}


def get(call: Call) -> Json:
    """users.settings.sendAs.get."""
    wanted = call.path["sendAsEmail"].lower()
    with call.connect() as connection:
        for one in _all(call, connection):
            if one["sendAsEmail"] == wanted:
                return one
    raise not_found()


def usable(connection: sqlite3.Connection, account: int) -> set[str]:
    """The addresses beside its own that a mailbox has shown to be its owner's."""
    rows = connection.execute(
        "SELECT address FROM send_as WHERE account = ? AND status = 'accepted'", (account,)
    )
    return {row["address"] for row in rows}


def _all(call: Call, connection: sqlite3.Connection) -> list[Json]:
    rows = connection.execute(
        "SELECT * FROM send_as WHERE account = ? ORDER BY address", (call.account.id,)
    ).fetchall()
    own = {"address": call.account.address, "name": call.account.name, "signature": "",
           "chosen": not any(row["chosen"] for row in rows)}  # fmt: skip
    said = next((dict(row) for row in rows if row["address"] == call.account.address), own)
    others = [dict(row) for row in rows if row["address"] != call.account.address]
    return [_shown(said, is_primary=True), *(_shown(row, is_primary=False) for row in others)]


def _shown(row: Json, *, is_primary: bool) -> Json:
    shown: Json = {
        "sendAsEmail": row["address"],
        "displayName": row["name"],
        "replyToAddress": "",
        "signature": row["signature"],
    }
    shown |= {"isPrimary": True} if is_primary else {}
    shown |= {"isDefault": True} if row["chosen"] else {}
    return shown if is_primary else shown | {"treatAsAlias": True,
                                             "verificationStatus": row["status"]}  # fmt: skip
