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
    imagine(thread_ids, policy.current(), policy.hidden())
    with connection.cursor() as cursor:
        _run(cursor, "drop_links")
        _run(cursor, "write_links")
    derive(thread_ids)


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
    asked = {**matching.parameters(), **policy.parameters(hidden)}
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["tables"])
        _run(cursor, "consider", threads=list(set(thread_ids)), **asked)
        for name in _steps(matching):
            _run(cursor, name, **asked)


def derive(thread_ids: Collection[int]) -> None:
    """Bring the rows derived from links up to date for these threads."""
    given = list(thread_ids)
    with connection.cursor() as cursor:
        _run(cursor, "doors_in_threads", threads=given)
        changed = dict(cursor.fetchall())
        _run(cursor, "drop_thread_records", threads=given)
        lost = cursor.fetchall()
        _run(cursor, "derive_thread_records", threads=given)
    threads.mark_doors(changed)
    threads.refresh(given)
    unlinked.derive(given)
    activity.refresh(given, lost)


def _steps(matching: Matching) -> list[str]:
    steps = ["by_hand", "by_address"]
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
    query = QUERIES[name].replace("{outsider: m.id}", policy.outsider("m.id"))
    cursor.execute(query, {"workspace": scope.current(), **parameters})
