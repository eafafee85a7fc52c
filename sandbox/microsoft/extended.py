"""Extended properties of one value: what an app writes beside a message, and finds it by.

https://learn.microsoft.com/en-us/graph/api/resources/extended-properties-overview
"""

import re
import sqlite3
from typing import Any

from sandbox.microsoft.errors import GraphError, bad_option, bad_request

Json = dict[str, Any]
NAME = "singleValueExtendedProperties"
IDENTITY = re.compile(
    r"(?i)(string|integer|boolean|systemtime)\s+(?:(\{[0-9a-f-]{36}\})\s+(name|id)\s+(\S.*)"
    r"|(0x[0-9a-f]{4}))"
)
ANY = re.compile(
    rf"(?i)\s*{NAME}/any\(\s*(\w+)\s*:\s*\1/id\s+eq\s+'((?:[^']|'')*)'\s+and\s+\1/value\s+eq\s+"
    r"'((?:[^']|'')*)'\s*\)"
)
EXPANDED = re.compile(rf"(?i){NAME}\s*\(\s*\$?filter\s*=\s*id\s+eq\s+'((?:[^']|'')*)'\s*\)")
WITH = (
    "EXISTS (SELECT 1 FROM properties p WHERE p.account = m.account AND p.message = m.id"
    " AND p.id = ? AND p.value = ?)"
)


def canonical(text: str) -> str:
    """An id in its one form: the name keeps its case; 400 for what is none."""
    match = IDENTITY.fullmatch(text.strip())
    if match is None:
        message = f"The extended property id '{text[:80]}' is invalid."
        raise GraphError(400, "ErrorInvalidRequest", message)
    kind = match[1].capitalize()
    if match[5]:
        return f"{kind} {match[5].lower()}"
    return f"{kind} {match[2].lower()} {match[3].capitalize()} {match[4]}"


def keep(connection: sqlite3.Connection, account: int, number: int, given: Any) -> None:
    """Write down what a message is created or changed with."""
    for one in given or []:
        if not isinstance(one, dict) or not isinstance(one.get("value"), str):
            raise bad_request("An extended property has id and value.")
        connection.execute(
            "INSERT OR REPLACE INTO properties VALUES (?, ?, ?, ?)",
            (account, number, canonical(str(one.get("id", ""))), one["value"]),
        )


def of(connection: sqlite3.Connection, account: int, number: int) -> list[Json]:
    """All of a message."""
    rows = connection.execute(
        "SELECT id, value FROM properties WHERE account = ? AND message = ?", (account, number)
    )
    return [dict(row) for row in rows]


def read_expand(text: str) -> str:
    """The property an $expand asks for; 400 unless it names one."""
    match = EXPANDED.fullmatch(text.strip())
    if match is None:
        raise bad_option(f"Syntax error in '{text[:60]}'.")
    return canonical(match[1].replace("''", "'"))


def read_any(match: re.Match[str]) -> tuple[str, str]:
    """The id and the value a filter asks for."""
    return canonical(match[2].replace("''", "'")), match[3].replace("''", "'")
