"""Attachments as lists and messages show them; attachments.py answers for each alone."""

import base64
import re
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from sandbox.google.payload import find_part
from sandbox.microsoft import extended, odata
from sandbox.microsoft.call import Call
from sandbox.microsoft.errors import GraphError, bad_option

Json = dict[str, Any]
BASE = ("id", "lastModifiedDateTime", "name", "contentType", "size", "isInline")
FILE = ("contentId", "contentLocation", "contentBytes")
CASTS = {f"microsoft.graph.fileAttachment/{name}": name for name in FILE}
"""What only some attachments have is selected with a cast."""
EXPAND = re.compile(r"(?is)attachments\s*(?:\((.*)\))?\s*")
APART = re.compile(r",(?![^()]*\))")
"""Commas that stand in no parentheses."""


@dataclass(frozen=True, slots=True)
class View:
    """What of an attachment is shown: the names, empty for all."""

    names: tuple[str, ...] = ()

    @property
    def with_bytes(self) -> bool:
        """Whether the contents are asked for."""
        return not self.names or "contentBytes" in self.names


def view(text: str | None) -> View:
    """What a $select asks for; 400 for what an attachment does not have."""
    chosen = odata.select(text, (*BASE, *CASTS), "Attachment")
    return View(tuple(CASTS.get(name, name) for name in chosen))


def read_expands(text: str | None) -> tuple[View | None, str]:
    """A message's $expand: attachments, maybe with a $select of their own; and the extended
    property it asks for."""
    pieces = [piece.strip() for piece in APART.split(text or "") if piece.strip()]
    mine = [one for one in pieces if not one.lower().startswith(extended.NAME.lower())]
    others = [extended.read_expand(one) for one in pieces if one not in mine]
    return _read_expand(mine[0]) if mine else None, others[0] if others else ""


def _read_expand(text: str) -> View:
    match = EXPAND.fullmatch(text)
    if match is None:
        raise bad_option(f"Could not find a property named '{text[:60]}'.")
    inner = re.fullmatch(r"(?is)\s*\$?select\s*=(.*)", match[1] or "$select=")
    if inner is None:
        raise bad_option(f"Syntax error in '{text[:60]}'.")
    return view(inner[1])


def stored(row: sqlite3.Row) -> list[Json]:
    """What was found at delivery; the row has ``attachments``."""
    found: list[Json] = msgspec.json.decode(zlib.decompress(row["attachments"]))
    return found


def listed(call: Call, row: sqlite3.Row, asked: View) -> list[Json]:
    """All attachments of a message; the row has ``id``, ``date`` and ``attachments``."""
    return [shown(call, row, one, asked) for one in stored(row)]


def shown(call: Call, row: Mapping[str, Any] | sqlite3.Row, one: Json, asked: View) -> Json:
    """One attachment with its type and its id."""
    kind = "itemAttachment" if one.get("item") else "fileAttachment"
    at = datetime.fromtimestamp(row["date"] // 1000, UTC)
    found: Json = {"@odata.type": f"#microsoft.graph.{kind}"}
    if not one.get("item"):
        found["@odata.mediaContentType"] = one["contentType"]
    found["id"] = call.ids.attachment(row["id"], one["part"])
    found["lastModifiedDateTime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    found |= {name: one[name] for name in ("name", "contentType", "size", "isInline")}
    if not one.get("item"):
        found |= {"contentId": one["contentId"], "contentLocation": one["contentLocation"]}
        if asked.with_bytes:
            data = contents(call, row["id"], one["part"])
            found["contentBytes"] = base64.b64encode(data).decode()
    kept = {"@odata.type", "@odata.mediaContentType", "id", *asked.names}
    return {name: found[name] for name in found if name in kept} if asked.names else found


def contents(call: Call, number: int, part: str) -> bytes:
    """The bytes of one part; GraphError when it cannot be read."""
    if fault := call.fault("attachment_error"):
        code = str(fault.options.get("code", "ErrorCannotOpenFileAttachment"))
        status = int(fault.options.get("status", 500))
        raise GraphError(status, code, "OLE conversion failed for an attachment.")
    with call.connect() as connection:
        row = connection.execute(
            "SELECT raw FROM contents WHERE account = ? AND message = ?", (call.account.id, number)
        ).fetchone()
    data = find_part(zlib.decompress(row["raw"]), part) if row else None
    if data is None:
        raise GraphError(500, "ErrorCorruptData", "Data is corrupt.")
    return data
