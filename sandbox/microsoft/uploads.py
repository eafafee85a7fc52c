"""Attachments put on a draft: small ones at once, large ones in pieces at an address of their own.

https://learn.microsoft.com/en-us/graph/api/message-post-attachments,
https://learn.microsoft.com/en-us/graph/outlook-large-attachments. Whoever has the address of an
upload may write there: it takes no token.
"""

import re
import secrets
import sqlite3
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox import mailbox
from sandbox.microsoft import attached, attachments, drafting, messages
from sandbox.microsoft.call import Answer, Call, Json, Request
from sandbox.microsoft.drafting import File
from sandbox.microsoft.errors import GraphError, bad_request, denied, not_found
from sandbox.microsoft.ids import Ids
from sandbox.state import Sandbox

SMALL = 3 * 1024 * 1024
LEAST = 3_000_000
"""What is smaller is no matter for an upload; the page says no more than 3 MB."""
LARGEST = 150 * 1024 * 1024
PIECE = 4 * 1024 * 1024
LIFE = 86_400.0
ADDRESS = "/api/v2.0/Users('{}')/Messages('{}')/AttachmentSessions('{}')?authtoken={}"
SESSION = re.compile(r"AttachmentSessions\('([\w-]+)'\)")
RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")


def add(call: Call) -> tuple[int, Json]:
    """POST messages/{id}/attachments: less than three megabytes."""
    drafting.require_size(call.request.body)
    given: Any = msgspec.json.decode(call.request.body)
    file = drafting.attachment(given)
    if len(file.data) >= SMALL:
        raise GraphError(413, "ErrorAttachmentSizeLimitExceeded", "The attachment is too large.")
    with call.sandbox.action(call.account.id) as connection:
        number = _draft(call, connection)
        shown = _attach(call.sandbox, connection, call.account.id, number, file)
    with call.connect() as connection:
        row = messages.require(call, connection, attachments.VIEW)
        made = attached.shown(call, row, attached.stored(row)[shown], attached.View())
    return 201, {"@odata.context": f"{attachments.context(call)}/$entity"} | made


def remove(call: Call) -> None:
    """DELETE messages/{id}/attachments/{id}."""
    with call.sandbox.action(call.account.id) as connection:
        number = _draft(call, connection)
        row, one = attachments.require(call, connection)
        place = attached.stored(row).index(one)
        draft = drafting.read(mailbox.raw_of(connection, call.account.id, number))
        del draft.files[place]
        drafting.rewrite(call.sandbox, connection, call.account.id, number, draft)


def begin(call: Call) -> tuple[int, Json]:
    """POST messages/{id}/attachments/createUploadSession."""
    if call.account.id != call.grant.account.id and not call.sandbox.settings.graph_shared_uploads:
        raise denied()
    item = call.body().get("attachmentitem")
    told = {key.lower(): value for key, value in item.items()} if isinstance(item, dict) else {}
    size = told.get("size")
    if told.get("attachmenttype") != "file" or not told.get("name") or not isinstance(size, int):
        raise bad_request("An AttachmentItem has attachmentType file, name and size.")
    if not LEAST <= size <= LARGEST:
        raise GraphError(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize",
                         "Attachment size must be from 3145728 to 157286400 bytes.")  # fmt: skip
    name, token = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    with call.sandbox.action(call.account.id) as connection:
        number = _draft(call, connection)
        told |= {"number": number, "token": token, "message": call.path["message"]}
        connection.execute(
            "INSERT INTO uploads VALUES (?, ?, ?, ?, ?)",
            (name, call.account.id, call.sandbox.clock.time(), size,
             msgspec.json.encode(told).decode()),
        )  # fmt: skip
    where = ADDRESS.format(call.account.oid, call.path["message"], name, token)
    context = f"{call.context}microsoft.graph.uploadSession"
    return 201, {"@odata.context": context, "uploadUrl": call.request.origin + where} | _progress(
        call.sandbox, 0
    )


def serve(sandbox: Sandbox, request: Request) -> Answer:
    """PUT the next piece, GET how far it got, DELETE it all; GraphError otherwise."""
    if "authorization" in request.headers:
        raise GraphError(401, "InvalidAuthenticationToken", "No token is taken here.")
    with sandbox.db.write() as connection:
        row, told = _find(connection, request)
        have = connection.execute(
            "SELECT IFNULL(SUM(LENGTH(data)), 0) FROM pieces WHERE upload = ?", (row["id"],)
        ).fetchone()[0]
        if request.verb == "DELETE":
            _forget(connection, row["id"])
            return Answer(204, content_type="")
        if request.verb == "PUT":
            have = _piece(connection, row, request, have)
        if request.verb == "PUT" and have == row["size"]:
            return _finish(sandbox, connection, row, told, request)
    return Answer(200, msgspec.json.encode(_progress(sandbox, have)))


