"""The mail of a record, newest first, and why each message is filed where it is."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from mailweave.kit import scope, sql
from mailweave.linking import policy
from mailweave.mail import cursors, rows
from mailweave.mail.cursors import Place
from mailweave.mail.rows import Find, ThreadPage
from mailweave.mail.visibility import Viewer, compose, read, shade

HERE = "mailweave.linking"


@dataclass(frozen=True, slots=True)
class LinkView:
    """Why a message is about a record or, by a person's decision (``linked`` false), is not.

    ``address`` is the one that matched, empty for decisions and where naming it would tell of a
    Bcc. ``made_by`` is the name of who decided, empty if nobody did. ``via`` is the (kind, id) of
    the record whose company or deal this one is, where that is the reason. ``rule`` is what a
    plug-in's rule said of it.
    """

    kind: str
    record_id: int
    reason: str
    linked: bool
    pinned: bool
    address: str
    made_by: str
    made_at: datetime
    via: tuple[str, int] | None = None
    rule: str = ""


def threads_of(
    viewer: Viewer,
    records: Sequence[tuple[str, int]],
    after: str | None = None,
    limit: int = 20,
) -> ThreadPage:
    """Threads with visible mail about any of these (kind, id) records, newest such mail first.

    Mail is about a record if a link says so, or if an address of the record takes part in it
    though it has not been linked yet; a person's pinned "not this" wins over both. Each line is
    made of the visible mail about the records only, not of the rest of the thread. Raises
    ``Expected`` for a broken ``after``.
    """
    start = cursors.parse(after)
    limit = max(1, min(limit, rows.MAX_LIMIT))
    if not records:
        return ThreadPage((), None)
    about, asked = condition(viewer, records)
    finds = _find(viewer, asked, about, start, limit + 1)
    return rows.cut(viewer, viewer.mailbox_ids, finds, limit, f"AND {about}", **asked)


def condition(viewer: Viewer, records: Sequence[tuple[str, int]]) -> tuple[str, dict[str, Any]]:
    """SQL of ours: whether a message ``m`` is about any of the records; and its parameters."""
    about = sql.load(HERE, "history")["about"].replace("{outsider}", policy.outsider("m.id"))
    return about, _parameters(viewer, records)


def reasons_for(message_ids: Collection[int]) -> Mapping[int, list[LinkView]]:
    """Every link and pinned decision of these messages, links first. One query.

    The caller has made sure that the viewer sees the messages.
    """
    found: dict[int, list[LinkView]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            shade(sql.load(HERE, "history")["reasons"]),
            {"workspace": scope.current(), "messages": list(message_ids)},
        )
        for message_id, *row in cursor:
            found[message_id].append(_view(*row))
    return dict(found)


def telling(message_ids: Collection[int]) -> set[int]:
    """Those of the messages whose reasons name every record that any of them is linked to, each
    with a reason of its own where there is one. One query, whose answer is short."""
    with connection.cursor() as cursor:
        cursor.execute(
            shade(sql.load(HERE, "history")["telling"]),
            {"workspace": scope.current(), "messages": list(message_ids)},
        )
        return {message_id for (message_id,) in cursor}


def _view(*row: Any) -> LinkView:
    kind, record_id, reason, linked, pinned, name, made_at, via_kind, via_id, rule, address = row
    via = (via_kind, via_id) if via_kind else None
    return LinkView(
        kind, record_id, reason, linked, pinned, address or "", name or "", made_at, via, rule
    )


def _parameters(viewer: Viewer, records: Sequence[tuple[str, int]]) -> dict[str, Any]:
    wanted = list(dict.fromkeys(records))
    asked: dict[str, Any] = {
        "kinds": [kind for kind, _ in wanted],
        "records": [pk for _, pk in wanted],
        **policy.current().parameters(),
        **policy.parameters(policy.hidden()),
    }
    known = read(sql.load(HERE, "history")["addresses"], viewer, **asked)
    return {**asked, "addresses": [pk for (pk,) in known]}


def _find(
    viewer: Viewer, asked: dict[str, Any], about: str, start: Place, limit: int
) -> list[Find]:
    query = compose(HERE, "history", "threads", about=about)
    batch = limit + 10
    while True:
        lines = read(query, viewer, at=start.at, id=start.id, batch=batch, limit=limit, **asked)
        finds = [Find(Place(at, pk), pk) for at, pk, _ in lines if pk is not None]
        if len(finds) >= limit or lines[0][2] is None:
            return finds
        batch *= 4
