"""Resumable uploads: announced with a POST, sent in pieces with PUT, resumed after a break.

https://developers.google.com/workspace/gmail/api/guides/uploads
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox.accounts import Account
from sandbox.google.errors import bad_request, not_found
from sandbox.state import Sandbox

Json = dict[str, Any]
RANGE = re.compile(r"bytes (?:(\d{1,12})-(\d{1,12})|\*)/(\d{1,12}|\*)")
STEP = 256 * 1024
"""Every piece but the last is a multiple of this."""


class UnfinishedError(Exception):
    """Not an error: the upload was begun, or goes on."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(str(status))
        self.status, self.headers = status, dict(headers)


def upload_id(query: str) -> str:
    """The upload that a request belongs to, or nothing."""
    return parse_qs(query).get("upload_id", [""])[0]


def verb(sandbox: Sandbox, name: str) -> str:
    """The verb an upload was announced with; 404 for one nobody knows."""
    return str(_told(sandbox, name)["verb"])


def begin(sandbox: Sandbox, account: Account, request: Any) -> UnfinishedError:
    """Announce: what follows goes to the address in Location."""
    name, size = secrets.token_urlsafe(48), request.headers.get("x-upload-content-length", "")
    told = {"verb": request.verb, "meta": request.body.decode("utf-8", "replace")}
    with sandbox.db.write() as connection:
        connection.execute(
            "INSERT INTO uploads VALUES (?, ?, ?, ?, ?)",
            (name, account.id, sandbox.clock.time(), int(size) if size.isdigit() else -1,
             msgspec.json.encode(told).decode()),
        )  # fmt: skip
    origin = f"http://{request.headers.get('host', '127.0.0.1')}"
    query = re.sub(r"&?upload_id=[^&]*", "", request.query)
    headers = {"Location": f"{origin}{request.path}?{query}&upload_id={name}",
               "X-GUploader-UploadID": name, "X-Goog-Upload-Status": "active"}  # fmt: skip
    return UnfinishedError(200, headers)


def add(sandbox: Sandbox, name: str, request: Any) -> tuple[bytes, bytes]:
    """The next piece. Returns what was announced and the whole media with the last one, raises
    UnfinishedError before."""
    told, (start, total) = _told(sandbox, name), _range(request)
    with sandbox.db.write() as connection:
        have = connection.execute(
            "SELECT IFNULL(MAX(start + LENGTH(data)), 0) FROM pieces WHERE upload = ?", (name,)
        ).fetchone()[0]
        if start is not None and start <= have < start + len(request.body):
            data = request.body[have - start :]
            connection.execute("INSERT INTO pieces VALUES (?, ?, ?)", (name, have, data))
            have += len(data)
    if total is None or have < total:
        raise UnfinishedError(308, _so_far(have))
    with sandbox.db.write() as connection:
        rows = connection.execute(
            "SELECT data FROM pieces WHERE upload = ? ORDER BY start", (name,)
        ).fetchall()
        connection.execute("DELETE FROM pieces WHERE upload = ?", (name,))
        connection.execute("DELETE FROM uploads WHERE id = ?", (name,))
    return told["meta"].encode(), b"".join(row["data"] for row in rows)


def _range(request: Any) -> tuple[int | None, int | None]:
    """Where a piece begins (None for a question how far it got) and how much there is in all."""
    given = request.headers.get("content-range", "")
    if not given:
        return 0, len(request.body)
    match = RANGE.fullmatch(given.strip())
    if match is None:
        raise bad_request("Failed to parse Content-Range header.", "badContent")
    total = None if match[3] == "*" else int(match[3])
    if match[1] is None:
        return None, total
    if int(match[2]) - int(match[1]) + 1 != len(request.body):
        raise bad_request("Content-Range does not fit the body.", "badContent")
    last = total is not None and int(match[2]) + 1 == total
    if not last and len(request.body) % STEP:
        raise bad_request("Pieces are multiples of 262144 bytes.", "badContent")
    return int(match[1]), total


def _so_far(have: int) -> dict[str, str]:
    return {"Range": f"bytes=0-{have - 1}"} if have else {}


def _told(sandbox: Sandbox, name: str) -> Json:
    with sandbox.db.read() as connection:
        row = connection.execute("SELECT told FROM uploads WHERE id = ?", (name,)).fetchone()
    if row is None:
        raise not_found()
    told: Json = msgspec.json.decode(row["told"])
    return told
