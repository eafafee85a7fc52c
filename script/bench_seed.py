"""A large archive for benches, made inside the database by a few big statements.

One workspace with five sevenths of the mail in 25 mailboxes, five smaller ones beside it, so that
what a query should not touch is there to be touched.
"""

import random
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import zstandard

from mailweave.kit import sql
from mailweave.kit.sql import NAME

PER_THREAD = 2.23
SHARINGS = ["full"] * 20 + ["subject", "subject", "metadata", "private", "private"]
ROOM = 10_000_000  # ids of one workspace
CHUNK = 20_000
SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnpqrstvwxz" for vowel in "aeiou"]


@dataclass(frozen=True)
class Place:
    """A workspace to fill."""

    workspace: int
    number: int
    messages: int
    box_ids: list[int]
    box_addresses: list[str]
    people: int | None = None
    """How many write from outside; as many as such an archive has, unless told."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements ask for."""
        return {
            "workspace": self.workspace,
            "base": self.number * ROOM,
            "threads": round(self.messages / PER_THREAD),
            "people": self.people or max(200, min(40_000, self.messages // 12)),
            "boxes": len(self.box_ids),
            "box_ids": self.box_ids,
            "box_addresses": self.box_addresses,
            "now": datetime.now(UTC),
        }


def statements() -> dict[str, str]:
    """The seed's statements by name."""
    text = Path(__file__).with_suffix(".sql").read_text()
    pieces = NAME.split(text)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def word(rank: int) -> str:
    """The word of a rank from 30 to 30,000, as the statements make it."""
    picks = (rank % 100, rank // 100 % 100, rank // 10_000 * 37 % 100)
    return "".join(SYLLABLES[pick] for pick in picks) + "n"


def seed(url: str, places: list[Place]) -> None:
    """Fill the workspaces, two at a time, and let PostgreSQL know what it has."""
    known = statements()
    with connect(url) as owner:
        owner.execute(known["words"].encode())
        indexes = owner.execute(known["indexes"], {}).fetchall()
        for name, _ in indexes:
            owner.execute(f"DROP INDEX {name}".encode())
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda place: _fill(url, place, known), places))
        _say("indexes")
        list(pool.map(lambda index: _run(url, index[1]), sorted(indexes, key=_size)))
        list(pool.map(lambda place: _derive(url, place), places))
    _say("statistics")
    with connect(url) as owner:
        owner.execute("VACUUM ANALYZE")
        owner.execute(known["counters"], {})


def sizes(url: str) -> list[tuple[str, int, int, int]]:
    """(table, rows, bytes, bytes of indexes) of the largest tables."""
    with connect(url) as owner:
        return owner.execute(statements()["sizes"], {}).fetchall()  # type: ignore[return-value]


def connect(url: str) -> psycopg.Connection:
    """A connection of the tables' owner, out of the way of triggers where it may be."""
    owner = psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor)
    owner.execute("SET maintenance_work_mem = '512MB'")
    owner.execute("SET work_mem = '256MB'")
    try:
        owner.execute("SET session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege:
        print("  (not a superuser: references are checked row by row, which takes longer)")
    return owner


def _fill(url: str, place: Place, known: dict[str, str]) -> None:
    random.seed(place.number)
    with connect(url) as owner:
        owner.execute(
            "SELECT set_config('mailweave.workspace_id', %s::text, false)", [place.workspace]
        )
        owner.execute("SELECT setseed(%s)", [place.number / 10 % 1])
        parameters = {**place.parameters, "html": _pages(64), "headers": _headers(64)}
        for name in ("people", "contacts", "talks", "messages", "search_rows", "links"):
            for statement in re.split(r";\n", known[name].strip().rstrip(";")):
                owner.execute(statement, parameters)
        _say(f"workspace {place.number}: {place.messages:,} messages")


def _derive(url: str, place: Place) -> None:
    """What lists and panels read."""
    refresh = sql.load("mailweave.mail", "threads")["refresh_mailboxes"]
    records = statements()["thread_records"]
    first = place.parameters["base"] + 1
    last = first + place.parameters["threads"]
    with connect(url) as owner:
        owner.execute(
            "SELECT set_config('mailweave.workspace_id', %s::text, false)", [place.workspace]
        )
        for start in range(first, last, CHUNK):
            ids = list(range(start, min(start + CHUNK, last)))
            for query in (refresh, records):
                owner.execute(query, {"workspace": place.workspace, "threads": ids})


def _run(url: str, statement: str) -> None:
    with connect(url) as owner:
        owner.execute(statement.encode())


def _size(index: tuple[str, str]) -> bool:
    """The text index first: it takes longest."""
    return "gin" not in index[1]


def _pages(count: int) -> list[bytes]:
    """Compressed HTML of mails, eight kilobytes each before."""
    packed = zstandard.ZstdCompressor(level=3)
    style = '<p class="MsoNormal"><span lang="EN-GB" style="mso-fareast-language:EN-US">'
    return [
        packed.compress("".join(f"{style}{one}</span></p>" for one in _lines(60)).encode())
        for _ in range(count)
    ]


def _headers(count: int) -> list[bytes]:
    packed = zstandard.ZstdCompressor(level=3)
    return [
        packed.compress(
            "\n".join(f"X-Trace-{i}: {one}" for i, one in enumerate(_lines(25))).encode()
        )
        for _ in range(count)
    ]


def _lines(count: int) -> Iterator[str]:
    for _ in range(count):
        yield " ".join(f"{random.getrandbits(28):x}" for _ in range(6))


_began = time.monotonic()


def _say(what: str) -> None:
    print(f"  {time.monotonic() - _began:6.0f} s  {what}", flush=True)
