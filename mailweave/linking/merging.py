"""Records that become one: their mail, and what people decided about it, goes to the survivor."""

import json
from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from mailweave.kit import sql
from mailweave.linking import relinking
from mailweave.mail import store

QUERIES = sql.load("mailweave.linking", "merging")
Snapshot = list[dict[str, Any]]
"""Links as they were."""


def merge(kind: str, from_ids: Sequence[int], into_id: int, into_kind: str = "") -> None:
    """Give the addresses, companions, links and decisions of some records to another, in this
    transaction.

    ``into_kind`` is for a record that becomes one of another kind. Where people decided, the
    survivor's own decision stands; else "not this" outweighs "this", the newer the older; acts of
    linking by hand can no longer be undone. What threads inherit is worked out anew. The caller
    holds all the records (``select_for_update``).
    """
    store.hold()  # before any row: mail that is being stored now is linked before us, or after
    given = {"kind": kind, "records": list(from_ids)}
    target = {"into_kind": into_kind or kind, "into": into_id}
    concerned = sql.run(QUERIES["concerned"], **given)
    sql.run(QUERIES["decide"], **given, **target)
    sql.run(QUERIES["carry"], **given, **target)
    sql.run(QUERIES["drop_links"], **given)
    sql.run(QUERIES["drop_ways_back"], **given)
    sql.run(QUERIES["carry_addresses"], **given, **target)
    sql.run(QUERIES["drop_addresses"], **given)
    sql.run(QUERIES["carry_companions"], **given, **target)
    sql.run(QUERIES["drop_companions"], **given)
    relinking.relink([thread_id for (thread_id,) in concerned])


def remember(kind: str, from_id: int, into_id: int) -> Snapshot:
    """The links of two records to all mail that the first has to do with, for :func:`part`. Ask
    before they are merged."""
    found = sql.run(QUERIES["remember"], kind=kind, record=from_id, into=into_id)
    links: Snapshot = json.loads(found[0][0])
    return links


def part(kind: str, from_id: int, into_id: int, before: Snapshot) -> None:
    """Link mail to two records, which were one for a while, as it was before; both addresses and
    companions of theirs are for the caller, who holds the records."""
    store.hold()
    messages = sorted({one["message_id"] for one in before})
    given = {"kind": kind, "records": [from_id, into_id], "messages": messages}
    sql.run(QUERIES["clear"], **given)
    sql.run(QUERIES["put_back"], before=Jsonb(before), **given)
    relinking.relink([pk for (pk,) in sql.run(QUERIES["threads"], messages=messages)])
