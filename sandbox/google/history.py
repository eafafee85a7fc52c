"""users.history.list and users.getProfile: positions in a mailbox's log."""

import itertools
import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from sandbox.accounts import account_by_id
from sandbox.google.call import Call
from sandbox.google.errors import bad_request, invalid_value, not_found
from sandbox.google.listing import page_token, read_token

Json = dict[str, Any]
KEYS = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}


def get_profile(call: Call) -> Json:
    """users.getProfile."""
    with call.connect() as connection:
        account = account_by_id(connection, call.account.id)
        total, threads = connection.execute(
            "SELECT COUNT(*), COUNT(DISTINCT thread) FROM messages WHERE account = ?", (account.id,)
        ).fetchone()
    return {
        "emailAddress": account.address,
        "messagesTotal": total,
        "threadsTotal": threads,
        "historyId": str(account.history_id),
    }


def list_history(call: Call) -> Json:
    """users.history.list: everything after a position, oldest first."""
    start = _start(call)
    after = read_token(call.args.get("pageToken"))
    size = max(1, call.args.get("maxResults", 100))
    with call.connect() as connection:
        account = account_by_id(connection, call.account.id)
        if start > account.history_id or _is_gone(call, connection, start):
            raise not_found()
        if call.fault("late_history"):
            return {"historyId": str(start)}
        if call.fault("empty_page"):
            return {
                "nextPageToken": page_token(after or start),
                "historyId": str(account.history_id),
            }
        ids = _record_ids(call, connection, max(start, after or 0), size + 1)
        records = _records(call, connection, ids[:size])
    body: Json = {"history": records} if records else {}
    if len(ids) > size:
        body["nextPageToken"] = page_token(ids[size - 1])
    body["historyId"] = str(account.history_id)
    return body


def _start(call: Call) -> int:
    if "startHistoryId" not in call.args:
        raise bad_request("Missing required parameter: startHistoryId", "required")
    start: int = call.args["startHistoryId"]
    if start >= 2**63:
        raise invalid_value("start_history_id", "TYPE_UINT64", str(start))
    return start


def _is_gone(call: Call, connection: sqlite3.Connection, start: int) -> bool:
    """Whether a position is older than the log: the first record after it has expired."""
    if call.fault("expired_history"):
        return True
    first = connection.execute(
        "SELECT at FROM history WHERE account = ? AND id > ? ORDER BY id LIMIT 1",
        (call.account.id, start),
    ).fetchone()
    kept = call.sandbox.settings.history_days * 86_400
    expired = first is not None and first["at"] < call.sandbox.clock.time() - kept
    return expired or start < account_by_id(connection, call.account.id).history_floor


def _record_ids(call: Call, connection: sqlite3.Connection, after: int, limit: int) -> list[int]:
    kinds = call.args.get("historyTypes") or list(KEYS)
    marks = ",".join("?" * (len(kinds) + 1))
    sql = (
        "SELECT DISTINCT h.id FROM history h"
        f" WHERE h.account = ? AND h.id > ? AND h.kind IN ({marks})"
    )
    values: list[Any] = [call.account.id, after, "bare", *kinds]
    if label := call.args.get("labelId"):
        sql += (
            " AND EXISTS (SELECT 1 FROM message_labels l WHERE l.account = h.account"
            " AND l.label = ? AND l.message = h.message)"
        )
        values.append(label)
    rows = connection.execute(f"{sql} ORDER BY h.id LIMIT ?", (*values, limit)).fetchall()
    return [row[0] for row in rows]


def _records(call: Call, connection: sqlite3.Connection, ids: list[int]) -> list[Json]:
    if not ids:
        return []
    kinds = set(call.args.get("historyTypes") or KEYS)
    rows = connection.execute(
        "SELECT * FROM history WHERE account = ? AND id BETWEEN ? AND ? ORDER BY id, seq",
        (call.account.id, ids[0], ids[-1]),
    ).fetchall()
    wanted = set(ids)
    records = [
        _record(number, group, kinds)
        for number, group in itertools.groupby(rows, key=lambda row: int(row["id"]))
        if number in wanted
    ]
    if call.fault("duplicate_history"):
        return [copy for record in records for copy in (record, record)]
    return records


def _record(number: int, rows: Iterable[sqlite3.Row], kinds: set[str]) -> Json:
    record: Json = {"id": str(number), "messages": []}
    for row in rows:
        ids = {"id": f"{row['message']:x}", "threadId": f"{row['thread']:x}"}
        if ids not in record["messages"]:
            record["messages"].append(ids)
        if row["kind"] not in kinds:
            continue
        message: Json = dict(ids)
        if row["labels"] != "[]":
            message["labelIds"] = msgspec.Raw(row["labels"].encode())
        entry: Json = {"message": message}
        if row["changed"] != "[]":
            entry["labelIds"] = msgspec.Raw(row["changed"].encode())
        record.setdefault(KEYS[row["kind"]], []).append(entry)
    return record
