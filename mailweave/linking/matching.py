"""Linking stored mail to records by address, set-based: a page or a million messages alike.

Three steps in order: who sent it (received mail), who it went to, and the rest of the thread.
Addresses are compared in their normalised form only; a domain never links a person. A row that
exists is never touched, so a person's pinned decision stands.
"""

from collections.abc import Collection
from typing import Any

from django.db import connection

from mailweave.kit import scope, sql
from mailweave.linking import policy
from mailweave.linking.policy import STANDARD
from mailweave.mail import store, threads

QUERIES = sql.load("mailweave.linking", "matching")


def link(message_ids: Collection[int], thread_ids: Collection[int]) -> None:
    """Link these messages, let their threads inherit, and derive what lists and panels show.

    Part of the transaction that stored them: mail is never seen unlinked because a job was late.
    """
    hidden = policy.parameters(policy.hidden())
    with connection.cursor() as cursor:
        _run(
            cursor,
            "match",
            messages=list(message_ids),
            **hidden,
            roles_in=list(STANDARD.roles_in),
            roles_out=list(STANDARD.roles_out),
            bcc=STANDARD.bcc,
        )
        if STANDARD.inherit_thread:
            _run(cursor, "inherit", threads=list(thread_ids), **hidden)
    derive(thread_ids)


def relink(address_ids: Collection[int]) -> None:
    """Match all stored mail of these addresses again, after a record gained or lost them."""
    addresses = list(address_ids)
    if not addresses:
        return
    store.hold()
    with connection.cursor() as cursor:
        _run(cursor, "drop_stale", addresses=addresses)
        freed = {row[0] for row in cursor.fetchall()}
        _run(cursor, "messages_of_addresses", addresses=addresses)
        messages = list(freed | {row[0] for row in cursor.fetchall()})
        _run(cursor, "threads_of_messages", messages=messages)
        thread_ids = [row[0] for row in cursor.fetchall()]
    link_anew(messages, thread_ids)


def rematch(message_ids: Collection[int]) -> None:
    """Match these messages as if they had just come, after what they are has changed."""
    messages = list(message_ids)
    store.hold()
    with connection.cursor() as cursor:
        _run(cursor, "drop_matched", messages=messages)
        _run(cursor, "threads_of_messages", messages=messages)
        thread_ids = [row[0] for row in cursor.fetchall()]
    link_anew(messages, thread_ids)


def link_anew(message_ids: Collection[int], thread_ids: Collection[int]) -> None:
    """Link after links went away: what threads inherited through those goes with them."""
    with connection.cursor() as cursor:
        _run(cursor, "drop_inherited", threads=list(thread_ids))
    drop(thread_ids)
    link(message_ids, thread_ids)


def derive(thread_ids: Collection[int]) -> None:
    """Bring the rows derived from links up to date for these threads."""
    given = list(thread_ids)
    with connection.cursor() as cursor:
        _run(cursor, "linked_in_threads", threads=given)
        changed = cursor.fetchall()
        _run(cursor, "derive_thread_records", threads=given)
    threads.mark_linked(
        [pk for pk, linked in changed if linked], [pk for pk, linked in changed if not linked]
    )
    threads.refresh(given)


def drop(thread_ids: Collection[int]) -> None:
    """Forget derived rows of these threads that no link stands behind any more.

    Needed after links went away; mail that arrives only ever adds.
    """
    with connection.cursor() as cursor:
        _run(cursor, "drop_thread_records", threads=list(thread_ids))


def _run(cursor: Any, name: str, **parameters: Any) -> None:
    query = QUERIES[name]
    for message in ("g.id", "n.id"):
        query = query.replace(f"{{outsider: {message}}}", policy.outsider(message))
    cursor.execute(query, {"workspace": scope.current(), **parameters})
