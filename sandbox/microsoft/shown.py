"""Stored messages as Microsoft Graph shows them: only what was asked for, most of it ready-made."""

import base64
import sqlite3
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from sandbox.microsoft import attached, odata
from sandbox.microsoft.call import Call
from sandbox.microsoft.markup import as_text, plain_as_html

Json = dict[str, Any]
HEAD = frozenset({
    "sentDateTime", "hasAttachments", "internetMessageId", "subject", "bodyPreview", "importance",
    "isDeliveryReceiptRequested", "isReadReceiptRequested", "sender", "from", "toRecipients",
    "ccRecipients", "bccRecipients", "replyTo", "meetingMessageType",
})  # fmt: skip
EDITED = frozenset({"categories", "importance", "inferenceClassification", "flag", "isDraft"})
PLAIN = ("createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "receivedDateTime",
         "sentDateTime", "hasAttachments", "internetMessageId", "subject", "bodyPreview",
         "importance", "parentFolderId", "conversationId", "conversationIndex",
         "isDeliveryReceiptRequested", "isReadReceiptRequested", "isRead", "isDraft", "webLink",
         "inferenceClassification", "body", "sender", "from", "toRecipients", "ccRecipients",
         "bccRecipients", "replyTo", "flag", "meetingMessageType")  # fmt: skip
"""What is shown when nothing is selected, in the vendor's order."""
PROPERTIES = ("id", *PLAIN, "uniqueBody", "internetMessageHeaders")
LINK = "https://outlook.office365.com/owa/?ItemID={}&exvsurl=1&viewmodel=ReadMessageItem"
Heads = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class View:
    """What of a message is shown; ``select`` is what an @odata.context says of it."""

    names: frozenset[str]
    select: str
    expand: attached.View | None = None
    extended: str = ""
    """The extended property that is shown."""

    @property
    def columns(self) -> str:
        """The columns it takes to show it."""
        columns = "m.id, m.thread, m.date, m.history_id, m.labels, v.times"
        columns += ", i.head" if self.names & HEAD else ""
        columns += ", i.edits" if self.names & EDITED else ""
        columns += ", i.body" if self.names & {"body", "uniqueBody"} else ""
        columns += ", i.headers" if "internetMessageHeaders" in self.names else ""
        columns += ", i.attachments" if self.expand else ""
        columns += ", p.value AS extended" if self.extended else ""
        if "lastModifiedDateTime" in self.names:
            columns += (
                ", (SELECT h.at FROM history h WHERE h.account = m.account"
                " AND h.id = m.history_id LIMIT 1) AS modified"
            )
        return columns

    @property
    def joins(self) -> str:
        """What to join with the messages ``m`` for that."""
        items = " JOIN items i ON i.account = m.account AND i.message = m.id"
        moves = " LEFT JOIN moves v ON v.account = m.account AND v.message = m.id"
        moves += items if "i." in self.columns else ""
        if not self.extended:
            return moves
        wanted = self.extended.replace("'", "''")
        joined = "p.account = m.account AND p.message = m.id"
        return f"{moves} LEFT JOIN properties p ON {joined} AND p.id = '{wanted}'"


def view(given: Any) -> View:
    """What $select and $expand ask for; 400 for what is no property."""
    chosen = odata.select(given.get("select"), PROPERTIES)
    expand, extended = attached.read_expands(given.get("expand"))
    return View(frozenset(chosen or PLAIN), ",".join(chosen), expand, extended)


def message(call: Call, row: sqlite3.Row, asked: View) -> Json:
    """One message of those properties, its id and its etag."""
    names = asked.names
    found: Json = {"@odata.etag": f'W/"{call.ids.change_key(row["history_id"])}"'}
    found["id"] = message_id(call, row)
    for name, make in MADE.items():
        if name in names:
            found[name] = make(call, row)
    if names & HEAD:
        head = Heads.decode(zlib.decompress(row["head"]))
        found |= {name: head[name] for name in head if name in names or name == "@odata.type"}
        if bytes(found.get("sentDateTime", b"")) == b"null":
            found["sentDateTime"] = _received(call, row)
    if names & EDITED:
        edited = _edited(row)
        found |= {name: edited[name] for name in edited if name in names}
    if asked.extended and row["extended"] is not None:
        told = {"id": asked.extended, "value": row["extended"]}
        found["singleValueExtendedProperties"] = [told]
    if asked.expand:
        found["attachments"] = attached.listed(call, row, asked.expand)
    return found


def message_id(call: Call, row: sqlite3.Row) -> str:
    """A row's id in the format that was asked for; the row has ``id`` and ``times``."""
    return call.ids.message(row["id"], None if call.wishes.immutable else row["times"] or 0)


def moment(seconds: float) -> str:
    """A moment as the vendor writes it: whole seconds in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _received(call: Call, row: sqlite3.Row) -> str:
    return moment(row["date"] / 1000 + call.skew)


def _folder(call: Call, row: sqlite3.Row) -> str:
    # A message's folder is the first of its labels.
    return call.ids.folder(msgspec.json.decode(row["labels"])[0])


def _edited(row: sqlite3.Row) -> Json:
    """What the owner may change; importance only when it was changed."""
    edits: Json = msgspec.json.decode(row["edits"]) if row["edits"] else {}
    status = edits.pop("flagStatus", "notFlagged")
    status = "flagged" if '"STARRED"' in row["labels"] else status
    flag = {"flagStatus": status}
    return {"categories": [], "inferenceClassification": "focused", "flag": flag} | edits


def _index(_: Call, row: sqlite3.Row) -> str:
    thread = row["thread"].to_bytes(8, "big")
    began = (row["date"] << 8).to_bytes(7, "big")[:5]
    return base64.b64encode(b"\x01" + began + thread * 2).decode()


def _body(call: Call, row: sqlite3.Row) -> Any:
    stored = zlib.decompress(row["body"])
    if stored.startswith(b'{"contentType":"text"'):
        if call.wishes.text or not call.sandbox.settings.graph_plain_as_html:
            return msgspec.Raw(stored)
        content: str = msgspec.json.decode(stored)["content"]
        return {"contentType": "html", "content": plain_as_html(content)}
    body: Json = msgspec.json.decode(stored)
    plain = body.pop("plain", None)
    if call.wishes.text:
        return {"contentType": "text", "content": plain or as_text(body["content"])}
    return body


MADE: dict[str, Callable[[Call, sqlite3.Row], Any]] = {
    "changeKey": lambda call, row: call.ids.change_key(row["history_id"]),
    "createdDateTime": _received,
    "receivedDateTime": _received,
    "lastModifiedDateTime": lambda _, row: moment(row["modified"] or row["date"] / 1000),
    "parentFolderId": _folder,
    "conversationId": lambda call, row: call.ids.conversation(row["thread"]),
    "conversationIndex": _index,
    "isRead": lambda _, row: '"UNREAD"' not in row["labels"],
    "isDraft": lambda _, row: '"DRAFT"' in row["labels"],
    "webLink": lambda call, row: LINK.format(quote(message_id(call, row), safe="")),
    "body": _body,
    "uniqueBody": _body,
    "internetMessageHeaders": lambda _, row: msgspec.Raw(zlib.decompress(row["headers"])),
}
"""How each property is made that is not ready-made in the store."""
