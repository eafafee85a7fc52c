"""One message: opened, changed, moved, thrown away; and its ids translated."""

import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any

from sandbox import mailbox
from sandbox.microsoft import drafting, listing, shown, store
from sandbox.microsoft.call import Answer, Call, Json
from sandbox.microsoft.errors import GraphError, bad_request, not_found, stale
from sandbox.microsoft.folders import key_of

FLAGS = ("flagged", "notFlagged", "complete")
CHOICES: dict[str, tuple[str, ...]] = {
    "importance": ("low", "normal", "high"),
    "inferenceclassification": ("focused", "other"),
}
RIGHT = {"importance": "importance", "inferenceclassification": "inferenceClassification"}
LATER = frozenset({"isread", "flag", "categories", *CHOICES})
TRANSLATED = ("restId", "restImmutableEntryId")


def get_message(call: Call) -> Json:
    """GET messages/{id}."""
    asked = shown.view(call.options)
    with call.connect() as connection:
        row = require(call, connection, asked)
        return _single(call, asked) | shown.message(call, row, asked)


def get_mime(call: Call) -> Answer:
    """GET messages/{id}/$value: the message as it came."""
    with call.connect() as connection:
        number = require(call, connection)["id"]
        row = connection.execute(
            "SELECT raw FROM contents WHERE account = ? AND message = ?", (call.account.id, number)
        ).fetchone()
    return Answer(200, zlib.decompress(row["raw"]), "text/plain")


def patch(call: Call) -> Json:
    """PATCH messages/{id}: what may change after sending; of a draft, everything."""
    body, account = call.body(), call.account.id
    at = call.sandbox.clock.time()
    with call.sandbox.action(account) as connection:
        row = require(call, connection)
        is_draft = '"DRAFT"' in row["labels"]
        for name in body:
            known = LATER | (drafting.PROPERTIES if is_draft else {drafting.PROPERTY})
            if name not in known and not name.startswith("@odata."):
                message = f"The property '{name[:60]}' cannot be set on a message that was sent."
                raise bad_request(message, "ErrorInvalidPropertySet")
        _check_etag(call, row)
        drafting.change(call, connection, row["id"], body)
        add, remove = _labels(body)
        mailbox.relabel(connection, account, [row["id"]], add, remove, at)
        if edits := _edits(body):
            item = connection.execute(
                "SELECT m.id, m.thread, m.labels, i.edits FROM messages m JOIN items i"
                " ON i.account = m.account AND i.message = m.id WHERE m.account = ? AND m.id = ?",
                (account, row["id"]),
            ).fetchone()
            store.edit(connection, account, item, edits, at)
        return whole(call, connection, row["id"])


def move(call: Call) -> tuple[int, Json]:
    """POST messages/{id}/move: its default id changes, its immutable one stays."""
    wanted = call.body().get("destinationid")
    if not isinstance(wanted, str) or not wanted:
        raise bad_request("The parameter DestinationId is missing.", "ErrorInvalidRequest")
    with call.sandbox.action(call.account.id) as connection:
        number = require(call, connection)["id"]
        _move(call, connection, number, key_of(call, connection, wanted))
        return 201, whole(call, connection, number)


def delete(call: Call) -> None:
    """DELETE messages/{id}: into Deleted Items; from there, for good."""
    with call.sandbox.action(call.account.id) as connection:
        row = require(call, connection)
        if '"TRASH"' in row["labels"]:
            at = call.sandbox.clock.time()
            mailbox.delete(connection, call.account.id, [row["id"]], at)
        else:
            _move(call, connection, row["id"], "TRASH")


def delete_for_good(call: Call) -> None:
    """POST messages/{id}/permanentDelete."""
    with call.sandbox.action(call.account.id) as connection:
        number = require(call, connection)["id"]
        mailbox.delete(connection, call.account.id, [number], call.sandbox.clock.time())


