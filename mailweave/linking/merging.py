"""Records that become one: their mail, and what people decided about it, goes to the survivor."""

from collections.abc import Sequence

from mailweave.kit import sql
from mailweave.linking import relinking
from mailweave.mail import store

QUERIES = sql.load("mailweave.linking", "merging")


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