def address(sandbox: Sandbox, request: Request) -> str:
    """Whose mailbox an upload is for, or nothing."""
    with sandbox.db.read() as connection:
        match = SESSION.search(request.path)
        row = connection.execute(
            "SELECT a.address FROM uploads u JOIN accounts a ON a.id = u.account WHERE u.id = ?",
            (match[1] if match else "",),
        ).fetchone()
    return row["address"] if row else ""


def _draft(call: Call, connection: sqlite3.Connection) -> int:
    number = int(messages.require(call, connection)["id"])
    row = connection.execute(
        "SELECT labels FROM messages WHERE account = ? AND id = ?", (call.account.id, number)
    ).fetchone()
    if '"DRAFT"' not in row["labels"]:
        raise bad_request("Only a draft takes attachments.", "ErrorInvalidOperation")
    return number


def _attach(
    sandbox: Sandbox, connection: sqlite3.Connection, account: int, number: int, file: File
) -> int:
    """Put a file on a draft; returns its place among the attachments."""
    draft = drafting.read(mailbox.raw_of(connection, account, number))
    draft.files = sorted([*draft.files, file], key=lambda one: not one.inline)
    drafting.rewrite(sandbox, connection, account, number, draft)
    return draft.files.index(file)


def _find(connection: sqlite3.Connection, request: Request) -> tuple[sqlite3.Row, Json]:
    match = SESSION.search(request.path)
    row = connection.execute(
        "SELECT * FROM uploads WHERE id = ?", (match[1] if match else "",)
    ).fetchone()
    told: Json = msgspec.json.decode(row["told"]) if row else {}
    if row is None or parse_qs(request.query).get("authtoken") != [told.get("token")]:
        raise not_found("The upload session was not found.")
    return row, told


def _piece(connection: sqlite3.Connection, row: sqlite3.Row, request: Request, have: int) -> int:
    match = RANGE.fullmatch(request.headers.get("content-range", "").strip())
    if match is None or int(match[3]) != row["size"]:
        raise bad_request("Invalid Content-Range header.", "ErrorInvalidRange")
    start, end = int(match[1]), int(match[2])
    if len(request.body) > PIECE or end - start + 1 != len(request.body):
        raise GraphError(413, "ErrorInvalidRange", "The piece is too large, or not what it says.")
    if start != have:
        raise GraphError(416, "ErrorInvalidRange", "Pieces are uploaded in their order.")
    connection.execute("INSERT INTO pieces VALUES (?, ?, ?)", (row["id"], start, request.body))
    return have + len(request.body)


def _finish(
    sandbox: Sandbox, connection: sqlite3.Connection, row: sqlite3.Row, told: Json, request: Request
) -> Answer:
    pieces = connection.execute(
        "SELECT data FROM pieces WHERE upload = ? ORDER BY start", (row["id"],)
    )
    data = b"".join(piece["data"] for piece in pieces)
    kind = str(told.get("contenttype") or "application/octet-stream")
    file = File(str(told["name"]), kind, data, str(told.get("contentid") or ""),
                told.get("isinline") is True)  # fmt: skip
    found = connection.execute(
        "SELECT 1 FROM messages WHERE account = ? AND id = ?", (row["account"], told["number"])
    ).fetchone()
    if found is None:
        raise not_found()
    place = _attach(sandbox, connection, row["account"], told["number"], file)
    _forget(connection, row["id"])
    whose = next(one for one in sandbox.accounts() if one.id == row["account"])
    where = Ids(whose).attachment(told["number"], str(place + 1))
    location = f"{request.origin}/api/v2.0/Users('{whose.oid}')/Messages('{told['message']}')"
    return Answer(201, headers={"Location": f"{location}/Attachments('{where}')"}, content_type="")


def _forget(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("DELETE FROM pieces WHERE upload = ?", (name,))
    connection.execute("DELETE FROM uploads WHERE id = ?", (name,))


def _progress(sandbox: Sandbox, have: int) -> Json:
    until = datetime.fromtimestamp(sandbox.clock.time() + LIFE, UTC)
    return {"expirationDateTime": f"{until:%Y-%m-%dT%H:%M:%S.0000000Z}",
            "nextExpectedRanges": [f"{have}-" if not have else str(have)]}  # fmt: skip
