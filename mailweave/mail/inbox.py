"""Lists of threads, newest first, at any depth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mailweave.kit import sql
from mailweave.mail import cursors, rows
from mailweave.mail.cursors import Place
from mailweave.mail.rows import Find, ThreadPage
from mailweave.mail.visibility import Viewer, compose, read


@dataclass(frozen=True, slots=True)
class Filters:
    """Which threads a list holds.

    ``address`` is normalised; it may take part in any role. ``unread`` means unread in a mailbox
    of the viewer's own. ``thread_ids`` asks for certain threads only.
    """

    mailbox_id: int | None = None
    address: str | None = None
    unread: bool = False
    thread_ids: tuple[int, ...] | None = None


EVERYTHING = Filters()
SHOWS = {
    "own": "",
    "shared": "AND {open: tm} AND tm.sharing IS DISTINCT FROM 0",
    "opened": "AND {open: tm} AND tm.sharing > 0",
    "capped": "AND tm.sharing IS DISTINCT FROM 0",
}
"""Which threads mailboxes show, by how they are the viewer's; each has an index of its own."""


def page(
    viewer: Viewer, filters: Filters = EVERYTHING, after: str | None = None, limit: int = 50
) -> ThreadPage:
    """One page of threads, each once, at its newest place in the mailboxes the list is made of.

    With an address, a thread's place is its newest visible message that names it. Raises
    ``NotFound`` for a mailbox the viewer sees nothing of, ``Expected`` for a broken ``after``.
    """
    scope = viewer.narrow(filters.mailbox_id, own=filters.unread)
    start = cursors.parse(after)
    limit = max(1, min(limit, rows.MAX_LIMIT))
    seek = _with_address if filters.address else _newest
    return rows.cut(viewer, scope, seek(viewer, scope, filters, start, limit + 1), limit)


def address_id(viewer: Viewer, address: str) -> int | None:
    """The id of an address the workspace knows; None for any other text."""
    query = sql.load("mailweave.mail", "inbox")["address"]
    known = read(query, viewer, address=address.replace("\0", ""))
    return known[0][0] if known else None


def _newest(
    viewer: Viewer, scope: Sequence[int], filters: Filters, start: Place, limit: int
) -> list[Find]:
    passes = sql.load("mailweave.mail", "inbox")["unread"] if filters.unread else ""
    if filters.thread_ids is not None:
        passes += " AND tm.thread_id = ANY(%(threads)s::bigint[])"
    boxes = viewer.sort(scope)
    if not boxes:
        return []
    stretch = sql.load("mailweave.mail", "inbox")["stretch"]
    stretches = " UNION ALL ".join(
        stretch.replace("{boxes}", name).replace("{shows}", SHOWS[name]) for name in boxes
    )
    found = _walk(
        compose("mailweave.mail", "inbox", "newest", stretches=stretches, passes=passes),
        viewer,
        start,
        limit,
        # From each of many mailboxes only a few: together they mostly fill a page.
        batch=min(limit, max(10, 6 * limit // max(1, len(scope)))),
        **boxes,
        scope=list(scope),
        threads=list(filters.thread_ids or ()),
    )
    return [Find(place, thread_id) for place, thread_id in found]


def _with_address(
    viewer: Viewer, scope: Sequence[int], filters: Filters, start: Place, limit: int
) -> list[Find]:
    address = address_id(viewer, filters.address or "")
    if address is None:
        return []
    pieces = sql.load("mailweave.mail", "inbox")
    passes = pieces["unread_thread"] if filters.unread else ""
    if filters.thread_ids is not None:
        passes += " AND m.thread_id = ANY(%(threads)s::bigint[])"
    found = _walk(
        compose(
            "mailweave.mail",
            "inbox",
            "with_address",
            passes=passes,
            shown=pieces["shown"],
            unread=pieces["unread"],
        ),
        viewer,
        start,
        limit,
        batch=limit,
        address=address,
        scope=list(scope),
        threads=list(filters.thread_ids or ()),
    )
    return [Find(place, thread_id, place.id) for place, thread_id in found]


def _walk(
    query: str, viewer: Viewer, start: Place, limit: int, *, batch: int, **parameters: Any
) -> list[tuple[Place, int]]:
    """Asks for batches, each twice as large as the one before, until ``limit`` threads are found.

    The query's lines are (at, id, thread, horizon at, horizon id): a find, or nulls, and from where
    to go on, or nulls at the end.
    """
    found: list[tuple[Place, int]] = []
    while True:
        lines = read(
            query, viewer, at=start.at, id=start.id, batch=batch, limit=limit, **parameters
        )
        found += [(Place(at, pk), thread) for at, pk, thread, *_ in lines if pk is not None]
        *_, at, pk = lines[0]
        if len(found) >= limit or pk is None:
            return found[:limit]
        start, batch = Place(at, pk), batch * 2
