"""Attachments of a message: listed, opened, downloaded."""

import sqlite3
from typing import Any

import msgspec

from sandbox.google.payload import render
from sandbox.microsoft import attached, messages, shown
from sandbox.microsoft.call import Answer, Call, Json
from sandbox.microsoft.errors import bad_option, not_found
from sandbox.microsoft.payload import itemise

ITEM = "microsoft.graph.itemattachment/item"
VIEW = shown.View(frozenset({"id"}), "id", attached.View())


def list_attachments(call: Call) -> Json:
    """GET messages/{id}/attachments: all of them, with their bytes unless others are selected."""
    asked = attached.view(call.options.get("select"))
    with call.connect() as connection:
        row = messages.require(call, connection, VIEW)
        found = attached.listed(call, row, asked)
    selected = f"({','.join(asked.names)})" if asked.names else ""
    return {"@odata.context": f"{context(call)}{selected}", "value": found}


def get_attachment(call: Call) -> Json:
    """GET messages/{id}/attachments/{id}; an attached message's ``item`` has to be expanded."""
    asked = attached.view(call.options.get("select"))
    expand = call.options.get("expand", "").strip().lower()
    if expand not in {"", ITEM}:
        raise bad_option(f"Could not find a property named '{expand[:60]}'.")
    with call.connect() as connection:
        row, one = require(call, connection)
        body: Json = {"@odata.context": f"{context(call)}/$entity"}
        found = body | attached.shown(call, row, one, asked)
    if expand and one.get("item"):
        found["item"] = _item(attached.contents(call, row["id"], one["part"]))
    return found


def get_content(call: Call) -> Answer:
    """GET messages/{id}/attachments/{id}/$value: the bytes, of an attached message its MIME."""
    with call.connect() as connection:
        row, one = require(call, connection)
    data = attached.contents(call, row["id"], one["part"])
    kind = "text/plain" if one.get("item") else one["contentType"]
    return Answer(200, data, kind or "application/octet-stream")


def require(call: Call, connection: sqlite3.Connection) -> tuple[sqlite3.Row, Json]:
    """The message and the attachment of the path; 404 when they are not here."""
    row = messages.require(call, connection, VIEW)
    number, part = call.ids.read_attachment(call.path["attachment"])
    found = [one for one in attached.stored(row) if one["part"] == part]
    if number != row["id"] or not found:
        raise not_found()
    return row, found[0]


def _item(raw: bytes) -> Json:
    """An attached message, without what only a mailbox knows of one."""
    item = itemise(raw, render(raw, "\x00"))
    head: dict[str, Any] = msgspec.json.decode(item.head)
    body: Json = msgspec.json.decode(item.body)
    body.pop("plain", None)
    return {"@odata.type": "#microsoft.graph.message", "id": "", **head, "body": body}


def context(call: Call) -> str:
    """Whose attachments they are, as an @odata.context says it."""
    owner = f"{call.context}users('{call.account.oid}')"
    return f"{owner}/messages('{call.path['message']}')/attachments"
