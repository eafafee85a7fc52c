"""Pages of messages: of a folder or of the whole mailbox, filtered, in order.

In a Microsoft mailbox a message's number begins with the moment it was received, so that the
order of numbers is the order of arrival.
"""

import random
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from sandbox.microsoft import odata, shown
from sandbox.microsoft.call import Call, Json
from sandbox.microsoft.errors import bad_request, inefficient
from sandbox.microsoft.folders import UNREAD, key_of

ORDERS = {"receivedDateTime": "", "subject": "m.subject", "lastModifiedDateTime": "m.history_id"}
MESSAGES = " JOIN messages m ON m.account = l.account AND m.id = l.message"
ITEMS = " JOIN items i ON i.account = m.account AND i.message = m.id"


def list_messages(call: Call) -> Json:
    """GET messages, of a folder or of the mailbox: newest first unless told otherwise."""
    if "search" in call.options:
        raise bad_request("$search is not spoken here.", "ErrorInvalidUrlQuery")
    asked = shown.view(call.options)
    top = odata.number(call.options, "top", 10, 1, 1000)
    skip = odata.number(call.options, "skip", 0, 0, 10**8)
    with call.connect() as connection:
        key = key_of(call, connection, call.path["folder"]) if "folder" in call.path else None
        source, values, order = _source(call, key)
        page = f"SELECT {_number(key)} {source} ORDER BY {order} LIMIT ? OFFSET ?"
        empty = call.fault("empty_page")
        found = connection.execute(page, (*values, 0 if empty else top + 1, skip)).fetchall()
        numbers = [row[0] for row in found]
        entries = render(call, connection, numbers[:top], asked)
        body: Json = {"@odata.context": _context(call, asked.select)}
        if call.options.get("count", "").lower() == "true":
            counted = connection.execute(f"SELECT COUNT(*) {source}", values).fetchone()
            body["@odata.count"] = counted[0]
    if call.fault("list_noise"):
        random.shuffle(entries)
    body["value"] = entries
    if (empty or len(numbers) > top) and not call.fault("next_missing"):
        body["@odata.nextLink"] = call.next_page(skip if empty else skip + top)
    return body


def render(
    call: Call, connection: sqlite3.Connection, numbers: Sequence[int], asked: shown.View
) -> list[Json]:
    """The messages of those numbers, in their order; what is gone is left out."""
    rows = read(call, connection, numbers, asked)
    return [shown.message(call, rows[number], asked) for number in numbers if number in rows]


def read(
    call: Call, connection: sqlite3.Connection, numbers: Sequence[int], asked: shown.View
) -> dict[int, sqlite3.Row]:
    """The rows behind those numbers, with every column the view needs."""
    rows = connection.execute(
        f"SELECT {asked.columns} FROM messages m{asked.joins} WHERE m.account = ?"
        " AND m.id IN (SELECT value FROM json_each(?))",
        (call.account.id, msgspec.json.encode(numbers).decode()),
    )
    return {row["id"]: row for row in rows}


def _number(key: str | None) -> str:
    return "m.id" if key is None else "l.message"


def _source(call: Call, key: str | None) -> tuple[str, tuple[Any, ...], str]:
    """FROM and WHERE, their values, and the order; 400 for what the vendor finds too complex."""
    wanted = odata.read_filter(call.options.get("filter"), call.ids, _number(key))
    order = odata.orderby(call.options.get("orderby"), ORDERS)
    if order and wanted.names:
        named = [name.lower() for name in wanted.names[: len(order)]]
        if named != [name.lower() for name, _ in order]:
            raise inefficient()
    columns = [(ORDERS[name] or _number(key), down) for name, down in order]
    columns = columns or [(_number(key), True)]
    said = ", ".join(f"{column} {'DESC' if down else 'ASC'}" for column, down in columns)
    everything = f"{wanted.sql} {said}"
    if key is None:
        items = ITEMS if "i." in everything else ""
        return (f"FROM messages m{items} WHERE m.account = ? AND {wanted.sql}",
                (call.account.id, *wanted.values), said)  # fmt: skip
    joins = MESSAGES if "m." in everything or "i." in everything else ""
    joins += ITEMS if "i." in everything else ""
    label = "UNREAD" if key == UNREAD else key
    return (f"FROM message_labels l{joins} WHERE l.account = ? AND l.label = ? AND {wanted.sql}",
            (call.account.id, label, *wanted.values), said)  # fmt: skip


def _context(call: Call, select: str) -> str:
    folder = f"/mailFolders('{call.path['folder']}')" if "folder" in call.path else ""
    selected = f"({select})" if select else ""
    return f"{call.context}users('{call.account.oid}'){folder}/messages{selected}"
