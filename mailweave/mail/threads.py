"""Threads as rows: merging them, and deriving what lists show of them."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection

from mailweave.kit import scope, sql

QUERIES = sql.load("mailweave.mail", "threads")


def merge(winners: Mapping[int, int]) -> None:
    """Move everything of some threads into others (loser -> winner) and drop the losers."""
    if not winners:
        return
    parameters: dict[str, Any] = {
        "workspace": scope.current(),
        "losers": list(winners),
        "winners": list(winners.values()),
        "threads": list(set(winners.values())),
    }
    with connection.cursor() as cursor:
        for name in (
            "move_messages",
            "move_copies",
            "settle_sharing",
            "move_remote_threads",
            "move_keys",
            "drop_threads",
        ):
            cursor.execute(QUERIES[name], parameters)


def settle_sharing(thread_ids: Collection[int]) -> None:
    """Have all copies of a thread in a mailbox say the same of how it is shared: the stricter."""
    sql.run(QUERIES["settle_sharing"], threads=list(thread_ids))


def refresh(thread_ids: Collection[int]) -> None:
    """Derive counts, dates and last messages of these threads from their messages and copies."""
    if not thread_ids:
        return
    parameters: dict[str, Any] = {"workspace": scope.current(), "threads": list(thread_ids)}
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["refresh_threads"], parameters)
        cursor.execute(QUERIES["refresh_mailboxes"], parameters)


def recount(thread_ids: Collection[int]) -> None:
    """The part of :func:`refresh` that is about what is unread, where nothing else has changed."""
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"workspace": scope.current(), "threads": list(thread_ids)}
        cursor.execute(QUERIES["recount"], parameters)


def reopen(thread_ids: Collection[int]) -> None:
    """The part of :func:`refresh` that is about mailboxes, where only doors have changed."""
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"workspace": scope.current(), "threads": list(thread_ids)}
        cursor.execute(QUERIES["refresh_mailboxes"], parameters)


def drop_emptied(thread_ids: Collection[int]) -> None:
    """Take these threads off the lists of mailboxes that hold nothing of them any more."""
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"workspace": scope.current(), "threads": list(thread_ids)}
        cursor.execute(QUERIES["drop_emptied"], parameters)


def mark_doors(doors: Mapping[int, str]) -> None:
    """Note by which doors messages are come to, joined by commas: what sharing depends on. Without
    any, a message is about no record."""
    if doors:
        asked = {"messages": list(doors), "doors": list(doors.values())}
        sql.run(QUERIES["mark_doors"], **asked)
