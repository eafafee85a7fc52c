"""Copies that wait to be fetched: the durable list every reading of a mailbox goes through.

Backfill, changes and reconciling all put what they heard of here; one step fetches from it.
New mail has a place below zero and goes first, whatever the backfill does.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from mailweave.kit import clock, sql
from mailweave.providers.base import Listed, StateChange

QUERIES = sql.load("mailweave.sync", "listing")
NEARBY = 4
"""How many times as many as are asked for are looked through for the rest of their threads."""

NEW_BELOW = 0
EVERYTHING_BELOW = 2**62


def add(
    mailbox_id: int, listed: Sequence[Listed], *, place: int, listing: int = 0, again: bool = True
) -> int:
    """Put messages on the list, in their order, unless they are here already.

    Returns how many were put. ``again`` also takes up those once left out or gone.
    """
    if not listed:
        return 0
    rows = sql.run(
        QUERIES["add"],
        mailbox=mailbox_id,
        remote_ids=[one.remote_id for one in listed],
        remote_threads=[one.remote_thread_id for one in listed],
        received=[one.received_at for one in listed],
        place=place,
        listing=listing,
        again=again,
        now=clock.now(),
    )
    return len(rows)


def add_new(mailbox_id: int, listed: Sequence[Listed], *, again: bool = True) -> int:
    """Put new mail on the list, before everything of a backfill."""
    start = -(2**53) + int(clock.now().timestamp() * 1000) * 1000
    return add(mailbox_id, listed, place=start, again=again)


def next_batch(
    mailbox_id: int, *, below: int, limit: int, whole_threads: bool = False
) -> list[Listed]:
    """The next messages to fetch: ``limit``; with ``whole_threads`` also their rest nearby."""
    nearby = NEARBY * limit if whole_threads else limit
    rows = sql.run(QUERIES["next"], mailbox=mailbox_id, below=below, limit=limit, nearby=nearby)
    return [Listed(*row) for row in rows]


def mark(mailbox_id: int, remote_ids: Collection[str], listing: int) -> None:
    """Note that reconciling listing number ``listing`` named these."""
    sql.run(
        QUERIES["mark_listed"], mailbox=mailbox_id, remote_ids=list(remote_ids), listing=listing
    )


def unlisted(
    mailbox_id: int,
    listing: int,
    since: datetime | None,
    limit: int,
    *,
    before: datetime | None = None,
) -> list[Listed]:
    """Stored copies that listing number ``listing`` did not name, and that were known ``before``.

    Without ``before`` it does not matter when they became known.
    """
    asked = {"mailbox": mailbox_id, "listing": listing, "since": since, "before": before}
    return [Listed(*row) for row in sql.run(QUERIES["unlisted"], **asked, limit=limit)]


def leave_out(mailbox_id: int, left_out: Sequence[tuple[str, str, datetime]]) -> None:
    """Note which copies (remote id, reason, when received) a rule leaves out."""
    sql.run(
        QUERIES["leave_out"],
        mailbox=mailbox_id,
        remote_ids=[one[0] for one in left_out],
        reasons=[one[1][:500] for one in left_out],
        received=[one[2] for one in left_out],
        now=clock.now(),
    )


def change(mailbox_id: int, changes: Sequence[StateChange]) -> set[int]:
    """Take over the state of stored copies as the provider says it; returns their threads.

    What it tells of is there: doubts about it end.
    """
    if not changes:
        return set()
    rows = sql.run(
        QUERIES["change"],
        mailbox=mailbox_id,
        remote_ids=[one.remote_id for one in changes],
        folders=["\x1f".join(one.folder_ids) for one in changes],
        seen=[one.seen for one in changes],
        flagged=[one.flagged for one in changes],
        now=clock.now(),
    )
    keep(mailbox_id, [one.remote_id for one in changes])
    return {row[0] for row in rows}


def keep(mailbox_id: int, remote_ids: Collection[str] | None = None) -> None:
    """Where people marked some of these (default: any) and the provider has not been told yet,
    let copies show the mark again: its word was just written into them.

    The rule is in :mod:`mailweave.sync.marks`. Before threads are refreshed.
    """
    every = remote_ids is None
    sql.run(QUERIES["keep"], mailbox=mailbox_id, remote_ids=list(remote_ids or ()), all=every)


def doubt(mailbox_id: int, remote_ids: Collection[str], *, again: bool = False) -> None:
    """Note that the provider does not show these stored copies any more; ``again``: as of now."""
    sql.run(
        QUERIES["doubt"],
        mailbox=mailbox_id,
        remote_ids=list(remote_ids),
        now=clock.now(),
        again=again,
    )


def lose(mailbox_id: int, remote_ids: Collection[str], states: Collection[str]) -> set[int]:
    """Write that copies in these states are gone; returns the threads they were in."""
    rows = sql.run(
        QUERIES["lose"],
        mailbox=mailbox_id,
        remote_ids=list(remote_ids),
        states=list(states),
        now=clock.now(),
    )
    return {row[0] for row in rows if row[0]}


def set_unseen(mailbox_id: int, unseen: Iterable[str]) -> set[int]:
    """Make exactly these copies of a mailbox unread; returns the threads that changed."""
    touched = {
        row[0] for row in sql.run(QUERIES["unseen"], mailbox=mailbox_id, unseen=list(unseen))
    }
    keep(mailbox_id)
    return touched


def set_flagged(mailbox_id: int, flagged: Iterable[str]) -> None:
    """Make exactly these copies of a mailbox flagged."""
    sql.run(QUERIES["flagged"], mailbox=mailbox_id, flagged=list(flagged))
