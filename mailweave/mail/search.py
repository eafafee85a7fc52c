"""Searching mail for words, "phrases" and addresses, newest first.

A message is found by its subject, its people and its own text (quoted text is left out). What a
viewer may not read of a message does not help them find it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from mailweave.kit import sql
from mailweave.mail import cursors, rows
from mailweave.mail.cursors import Place
from mailweave.mail.inbox import EVERYTHING, Filters, address_id
from mailweave.mail.rows import Find, ThreadPage
from mailweave.mail.visibility import Viewer, read

MAX_TERMS = 24
MAX_TEXT = 400
LAST = 2**63 - 1
TERM = re.compile(r'(-?)"([^"]*)"?|(-?)([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase to look for, or (``without``) to do without."""

    text: str
    without: bool = False


def search(
    viewer: Viewer,
    text: str,
    filters: Filters = EVERYTHING,
    after: str | None = None,
    limit: int = 50,
) -> ThreadPage:
    """The threads with messages that hold all of ``text``, each at its newest such message.

    ``"several words"`` are looked for side by side, ``-word`` excludes, ``a or b`` finds either.
    A page may have fewer than ``limit`` lines, even none, and yet a ``next``: where words are in
    very much mail that is not what is looked for, each page looks through a part of it, as far as
    its ``reached`` says.
    Nothing is found by an empty text or by exclusions alone. ``filters`` narrow as in
    :func:`mailweave.mail.inbox.page`, the address being that of somebody on the message found.
    Raises ``NotFound`` for a foreign mailbox and ``Expected`` for a broken ``after``.
    """
    scope = viewer.narrow(filters.mailbox_id, own=filters.unread)
    start = cursors.parse(after)
    query, sieve = _ask_for(parse(text))
    limit = max(1, min(limit, rows.MAX_LIMIT))
    if not sieve:
        return ThreadPage((), None)
    finds = _find(viewer, scope, query, sieve, filters, start, limit + 1)
    page = rows.cut(viewer, scope, [one for one in finds if one.thread_id], limit)
    if page.next is None and finds and not finds[-1].thread_id:
        end = finds[-1].place
        return ThreadPage(page.rows, cursors.write(end), reached=end.at)
    return page


def parse(text: str) -> tuple[tuple[Term, ...], ...]:
    """What a person typed, as alternatives of terms that all must hold. Never raises."""
    clean = text.replace("\0", " ").encode(errors="ignore").decode()[:MAX_TEXT]
    alternatives: list[list[Term]] = [[]]
    for found in list(TERM.finditer(clean))[:MAX_TERMS]:
        dash, phrase, minus, word = found.groups()
        if word and word.lower() == "or":
            alternatives.append([])
        elif phrase or word:
            alternatives[-1].append(Term(phrase or word, bool(dash or minus)))
    return tuple(tuple(terms) for terms in alternatives if terms)


def _ask_for(alternatives: Sequence[Sequence[Term]]) -> tuple[str, str]:
    """The text-search query, and the same without exclusions; both empty if nothing is left.

    Words too common to look for are left out, unless there are no others.
    """
    if not alternatives:
        return "", ""
    words = [term.text for terms in alternatives for term in terms]
    ask = sql.load("mailweave.mail", "search")["ask"]
    plain = "pg_catalog.phraseto_tsquery('pg_catalog.simple', %s)"
    with connection.cursor() as cursor:
        for how in ("mail_term(%s)", plain):
            cursor.execute(ask.replace("{query}", _expression(alternatives, how)), words)
            asked, sieve = cursor.fetchone() or ("", None)
            if sieve is not None:
                return asked, "" if sieve in {"", "T"} else sieve
    return "", ""


def _expression(alternatives: Sequence[Sequence[Term]], how: str) -> str:
    """SQL that makes the query of as many parameters as there are terms."""
    return " || ".join(
        "(" + " && ".join(f"!!{how}" if term.without else how for term in terms) + ")"
        for terms in alternatives
    )


def _find(
    viewer: Viewer,
    scope: Sequence[int],
    query: str,
    sieve: str,
    filters: Filters,
    start: Place,
    limit: int,
) -> list[Find]:
    person = address_id(viewer, filters.address) if filters.address else None
    if filters.address and person is None:
        return []
    lines = read(
        sql.load("mailweave.mail", "search")["search"],
        viewer,
        query=query,
        sieve=sieve,
        scope=list(scope),
        person=person,
        unread=filters.unread,
        at=start.at,
        id=start.id,
        limit=limit,
    )
    # Without ids: how far the search came before it had enough of looking.
    return [Find(Place(at, pk or LAST), thread or 0, pk) for at, pk, thread in lines]
