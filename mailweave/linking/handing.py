"""Mail handed to plug-ins that want to read it: rows until it is read, in the order received.

Nothing of a plug-in runs while mail is stored: a row is written in that transaction, and a worker
told to look. A plug-in says at start-up, in its ``linkables``, who reads: :func:`register`. Taken
out of the settings, what waits for it goes on waiting.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction

from mailweave.kit import clock, jobs, live, scope, sql
from mailweave.linking.models import Handed, Watch
from mailweave.mail import store

log = logging.getLogger(__name__)
QUERIES = sql.load("mailweave.linking", "handing")
TRIES = 3
PAUSE = timedelta(seconds=20)
SLICE = timedelta(seconds=5)

Read = Callable[[Handed], None]
"""Reads one message, in a transaction of its own that deletes the row as well."""

_readers: dict[str, Read] = {}
_notes: dict[str, str] = {}


def register(reader: str, read: Read, notes: str = "") -> None:
    """Let ``read`` have what is handed to ``reader``, a word: the first of its kinds of record.

    ``notes`` is the table in whose ``message_id`` it notes mail it still needs, which is kept for
    that, whatever it is about. Raises ValueError if the reader is taken.
    """
    if reader in _readers:
        raise ValueError(f"{reader} reads already")
    _readers[reader] = read
    if notes:
        _notes[reader] = notes


def noted() -> list[str]:
    """The tables in which readers note mail they still need."""
    return sorted(_notes.values())


def watch(reader: str, mailbox_id: int, since: datetime) -> None:
    """Hand ``reader`` what a mailbox receives from a moment on; one that is watched already is from
    the earlier of the two."""
    store.hold()  # mail that is being stored now is handed, or was there before
    row, made = Watch.objects.get_or_create(
        reader=reader, mailbox_id=mailbox_id, defaults={"since": since}
    )
    if not made and since < row.since:
        Watch.objects.filter(pk=row.pk).update(since=since)


def unwatch(reader: str, mailbox_id: int) -> None:
    """Hand it nothing more of that mailbox; what waits is still read."""
    store.hold()
    Watch.objects.filter(reader=reader, mailbox_id=mailbox_id).delete()


def hand(mailbox_id: int, message_ids: Collection[int]) -> None:
    """Hand on messages that are new in a mailbox, where somebody wants them, as part of the
    transaction that stored and linked them.

    That is what is received in a mailbox that a reader watches since a moment before, and, in any
    mailbox, mail of threads that have something to do with the reader's records. One statement. A
    message waits once for each reader; one that comes to a second mailbox after it was read is
    handed on again.
    """
    if not message_ids:
        return
    given = {"mailbox": mailbox_id, "messages": list(message_ids)}
    if sql.run(QUERIES["hand"], now=clock.now(), **given):
        wake()


def wake() -> None:
    """Ask a worker to let everybody read what waits."""
    jobs.nudge("linking.read", workspace_id=scope.current())


def work(workspace_id: int, *, limit: timedelta = SLICE) -> None:
    """Let everybody read what waits for them, in the order received, each message in a transaction
    of its own; what fails is tried again later, and nothing waits for that."""
    until = clock.now() + limit
    for reader, read in _readers.items():
        while step(workspace_id, reader, read):
            if clock.now() >= until:
                with scope.workspace(workspace_id):
                    wake()
                return


def step(workspace_id: int, reader: str, read: Read) -> bool:
    """One message; says whether there was one. Workers take turns."""
    with scope.workspace(workspace_id):
        store.hold()
        rows = Handed.objects.filter(reader=reader, stuck=False, due_at__lte=clock.now())
        row = rows.order_by("received_at", "pk").first()
        if row is None:
            return False
        try:
            with transaction.atomic():
                read(row)
                Handed.objects.filter(pk=row.pk).delete()
        except (OperationalError, InterfaceError):
            raise  # the database, not the message
        except Exception as error:  # noqa: BLE001 - one bad message never stops the others
            _put_off(row, error)
        live.tell(f"{reader}-mail")
    return True


def stuck(reader: str) -> list[Handed]:
    """What could not be read, newest first."""
    rows = Handed.objects.filter(reader=reader, stuck=True).select_related("message", "mailbox")
    return list(rows.order_by("-received_at", "-pk")[:200])


def retry(reader: str) -> int:
    """Try everything again that could not be read; says how many messages that are."""
    rows = Handed.objects.filter(reader=reader, stuck=True)
    count = rows.update(stuck=False, tries=0, reason="", due_at=clock.now())
    if count:
        wake()
    return count


def _put_off(row: Handed, error: Exception) -> None:
    """Names only: the error's text may hold what people wrote."""
    name = type(error).__name__
    log.error("message %s could not be read by %s: %s", row.message_id, row.reader, name)
    tries = row.tries + 1
    Handed.objects.filter(pk=row.pk).update(
        tries=tries,
        stuck=tries >= TRIES,
        reason=f"It could not be read ({name}).",
        due_at=clock.now() + PAUSE * tries,
    )
