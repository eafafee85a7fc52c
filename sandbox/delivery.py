"""Mail comes in: parsed once, threaded, given its ids, written with everything searches need."""

import random
import re
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from sandbox.google.payload import Rendered, render, snippet_of
from sandbox.search_words import flat

REPLY_PREFIX = re.compile(
    r"^(?:(?:re|fwd?|fw|aw|wg|antw|sv|vs|tr|rv|ref|res|enc)(?:\[\d+\])?\s*:\s*)+"
)
MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
MAX_WORDS = 40_000
NEWEST_ID_MS = 2**43 - 1


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message ready to be written."""

    raw: bytes
    rendered: Rendered
    labels: tuple[str, ...]
    date: int
    """internalDate, milliseconds."""
    arrived: int
    """When the mailbox got it, milliseconds: what its id is made of."""
    thread: int | None = None
    """A thread asked for by the caller; kept only when the headers agree."""
    number: int = 0
    """The id it has already, where it is not new."""
    certain: bool = False
    """The thread is kept whatever the headers say: it is the same message in another form."""


def pack(
    raw: bytes,
    labels: Sequence[str],
    date: int,
    mark: str,
    *,
    arrived: int | None = None,
    thread: int | None = None,
    certain: bool = False,
) -> Parcel:
    """Parse and measure, outside any transaction."""
    return Parcel(
        raw,
        render(raw, mark),
        tuple(dict.fromkeys(labels)),
        max(0, date),
        max(0, date if arrived is None else arrived),
        thread,
        certain=certain,
    )


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return int(moment.timestamp() * 1000)


def write(
    connection: sqlite3.Connection, account: int, parcel: Parcel, history_id: int
) -> tuple[int, int]:
    """Store one parcel; returns (message id, thread id)."""
    rendered = parcel.rendered
    message_id = _first_id(rendered.header("message-id"))
    subject = base_subject(rendered.header("subject"))
    number = parcel.number or _new_id(connection, account, parcel.arrived)
    thread = _thread_for(connection, account, parcel, subject) or number
    connection.execute(
        "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account,
            number,
            thread,
            parcel.date,
            history_id,
            len(parcel.raw),
            b'"attachmentId":' in rendered.payload,
            msgspec.json.encode(parcel.labels).decode(),
            snippet_of(rendered.plain),
            message_id,
            subject,
        ),
    )
    connection.executemany(
        "INSERT INTO message_labels VALUES (?, ?, ?)",
        [(account, label, number) for label in parcel.labels],
    )
    _fill(connection, account, number, parcel)
    return number, thread


def rewrite(
    connection: sqlite3.Connection, account: int, number: int, parcel: Parcel, history_id: int
) -> None:
    """Other contents for a stored message, which keeps its id, thread and labels."""
    rendered = parcel.rendered
    connection.execute(
        "UPDATE messages SET date = ?, history_id = ?, size = ?, attached = ?, snippet = ?,"
        " message_id = ?, subject = ? WHERE account = ? AND id = ?",
        (parcel.date, history_id, len(parcel.raw), b'"attachmentId":' in rendered.payload,
         snippet_of(rendered.plain), _first_id(rendered.header("message-id")),
         base_subject(rendered.header("subject")), account, number),
    )  # fmt: skip
    for table in ("contents", "words"):
        connection.execute(
            f"DELETE FROM {table} WHERE account = ? AND message = ?", (account, number)
        )
    _fill(connection, account, number, parcel)


def base_subject(subject: str) -> str:
    """The subject without its reply and forward prefixes, case and spacing."""
    return REPLY_PREFIX.sub("", " ".join(subject.lower().split()))[:300]


def _fill(connection: sqlite3.Connection, account: int, number: int, parcel: Parcel) -> None:
    rendered = parcel.rendered
    connection.execute(
        "INSERT INTO contents VALUES (?, ?, ?, ?, ?)",
        (
            account,
            number,
            zlib.compress(rendered.head, 1),
            zlib.compress(rendered.payload, 1),
            zlib.compress(parcel.raw, 1),
        ),
    )
    connection.execute(
        "INSERT INTO words VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (account, number, *_words(rendered))
    )


def _words(rendered: Rendered) -> tuple[str, ...]:
    return (
        flat(rendered.all("from")),
        flat(", ".join(rendered.all(name) for name in ("to", "cc", "bcc"))),
        flat(rendered.all("cc")),
        flat(rendered.all("bcc")),
        flat(rendered.header("subject")),
        flat(" , ".join(rendered.files)),
        flat(rendered.plain[:MAX_WORDS]),
    )


def _thread_for(
    connection: sqlite3.Connection, account: int, parcel: Parcel, subject: str
) -> int | None:
    if parcel.certain and parcel.thread is not None:
        return parcel.thread
    named = parcel.rendered.header("references") + " " + parcel.rendered.header("in-reply-to")
    wanted = list(dict.fromkeys(MESSAGE_ID.findall(named[-20_000:])))[-50:]
    if not wanted:
        return None
    marks = ",".join("?" * len(wanted))
    # Named outright: left alone, the planner prefers to walk the whole mailbox by date.
    rows = connection.execute(
        "SELECT thread, subject, date FROM messages INDEXED BY messages_by_message_id"
        f" WHERE account = ? AND message_id IN ({marks})",
        (account, *wanted),
    ).fetchall()
    newest_first = sorted(rows, key=lambda row: int(row["date"]), reverse=True)
    threads = [int(row["thread"]) for row in newest_first if row["subject"] == subject]
    if parcel.thread in threads:
        return parcel.thread
    return threads[0] if threads else None


def _first_id(value: str) -> str:
    found = MESSAGE_ID.search(value)
    return found[0] if found else ""


def _new_id(connection: sqlite3.Connection, account: int, arrived: int) -> int:
    base = min(max(1, arrived), NEWEST_ID_MS) << 20
    # A sent copy that is still to come keeps the id its draft had.
    newest = connection.execute(
        "SELECT MAX(id) FROM (SELECT id FROM messages WHERE account = ?1 UNION ALL"
        " SELECT json_extract(told, '$.number') FROM transit WHERE account = ?1 AND kind = 'copy')"
        " WHERE id >= ?2 AND id < ?3",
        (account, base, base + (1 << 20)),
    ).fetchone()[0]
    # Within one millisecond the later message still gets the higher id.
    return base | random.getrandbits(16) if newest is None else newest + random.randint(1, 99)
