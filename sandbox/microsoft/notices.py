"""Notices of Microsoft Graph: what subscriptions are told, and how it is put into requests.

https://learn.microsoft.com/en-us/graph/api/resources/changenotification. Neither their order nor
that they come once is promised, and what waits for longer than four hours is lost.
"""

import itertools
import sqlite3
from collections.abc import Iterator, Sequence

import msgspec

from sandbox import notices
from sandbox.accounts import MICROSOFT, Account, account_by_id
from sandbox.labels import is_folder
from sandbox.microsoft.ids import Ids
from sandbox.microsoft.subscriptions import moment, remove
from sandbox.notices import Json, Notice
from sandbox.state import Sandbox

PATIENCE = 3.0
TOGETHER = 50
TAKEN = range(200, 300)
GIVEN_UP = 4 * 3600.0
FIRST_WAIT, LONGEST_WAIT = 10.0, 600.0
BULK = 25
"""Messages moved by one action of which still each is told."""
LOOK = 2000
GRANTS = " AND ".join(
    f"NOT EXISTS (SELECT 1 FROM {table} t WHERE t.account = s.account AND"
    " t.client_id = s.client_id)"
    for table in ("access_tokens", "refresh_tokens")
)
OVER = f"SELECT s.*, 0 AS newest FROM subscriptions s WHERE s.expires <= ? OR ({GRANTS})"
BEHIND = (
    "SELECT s.*, a.history_id AS newest FROM subscriptions s JOIN accounts a ON a.id = s.account"
    " WHERE a.history_id > s.seen"
)
EVENTS = ("reauthorizationRequired", "subscriptionRemoved", "missed")


def collect(sandbox: Sandbox) -> None:
    """Write down what has happened since the last look."""
    now = (sandbox.clock.time(),)
    with sandbox.db.read() as connection:
        if not connection.execute(f"{OVER} UNION ALL {BEHIND} LIMIT 1", now).fetchone():
            return  # without waiting for whoever writes
    with sandbox.db.write() as connection:
        for row in connection.execute(OVER, now).fetchall():
            _end(sandbox, connection, row)
        for row in connection.execute(BEHIND).fetchall():
            _collect(sandbox, connection, row)


def lifecycle(
    sandbox: Sandbox, connection: sqlite3.Connection, row: sqlite3.Row, event: str
) -> None:
    """Tell what becomes of a subscription itself; a removed one is gone. ValueError for an event
    nobody knows."""
    if event not in EVENTS:
        raise ValueError(f"event is one of {', '.join(EVENTS)}")
    account = account_by_id(connection, row["account"])
    if event == "subscriptionRemoved":
        remove(connection, row["id"])
    if row["lifecycle_url"]:
        body = _common(row, account) | {"lifecycleEvent": event}
        notice = Notice(MICROSOFT, row["id"], account.address, event, row["lifecycle_url"], body)
        notices.put(sandbox, connection, [notice])


def compose(sandbox: Sandbox, letter: Sequence[Notice]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request that tells all of these."""
    value = [_spoiled(sandbox, one).body for one in letter]
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return msgspec.json.encode({"value": value}), headers


def again_at(sandbox: Sandbox, notice: Notice) -> float | None:
    """When to try again what nobody took; None when it is given up."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(notice.tries, 10))
    at = sandbox.clock.time() + wait
    return at if at < notice.made + GIVEN_UP else None


def _end(sandbox: Sandbox, connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Subscriptions end with their time, without a word, and with their grant."""
    if row["expires"] <= sandbox.clock.time():
        remove(connection, row["id"])
    else:
        lifecycle(sandbox, connection, row, "subscriptionRemoved")


def _collect(sandbox: Sandbox, connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    log = connection.execute(
        "SELECT h.*, v.times FROM history h LEFT JOIN moves v ON v.account = h.account"
        " AND v.message = h.message WHERE h.account = ? AND h.id > ? ORDER BY h.id, h.seq LIMIT ?",
        (row["account"], row["seen"], LOOK),
    ).fetchall()
    seen = log[-1]["id"] if len(log) == LOOK else row["newest"]
    account = account_by_id(connection, row["account"])
    told: list[Notice] = []
    for _, entries in itertools.groupby(log, lambda entry: entry["id"]):
        record = list(entries)
        if _is_bulk(record):
            lifecycle(sandbox, connection, row, "missed")
        else:
            told += _told(row, account, record)
    notices.put(sandbox, connection, told)
    connection.execute("UPDATE subscriptions SET seen = ? WHERE id = ?", (seen, row["id"]))


def _is_bulk(record: Sequence[sqlite3.Row]) -> bool:
    moved = {
        entry["message"] for entry in record
        if entry["kind"] == "labelAdded" and any(map(is_folder, _names(entry["changed"])))
    }  # fmt: skip
    return len(moved) > BULK


def _told(row: sqlite3.Row, account: Account, record: Sequence[sqlite3.Row]) -> Iterator[Notice]:
    wanted, ids = row["kinds"].split(","), Ids(account)
    for entry in record:
        kind = _kind(entry, row["folder"])
        if kind in wanted:
            body = _body(row, account, ids, entry, kind)
            yield Notice(MICROSOFT, row["id"], account.address, kind, row["url"], body)


def _kind(entry: sqlite3.Row, folder: str) -> str:
    """What an entry of the log is to a folder, or to all of a mailbox; empty for nothing."""
    kind, changed = entry["kind"], _names(entry["changed"])
    moved, here = folder in changed, not folder or folder in _names(entry["labels"])
    if kind == "labelRemoved" and any(map(is_folder, changed)):
        return "deleted" if moved else ""
    if kind == "bare" or not here:
        return ""
    if kind == "messageDeleted":
        return "deleted"
    return "created" if kind == "messageAdded" or moved else "updated"


def _body(row: sqlite3.Row, account: Account, ids: Ids, entry: sqlite3.Row, kind: str) -> Json:
    identity = ids.message(entry["message"], None if row["immutable"] else entry["times"] or 0)
    resource = f"Users/{account.oid}/Messages/{identity}"
    data = {"@odata.type": "#Microsoft.Graph.Message", "@odata.id": resource}
    if kind != "deleted":
        data["@odata.etag"] = f'W/"{ids.change_key(entry["id"])}"'
    return _common(row, account) | {
        "changeType": kind,
        "resource": resource,
        "resourceData": data | {"id": identity},
    }


def _common(row: sqlite3.Row, account: Account) -> Json:
    return {
        "subscriptionId": row["id"],
        "subscriptionExpirationDateTime": moment(row["expires"]),
        "clientState": row["client_state"],
        "tenantId": account.tenant,
    }


def _spoiled(sandbox: Sandbox, notice: Notice) -> Notice:
    fault = notices.forged(sandbox, notice)
    if fault is None:
        return notice
    if fault.options.get("form") == "missing":
        return notices.changed(notice, clientState=None)
    return notices.changed(notice, clientState="somebody-else")


def _names(text: str) -> list[str]:
    found: list[str] = msgspec.json.decode(text)
    return found
