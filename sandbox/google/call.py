"""One API call on its way: what was asked, by whom, with checked arguments."""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox.accounts import Account
from sandbox.faults import Fault
from sandbox.google.errors import (
    bad_request,
    invalid_value,
    not_found,
    not_json,
    unknown_field,
    unknown_parameter,
)
from sandbox.google.fields import Shape
from sandbox.state import Sandbox

Json = dict[str, Any]


MEDIA = frozenset({
    "messages.insert", "messages.import", "messages.send", "drafts.create", "drafts.update",
    "drafts.send",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Param:
    """A query parameter. ``kind`` is string, integer, uint64, boolean or enum."""

    kind: str = "string"
    choices: tuple[str, ...] = ()
    repeated: bool = False
    maximum: int = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API: where it is, what it costs, who may call it, what does it."""

    id: str
    verb: str
    path: str
    units: int
    legacy_units: int
    scopes: tuple[str, ...]
    run: Callable[["Call"], Any]
    shape: Shape
    params: Mapping[str, Param]
    body: frozenset[str]
    """The fields a request body may have; empty when the method takes none."""

    @property
    def takes_media(self) -> bool:
        """Whether /upload/ paths lead here too."""
        return self.id.removeprefix("gmail.users.") in MEDIA


@dataclass(frozen=True, slots=True)
class Call:
    """Everything a method needs to answer."""

    sandbox: Sandbox
    account: Account
    scopes: frozenset[str]
    path: Mapping[str, str]
    args: Mapping[str, Any]
    body: Json
    url: str = ""
    media: bytes | None = None

    def fault(self, kind: str) -> Fault | None:
        """A switch of that kind that is on for this call, counted as used."""
        return self.sandbox.faults.take(frozenset({kind}), self.url, self.account.address)

    def connect(self) -> Any:
        """A reading connection, as a context."""
        return self.sandbox.db.read()

    @property
    def metadata_only(self) -> bool:
        """Whether the token sees headers and labels only."""
        return not {s.rsplit("/", 1)[-1] for s in self.scopes} & {
            "",
            "gmail.modify",
            "gmail.readonly",
            "gmail.addons.current.message.readonly",
            "gmail.addons.current.message.action",
        }


COMMON = {
    "fields": Param(),
    "alt": Param("enum", ("json", "media", "proto")),
    "key": Param(),
    "prettyPrint": Param("boolean"),
    "quotaUser": Param(),
    "access_token": Param(),
    "oauth_token": Param(),
    "callback": Param(),
    "uploadType": Param(),
    "upload_protocol": Param(),
    "$.xgafv": Param("enum", ("1", "2")),
}


def check_arguments(
    query: Sequence[tuple[str, str]], params: Mapping[str, Param]
) -> dict[str, Any]:
    """Query parameters with their types; 400 on an unknown name or a wrong value."""
    args: dict[str, Any] = {}
    for name, value in query:
        param = params.get(name) or COMMON.get(name)
        if param is None:
            raise unknown_parameter(name)
        checked = _typed(name, value, param)
        if param.repeated:
            args.setdefault(name, []).append(checked)
        else:
            args[name] = checked
    return args


def read_body(body: bytes, allowed: frozenset[str]) -> Json:
    """The JSON object of a request; 400 when it is none or has a field nobody knows."""
    if not body.strip():
        return {}
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise not_json() from None
    if not isinstance(value, dict):
        raise not_json()
    for name in value:
        if name not in allowed:
            raise unknown_field(name)
    return value


def message_number(text: str) -> int:
    """A message or thread id as a number; 400 when it cannot be one."""
    if not re.fullmatch(r"[0-9a-fA-F]{1,16}", text) or int(text, 16) >= 2**63:
        raise bad_request("Invalid id value")
    return int(text, 16)


def strings(body: Json, name: str, most: int) -> list[str]:
    """A list of strings from a body; 400 when it is something else or too long."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid_value(name, "TYPE_STRING", str(value)[:100])
    if len(value) > most:
        raise bad_request(f"Too many values in {name}: at most {most}")
    return value


def require_message(connection: sqlite3.Connection, account: int, number: int) -> sqlite3.Row:
    """The stored row of a message; 404 when there is none."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM messages WHERE account = ? AND id = ?", (account, number)
    ).fetchone()
    if row is None:
        raise not_found()
    return row


def _typed(name: str, value: str, param: Param) -> Any:
    snake = re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), name)
    if param.kind == "enum" and value not in param.choices:
        raise invalid_value(snake, "TYPE_ENUM", value)
    if param.kind == "boolean":
        if value.lower() not in {"true", "false", "1", "0", ""}:
            raise invalid_value(snake, "TYPE_BOOL", value)
        return value.lower() in {"true", "1", ""}
    if param.kind in {"integer", "uint64"}:
        most = param.maximum if param.kind == "integer" else 2**64 - 1
        if not re.fullmatch(r"[0-9]{1,20}", value) or int(value) > most:
            raise invalid_value(snake, f"TYPE_UINT{32 if param.kind == 'integer' else 64}", value)
        return int(value)
    return value
