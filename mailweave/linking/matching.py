"""Linking stored mail to records, set-based: a page or a million messages alike.

A thread is looked at as a whole. What its messages are about follows from the mail, the addresses
and companions of records, people's decisions and the policy, and from nothing else: whoever asks
last, in whatever order things came, the links are the same.

1. What a person decided stands.
2. Addresses, in their normalised form only; a domain never links a person.
3. The conversation: an answer is about what it answers, if its writer took part there.
4. Companions: the company of whom it is about, and their deals.

Where the policy takes one record a message, that is the one a person chose; else the
conversation's (a person's choice in it, else the first of its earliest message that matches); else
the first by role (From, To, Cc, Bcc), position in the header, kind of address (primary, portal,
additional), kind of record in the order of registration, number. Its companions follow.
"""

from collections.abc import Collection
from typing import Any

from django.db import connection

from mailweave.kit import scope, sql
from mailweave.linking import activity, policy, unlinked
from mailweave.linking.policy import Matching
from mailweave.mail import store, threads
from mailweave.mail.colleagues import Own

QUERIES = sql.load("mailweave.linking", "matching") | sql.load("mailweave.linking", "would")


def link(thread_ids: Collection[int]) -> None:
    """Link all mail of these threads by the policy, and derive what lists and panels show.

    Part of the transaction that stored them: mail is never seen unlinked because a job was late.
    """
    _file(thread_ids)
    _derive(thread_ids, moved=thread_ids)


def link_again(thread_ids: Collection[int]) -> None:
    """The same for threads whose messages and copies are what they were when they were derived
    last: only what follows from links is looked at, and written where it has changed."""
    _file(thread_ids)
    _derive(thread_ids, moved=())


def threads_of(address_ids: Collection[int]) -> list[int]:
    """The threads with mail on which one of these addresses stands, in a Bcc too."""
    return _find("threads_of_addresses", addresses=list(address_ids)) if address_ids else []


def rematch(message_ids: Collection[int]) -> None:
    """Match these messages as if they had just come, after what they are has changed."""
    store.hold()
    link(_find("threads_of_messages", messages=list(message_ids)))


def imagine(thread_ids: Collection[int], matching: Matching, hidden: Own) -> None:
    """Fill the temporary table ``would`` with every link that mail of these threads would have by
    a policy, those by hand among them; ``considered`` names the messages. Nothing is linked."""
    _look(thread_ids, hidden)
    asked = {**matching.parameters(), **policy.parameters(hidden)}
    with connection.cursor() as cursor:
        for name in _steps(matching):
            _run(cursor, name, **asked)


def derive(thread_ids: Collection[int]) -> None:
    """Bring the rows derived from links up to date for these threads."""
    _look(thread_ids, Own())
    with connection.cursor() as cursor:
        _run(cursor, "as_linked")
    _derive(thread_ids, moved=thread_ids)


def _look(thread_ids: Collection[int], hidden: Own) -> None:
    """Fill the tables of the messages that are ``considered`` and of the links they have."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["tables"])
        given = list(set(thread_ids))
        _run(cursor, "consider", threads=given, **policy.parameters(hidden))
        _run(cursor, "stand")


def _file(thread_ids: Collection[int]) -> None:
    imagine(thread_ids, policy.current(), policy.hidden())
    with connection.cursor() as cursor:
        _run(cursor, "drop_links")
        _run(cursor, "write_links")


def _derive(thread_ids: Collection[int], *, moved: Collection[int]) -> None:
    """From the table ``would``, which says what is linked. What is ``moved`` has other messages or
    copies than before."""
    with connection.cursor() as cursor:
        _run(cursor, "doors")
        opened = cursor.fetchall()
        _run(cursor, "thread_records", threads=list(thread_ids))
        changed = cursor.fetchall()
    threads.mark_doors({message: doors for message, doors, _ in opened})
    threads.refresh(moved)
    threads.reopen({thread for *_, thread in opened}.difference(moved))
    unlinked.derive(thread_ids)
    activity.refresh(moved, changed)


def _steps(matching: Matching) -> list[str]:
    steps = ["involve", "by_hand", "by_address"]
    if matching.takes_first and matching.inherits:
        steps.append("lead")
    if matching.inherits:
        steps.append("by_thread")
    if matching.takes_first:
        steps.append("first")
    return [*steps, "by_companion"]


def _find(name: str, **parameters: Any) -> list[int]:
    return [pk for (pk,) in sql.run(QUERIES[name], **parameters)]


def _run(cursor: Any, name: str, **parameters: Any) -> None:
    cursor.execute(QUERIES[name], {"workspace": scope.current(), **parameters})
