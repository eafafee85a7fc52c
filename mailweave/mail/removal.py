"""Taking mail out of the archive: copies that a rule left out afterwards, and what only they held.

A message stays as long as one copy of it does, in whichever mailbox.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from mailweave.kit import scope, sql
from mailweave.mail import threads

QUERIES = sql.load("mailweave.mail", "removal")


@dataclass(frozen=True, slots=True)
class Removed:
    """What went: messages and their bytes. ``thread_ids`` are those that are left with less, and
    want their links and lists derived anew."""

    messages: int = 0
    freed: int = 0
    thread_ids: tuple[int, ...] = ()


def remove(copy_ids: Collection[int]) -> Removed:
    """Empty these copies to their remote ids, and delete messages and threads that no copy holds.

    The caller holds the store.
    """
    with connection.cursor() as cursor:
        held = _rows(cursor, "held", copies=list(copy_ids))
        thread_ids = sorted({thread_id for _, thread_id in held if thread_id})
        _run(cursor, "empty", copies=list(copy_ids))
        orphans = _rows(cursor, "orphans", messages=sorted({one for one, _ in held}))
        _run(cursor, "delete_messages", messages=[one for one, _ in orphans])
        left = [row[0] for row in _rows(cursor, "prune_threads", threads=thread_ids)]
    threads.drop_emptied(left)
    return Removed(len(orphans), sum(size for _, size in orphans), tuple(left))


def forget_names(address_ids: Collection[int]) -> None:
    """What those of these are called who are on no message any more."""
    with connection.cursor() as cursor:
        _run(cursor, "forget_names", people=list(address_ids))


def _run(cursor: Any, name: str, **parameters: Any) -> None:
    cursor.execute(QUERIES[name], {"workspace": scope.current(), **parameters})


def _rows(cursor: Any, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    _run(cursor, name, **parameters)
    return list(cursor.fetchall())
