"""Making stored messages as short as a policy lets them be: as if they came now.

The caller holds the store for what changes something, and says how far it came.
"""

from mailweave.kit import sql
from mailweave.mail.models import Message

QUERIES = sql.load("mailweave.mail", "narrowing")


def measure_bodies(body: str) -> tuple[int, int]:
    """How many messages hold more text than this, and about how many bytes that is."""
    ((count, size),) = sql.run(QUERIES["measure_bodies"], wider=_wider_than(body))
    return int(count), int(size)


def count_parts() -> int:
    """How many messages have attachments that are named."""
    return int(sql.run(QUERIES["count_parts"])[0][0])


def shorten(body: str, *, after: int, limit: int) -> tuple[list[int], int]:
    """Keep no more than ``body`` of the next messages after one; their ids, and bytes freed."""
    wider = _wider_than(body)
    ids = [
        pk for (pk,) in sql.run(QUERIES["next_bodies"], wider=wider, position=after, limit=limit)
    ]
    if not ids:
        return [], 0
    ((freed,),) = sql.run(QUERIES["size_of_bodies"], messages=ids)
    for name in ("narrow_bodies", "narrow_messages", "narrow_words"):
        sql.run(QUERIES[name], messages=ids, kept=body)
    return ids, int(freed)


def forget_parts(*, after: int, limit: int) -> list[int]:
    """Keep only the number of the attachments of the next messages after one; their ids."""
    ids = [pk for (pk,) in sql.run(QUERIES["next_parts"], position=after, limit=limit)]
    sql.run(QUERIES["drop_parts"], messages=ids)
    sql.run(QUERIES["mark_parts"], messages=ids)
    return ids


def _wider_than(body: str) -> list[str]:
    """How much more than this messages may hold."""
    order = list(Message.Kept.values)
    return order[: order.index(body)]
