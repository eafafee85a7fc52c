"""Reads real mail from disk: mbox (also gzipped), Maildir, folders of .eml, single .eml files.

Nothing is kept in memory but the message at hand, and a broken message comes out as the bytes it
is: judging mail is not the reader's work.
"""

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.errors import MessageError
from email.header import Header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import IO

from sandbox.world.shapes import Delivery

START = datetime(2000, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
BOUNDARY = re.compile(rb"From (?:- |\S.*\d{1,2}:\d{2}|MAILER-DAEMON)")
QUOTED = re.compile(rb"^>+From ")
LINE = 1 << 16
MAILDIR = ("new", "cur")


class LoadError(Exception):
    """The file or folder cannot be read as mail; the message says which and why."""


def read(path: Path) -> Iterator[bytes]:
    """Every message under `path` as raw bytes, in the order of the file or of the file names.

    Raises LoadError if there is nothing at `path`, or if a gzip file is cut off or damaged (what
    could be read has been yielded by then).
    """
    if not path.exists():
        raise LoadError(f"there is nothing at {path}")
    if path.is_dir():
        yield from folder(path)
    elif is_mbox(path):
        yield from mbox(path)
    else:
        yield path.read_bytes()


def folder(path: Path) -> Iterator[bytes]:
    """A Maildir, or whatever mail lies in the folder and the folders below it."""
    if is_maildir(path):
        for name in MAILDIR:
            for file in sorted((path / name).iterdir() if (path / name).is_dir() else ()):
                if file.is_file():
                    yield file.read_bytes()
    for entry in sorted(path.iterdir()):
        if entry.is_dir() and not (is_maildir(path) and entry.name in {*MAILDIR, "tmp"}):
            yield from folder(entry)
        elif entry.is_file() and (entry.suffix.lower() == ".eml" or is_mbox(entry)):
            yield from read(entry)


def is_maildir(path: Path) -> bool:
    """Whether the folder is a Maildir; sub-folders of one are Maildirs themselves."""
    return (path / "cur").is_dir()


def is_mbox(path: Path) -> bool:
    """Whether the file is an mbox: by its name, or because it begins as one."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".mbox", ".mbx")):
        return True
    if name.endswith(".eml") or path.name.lower().endswith(".gz"):
        return False
    with path.open("rb") as file:
        return BOUNDARY.match(file.readline(LINE)) is not None


def mbox(path: Path) -> Iterator[bytes]:
    """The messages of an mbox file, gzipped or not."""
    with path.open("rb") as plain:
        if plain.peek(2)[:2] != b"\x1f\x8b":
            yield from split(plain)
            return
    with gzip.open(path, "rb") as packed:
        try:
            yield from split(packed)
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            raise LoadError(f"{path} is damaged: {error}") from error


def split(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    """Cuts an mbox at its "From " lines and takes back the escape (mboxrd, and mboxo likewise).

    A "From " line counts only at the start of the file or after an empty line, and only if it looks
    like an envelope, so that a sentence that begins with "From" does not cut a message in two.
    """
    message: list[bytes] = []
    begun, blank, fresh = False, True, True
    for line in iter(lambda: file.readline(LINE), b""):
        if fresh and blank and BOUNDARY.match(line):
            if begun:
                yield finished(message)
            message, begun = [], True
        elif begun or line.strip():
            begun = True
            message.append(line[1:] if fresh and QUOTED.match(line) else line)
        blank, fresh = fresh and line in {b"\n", b"\r\n"}, line.endswith(b"\n")
    if begun:
        yield finished(message)


def finished(lines: list[bytes]) -> bytes:
    """The message without the empty line that parts it from the next."""
    if lines and lines[-1] in {b"\n", b"\r\n"}:
        lines = lines[:-1]
    return b"".join(lines)


def deliveries(path: Path, mailbox: str) -> Iterator[Delivery]:
    """The same as deliveries into `mailbox`.

    Received when the topmost Received header says so, else the Date header; a message with neither
    comes one second after the one before it. SENT if it is from `mailbox`, else INBOX.
    """
    last = START
    for raw in read(path):
        head = headers(raw)
        last = moment(head) or last + timedelta(seconds=1)
        labels = ("SENT",) if sent_by(head, mailbox) else ("INBOX",)
        yield Delivery(mailbox, raw, labels, last, frozenset({"loaded"}))


def headers(raw: bytes) -> Message:
    """The header block; an empty one if the parser gives up."""
    try:
        return BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    except (MessageError, ValueError, LookupError, RecursionError):
        return Message()


def moment(head: Message) -> datetime | None:
    """When the message was received, or at least sent; None if no header says so credibly."""
    stamps = [str(line).rpartition(";")[2] for line in head.get_all("Received", [])[:1]]
    stamps += [str(line) for line in head.get_all("Date", [])[:1]]
    return next((when for stamp in stamps if (when := instant(stamp)) is not None), None)


def instant(stamp: str) -> datetime | None:
    """A date header as a moment in UTC; None if it is none or lies outside the age of mail."""
    try:
        when = parsedate_to_datetime(stamp.strip())
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return when if EARLIEST <= when < LATEST else None


def sent_by(head: Message, mailbox: str) -> bool:
    """Whether the From header names the mailbox."""
    lines = [str(line) if isinstance(line, Header) else line for line in head.get_all("From", [])]
    try:
        found = getaddresses(lines)
    except (TypeError, ValueError, IndexError):
        return False
    return any(address.lower() == mailbox.lower() for _, address in found)
