"""users.labels.* and users.settings.sendAs.*."""

import re
import sqlite3
from dataclasses import replace
from typing import Any

from sandbox import mailbox
from sandbox.google.call import Call
from sandbox.google.errors import ApiError, bad_request, invalid_value, not_found
from sandbox.labels import (
    SYSTEM,
    Label,
    LabelTakenError,
    all_labels,
    create_label,
    find_label,
    folded,
    save_label,
)

Json = dict[str, Any]
VISIBILITY = {
    "messageListVisibility": ("show", "hide"),
    "labelListVisibility": ("labelShow", "labelShowIfUnread", "labelHide"),
}
COUNTS = """SELECT COUNT(*), SUM(u.message IS NOT NULL), COUNT(DISTINCT m.thread),
 COUNT(DISTINCT CASE WHEN u.message IS NOT NULL THEN m.thread END)
 FROM message_labels l JOIN messages m ON m.account = l.account AND m.id = l.message
 LEFT JOIN message_labels u
  ON u.account = l.account AND u.label = 'UNREAD' AND u.message = l.message
 WHERE l.account = ? AND l.label = ?"""


def list_labels(call: Call) -> Json:
    """users.labels.list: without counts."""
    with call.connect() as connection:
        return {"labels": [_shown(label) for label in all_labels(connection, call.account.id)]}


def get_label(call: Call) -> Json:
    """users.labels.get: with counts."""
    with call.connect() as connection:
        label = _require(connection, call)
        counts = connection.execute(COUNTS, (call.account.id, label.id)).fetchone()
    names = ("messagesTotal", "messagesUnread", "threadsTotal", "threadsUnread")
    return _shown(label) | {name: count or 0 for name, count in zip(names, counts, strict=True)}


def create(call: Call) -> Json:
    """users.labels.create: the answer has no type."""
    name = _name(call.body.get("name"))
    with call.sandbox.db.write() as connection:
        try:
            label = create_label(connection, call.account.id, name)
            label = _changed(call, label, whole=False)
            save_label(connection, call.account.id, label)
        except LabelTakenError:
            raise _taken() from None
    shown = _shown(label)
    del shown["type"]
    return shown


def patch(call: Call) -> Json:
    """users.labels.patch: what is not named stays."""
    return _save(call, whole=False)


def update(call: Call) -> Json:
    """users.labels.update: what is not named goes back to its default."""
    return _save(call, whole=True)


def delete(call: Call) -> None:
    """users.labels.delete: the label leaves every message, one record per thread."""
    with call.sandbox.action(call.account.id) as connection:
        label = _require(connection, call)
        _refuse_system(label)
        rows = connection.execute(
            "SELECT m.thread, m.id FROM message_labels l JOIN messages m ON m.account = l.account"
            " AND m.id = l.message WHERE l.account = ? AND l.label = ? ORDER BY m.thread, m.id",
            (call.account.id, label.id),
        ).fetchall()
        threads: dict[int, list[int]] = {}
        for row in rows:
            threads.setdefault(row["thread"], []).append(row["id"])
        at = call.sandbox.clock.time()
        for messages in threads.values():
            mailbox.relabel(connection, call.account.id, messages, [], [label.id], at)
        connection.execute(
            "DELETE FROM user_labels WHERE account = ? AND id = ?", (call.account.id, label.id)
        )


def _save(call: Call, *, whole: bool) -> Json:
    with call.sandbox.db.write() as connection:
        label = _require(connection, call)
        _refuse_system(label)
        label = _changed(call, label, whole=whole)
        try:
            save_label(connection, call.account.id, label)
        except LabelTakenError:
            raise _taken() from None
    return _shown(label)


def _changed(call: Call, label: Label, *, whole: bool) -> Label:
    body = call.body
    if whole or "name" in body:
        label = replace(label, name=_name(body.get("name")))
    for key, choices in VISIBILITY.items():
        if key in body and body[key] not in choices:
            raise invalid_value(f"label.{key}", "TYPE_ENUM", str(body[key])[:100])
    if whole or "messageListVisibility" in body:
        label = replace(label, message_visibility=body.get("messageListVisibility"))
    if whole or "labelListVisibility" in body:
        label = replace(label, label_visibility=body.get("labelListVisibility"))
    if whole or "color" in body:
        label = replace(label, color=_color(body.get("color")))
    return label


def _color(value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    named = value if isinstance(value, dict) else {}
    pair = (named.get("textColor"), named.get("backgroundColor"))
    if not all(re.fullmatch("#[0-9a-f]{6}", str(item)) for item in pair):
        raise bad_request("Label color #0 is not on the allowed color palette")
    return str(pair[0]), str(pair[1])


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 225:
        raise bad_request("Invalid label name")
    if folded(value).upper() in {*SYSTEM, "DRAFTS", "CHATS"}:
        raise bad_request("Invalid label name")
    return value.encode("utf-8", "replace").decode()


def _taken() -> ApiError:
    return ApiError(409, "Label name exists or conflicts", "aborted")


def _refuse_system(label: Label) -> None:
    if label.kind == "system":
        raise bad_request("Invalid delete request" if label.id in SYSTEM else "Invalid label")


def _require(connection: sqlite3.Connection, call: Call) -> Label:
    label = find_label(connection, call.account.id, call.path["id"])
    if label is None:
        raise not_found()
    return label


def _shown(label: Label) -> Json:
    shown: Json = {"id": label.id, "name": label.name}
    if label.message_visibility:
        shown["messageListVisibility"] = label.message_visibility
    if label.label_visibility:
        shown["labelListVisibility"] = label.label_visibility
    shown["type"] = label.kind
    if label.color:
        shown["color"] = {"textColor": label.color[0], "backgroundColor": label.color[1]}
    return shown
