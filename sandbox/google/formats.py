"""Stored messages as the API shows them: minimal, metadata, full, raw."""

import base64
import re
import secrets
import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from sandbox.google.errors import bad_request

Json = dict[str, Any]
COLUMNS = {
    "minimal": "",
    "metadata": ", c.head AS content",
    "full": ", c.payload AS content",
    "raw": ", c.raw AS content",
}
NONCE = 12


def select(form: str) -> str:
    """The SELECT that reads messages for a format, up to its WHERE."""
    join = " JOIN contents c ON c.account = m.account AND c.message = m.id" if COLUMNS[form] else ""
    return f"SELECT m.*{COLUMNS[form]} FROM messages m{join}"


def shown(row: sqlite3.Row, form: str, wanted: Sequence[str], mark: str) -> Json:
    """One message; its payload stays rendered JSON until somebody looks inside."""
    message: Json = {"id": f"{row['id']:x}", "threadId": f"{row['thread']:x}"}
    if row["labels"] != "[]":
        message["labelIds"] = msgspec.Raw(row["labels"].encode())
    message["snippet"] = row["snippet"]
    if form == "metadata":
        message["payload"] = _head(zlib.decompress(row["content"]), wanted)
    elif form == "full":
        message["payload"] = _payload(row, mark)
    message["sizeEstimate"] = row["size"]
    if form == "raw":
        message["raw"] = base64.urlsafe_b64encode(zlib.decompress(row["content"])).decode()
    message["historyId"] = str(row["history_id"])
    message["internalDate"] = str(row["date"])
    return message


def brief(row: sqlite3.Row) -> Json:
    """What answers of modify, trash and insert hold."""
    message: Json = {"id": f"{row['id']:x}", "threadId": f"{row['thread']:x}"}
    if row["labels"] != "[]":
        message["labelIds"] = msgspec.Raw(row["labels"].encode())
    return message


def attachment_part(attachment: str, number: int) -> str:
    """The part id an attachment id was made for; 400 when it was not made for this message."""
    try:
        opened = base64.urlsafe_b64decode(attachment.removeprefix("ANGjdJ") + "==")
    except ValueError:
        opened = b""
    if not attachment.startswith("ANGjdJ") or opened[:8] != number.to_bytes(8, "big"):
        raise bad_request("Invalid attachment token")
    return opened[8 + NONCE :].decode("ascii", "replace").strip("-")


def _head(head: bytes, wanted: Sequence[str]) -> Any:
    if not wanted:
        return msgspec.Raw(head)
    names = {name.lower() for name in wanted}
    payload: Json = msgspec.json.decode(head)
    kept = [header for header in payload.get("headers", []) if header["name"].lower() in names]
    return {"mimeType": payload["mimeType"], **({"headers": kept} if kept else {})}


def _payload(row: sqlite3.Row, mark: str) -> msgspec.Raw:
    payload = zlib.decompress(row["content"])
    if not row["attached"]:
        return msgspec.Raw(payload)
    key = row["id"].to_bytes(8, "big") + secrets.token_bytes(NONCE)

    def fresh(found: re.Match[bytes]) -> bytes:
        return b"ANGjdJ" + base64.urlsafe_b64encode(key + found[1]).rstrip(b"=")

    pattern = re.escape(mark.encode()) + rb"([0-9.]+|-)" + re.escape(mark.encode())
    return msgspec.Raw(re.sub(pattern, fresh, payload))