def translate_ids(call: Call) -> Json:
    """POST translateExchangeIds: between the two formats REST knows."""
    body = call.body()
    given, target = body.get("inputids"), body.get("targetidtype")
    if not isinstance(given, list) or not 0 < len(given) <= 1000:
        raise bad_request("inputIds: one to a thousand ids.", "ErrorInvalidRequest")
    if target not in TRANSLATED or body.get("sourceidtype") not in TRANSLATED:
        raise bad_request("Only REST ids are translated here.", "ErrorInvalidRequest")
    numbers = {str(one): call.ids.read_message(str(one))[0] for one in given}
    with call.connect() as connection:
        rows = listing.read(call, connection, list(numbers.values()), LIGHT)
    value = []
    for text, number in numbers.items():
        if number in rows:
            moves = None if target == "restImmutableEntryId" else rows[number]["times"] or 0
            value.append({"sourceId": text, "targetId": call.ids.message(number, moves)})
    return {"@odata.context": f"{call.context}Collection(convertIdResult)", "value": value}


LIGHT = shown.View(frozenset({"id"}), "id")


def require(call: Call, connection: sqlite3.Connection, asked: shown.View = LIGHT) -> sqlite3.Row:
    """The message of the path; 404 when it is not here, or not under this id any more."""
    number, moves = call.ids.read_message(call.path["message"])
    row = listing.read(call, connection, [number], asked).get(number)
    if row is None or (moves is not None and moves != (row["times"] or 0)):
        raise not_found()
    if _vanished(call, number):
        raise not_found()
    return row


def _vanished(call: Call, number: int) -> bool:
    wanted = [fault for fault in call.sandbox.faults.listed() if fault.kind == "vanish"]
    named = {str(fault.options.get("id", "")) for fault in wanted}
    if not wanted or (named and "" not in named and f"{number:x}" not in named):
        return False
    return call.fault("vanish") is not None


def whole(call: Call, connection: sqlite3.Connection, number: int) -> Json:
    """A message as it is answered after a change."""
    everything = shown.view({})
    row = listing.read(call, connection, [number], everything)[number]
    return _single(call, everything) | shown.message(call, row, everything)


def _single(call: Call, asked: shown.View) -> Json:
    selected = f"({asked.select})" if asked.select else ""
    return {
        "@odata.context": f"{call.context}users('{call.account.oid}')/messages{selected}/$entity"
    }


def _move(call: Call, connection: sqlite3.Connection, number: int, key: str) -> None:
    if key.startswith("#"):
        raise GraphError(400, "ErrorMoveCopyFailed", "The move or copy operation failed.")
    at = call.sandbox.clock.time()
    mailbox.relabel(connection, call.account.id, [number], [key], [], at)


def _check_etag(call: Call, row: sqlite3.Row) -> None:
    asked = call.request.headers.get("if-match", "*").strip()
    if asked not in {"*", f'W/"{call.ids.change_key(row["history_id"])}"'}:
        raise stale()


def _labels(body: Json) -> tuple[Sequence[str], Sequence[str]]:
    """Labels to add and to remove."""
    add: list[str] = []
    remove: list[str] = []
    if "isread" in body:
        if not isinstance(body["isread"], bool):
            raise bad_request("Cannot convert the literal to the expected type 'Edm.Boolean'.")
        (remove if body["isread"] else add).append("UNREAD")
    if "flag" in body:
        (add if _flag(body["flag"]) == "flagged" else remove).append("STARRED")
    return add, remove


def _edits(body: Json) -> Json:
    """What only Microsoft's mailboxes keep."""
    edits: Json = {}
    if "flag" in body:
        edits["flagStatus"] = "complete" if _flag(body["flag"]) == "complete" else "notFlagged"
    if "categories" in body:
        given = body["categories"]
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise bad_request("categories: a list of names.")
        edits["categories"] = given
    for name, choices in CHOICES.items():
        if name in body:
            if body[name] not in choices:
                raise bad_request(f"Requested value '{str(body[name])[:60]}' was not found.")
            edits[RIGHT[name]] = body[name]
    return edits


def _flag(value: Any) -> str:
    status = value.get("flagStatus") if isinstance(value, dict) else None
    if status not in FLAGS:
        raise bad_request(f"Requested value '{str(status)[:60]}' was not found.")
    return str(status)
