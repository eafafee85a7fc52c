"""Making stored messages as short as a policy lets them be: as if they came now.

The caller holds the store for what changes something, and says how far it came.
"""

from typing import Any

from django.db import connection

from mailweave.kit import scope, sql
from mailweave.mail.models import Message

QUERIES = sql.load("mailweave.mail", "narrowing")


def measure_bodies(body: str) -> tuple[int, int]:
    """How many messages hold more text than this, and about how many bytes that is."""
    ((count, size),) = _rows("measure_bodies", wider=_wider_than(body))
    return int(count), int(size)


def count_parts() -> int:
    """How many messages have attachments that are named."""
    return int(_rows("count_parts")[0][0])


def shorten(body: str, *, after: int, limit: int) -> tuple[list[int], int]:
    """Keep no more than ``body`` of the next messages after one; their ids, and bytes freed."""
    wider = _wider_than(body)
    ids = [pk for (pk,) in _rows("next_bodies", wider=wider, position=after, limit=limit)]
    if not ids:
        return [], 0
    ((freed,),) = _rows("size_of_bodies", messages=ids)
    for name in ("narrow_bodies", "narrow_messages", "narrow_words"):
        _run(name, messages=ids, kept=body)
    return ids, int(freed)


def forget_parts(*, after: int, limit: int) -> list[int]:
    """Keep only the number of the attachments of the next messages after one; their ids."""
    ids = [pk for (pk,) in _rows("next_parts", position=after, limit=limit)]
    _run("drop_parts", messages=ids)
    _run("mark_parts", messages=ids)
    return ids


def _wider_than(body: str) -> list[str]:
    """How much more than this messages may hold."""
    order = list(Message.Kept.values)
    return order[: order.index(body)]


def _run(name: str, **parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name], {"workspace": scope.current(), **parameters})


def _rows(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name], {"workspace": scope.current(), **parameters})
        return list(cursor.fetchall())
