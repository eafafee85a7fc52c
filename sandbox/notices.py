"""Notices on their way out: kept until somebody has taken them, and spoiled where a switch says so.

Which notices there are, each company knows for itself; when they go out, the postman.
"""

import random
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sandbox.faults import Fault
from sandbox.state import Sandbox

Json = dict[str, Any]
KEPT = 300
"""Deliveries that are remembered, to be looked at."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. ``told`` by whom: a subscription's id, or whose mailbox is watched."""

    company: str
    teller: str
    mailbox: str
    what: str
    """created, updated, deleted; an event of a lifecycle; or a position in a history."""
    url: str
    body: Json
    number: int = 0
    made: float = 0.0
    tries: int = 0


class WithdrawnError(Exception):
    """Nobody is to be told any more."""


def put(sandbox: Sandbox, connection: sqlite3.Connection, notices: Sequence[Notice]) -> None:
    """Write down what has to go out, as the switches leave it."""
    now = sandbox.clock.time()
    rows = [row for notice in _ordered(sandbox, notices) for row in _rows(sandbox, notice, now)]
    connection.executemany(
        "INSERT INTO notices (company, teller, mailbox, what, url, body, made, due, tries)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        rows,
    )


def due(sandbox: Sandbox, most: int) -> list[Notice]:
    """What goes out now, the oldest first."""
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT * FROM notices WHERE due <= ? ORDER BY due, id LIMIT ?",
            (sandbox.clock.time(), most),
        ).fetchall()
    return [
        Notice(row["company"], row["teller"], row["mailbox"], row["what"], row["url"],
               msgspec.json.decode(row["body"]), row["id"], row["made"], row["tries"])
        for row in rows
    ]  # fmt: skip


def settle(sandbox: Sandbox, sent: Sequence[Notice], answer: str, again_at: float | None) -> None:
    """What became of notices that went out together: over, or tried again at that moment."""
    with sandbox.db.write() as connection:
        numbers = [(one.number,) for one in sent]
        if again_at is None:
            connection.executemany("DELETE FROM notices WHERE id = ?", numbers)
        else:
            connection.executemany(
                "UPDATE notices SET due = ?, tries = tries + 1 WHERE id = ?",
                [(again_at, *number) for number in numbers],
            )
        _remember(sandbox, connection, sent, answer)


def withdraw(connection: sqlite3.Connection, teller: str) -> None:
    """Nothing more goes out for this subscription or watch."""
    connection.execute("DELETE FROM notices WHERE teller = ?", (teller,))


def waiting(sandbox: Sandbox) -> int:
    """How many notices have not been taken yet."""
    with sandbox.db.read() as connection:
        return int(connection.execute("SELECT COUNT(*) FROM notices").fetchone()[0])


def deliveries(sandbox: Sandbox, most: int = 20) -> list[Json]:
    """What went out last, the newest first."""
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT * FROM deliveries ORDER BY id DESC LIMIT ?", (most,)
        ).fetchall()
    return [dict(row) for row in rows]


def _remember(
    sandbox: Sandbox, connection: sqlite3.Connection, sent: Sequence[Notice], answer: str
) -> None:
    first = sent[0]
    names = {"whose": {one.mailbox for one in sent}, "what": {one.what for one in sent}}
    whose, what = (", ".join(sorted(found))[:200] for found in names.values())
    row = connection.execute(
        "INSERT INTO deliveries (at, company, mailbox, what, url, count, tries, answer)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (sandbox.clock.time(), first.company, whose, what, first.url, len(sent), first.tries + 1,
         answer),
    ).fetchone()  # fmt: skip
    connection.execute("DELETE FROM deliveries WHERE id <= ?", (row["id"] - KEPT,))


def _ordered(sandbox: Sandbox, notices: Sequence[Notice]) -> Iterable[Notice]:
    if notices and _fault(sandbox, notices[0], "notice_disorder"):
        return reversed(notices)
    return notices


def _rows(sandbox: Sandbox, notice: Notice, now: float) -> list[tuple[Any, ...]]:
    """None if it is lost, two if it goes out twice."""
    lost = _fault(sandbox, notice, "notice_lost")
    if lost and random.random() < float(lost.options.get("share", 1)):
        return []
    late = _fault(sandbox, notice, "notice_late")
    at = now + (float(late.options.get("seconds", 30)) if late else 0.0)
    row = (notice.company, notice.teller, notice.mailbox, notice.what, notice.url,
           msgspec.json.encode(notice.body), now, at)  # fmt: skip
    return [row, row] if _fault(sandbox, notice, "notice_twice") else [row]


def _fault(sandbox: Sandbox, notice: Notice, kind: str) -> Fault | None:
    path = urlsplit(notice.url).path
    return sandbox.faults.take(frozenset({kind}), path, notice.mailbox)


def forged(sandbox: Sandbox, notice: Notice) -> Fault | None:
    """A switch that wants this notice to be none of the company's."""
    return _fault(sandbox, notice, "notice_forged")


def changed(notice: Notice, **body: Any) -> Notice:
    """The same with something else in it; None takes a word out."""
    made = {key: value for key, value in (notice.body | body).items() if value is not None}
    return replace(notice, body=made)
