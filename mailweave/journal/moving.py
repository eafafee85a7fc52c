"""Records that become one: what was written down of them goes to the survivor."""

from collections.abc import Collection

from mailweave.journal import entries
from mailweave.journal.entries import QUERIES, Record
from mailweave.kit import live, sql
from mailweave.mail import store


def merge(from_record: Record, into_record: Record) -> None:
    """Give all entries of a record to another one, in this transaction. The caller holds both."""
    store.hold()
    given = {"kind": from_record[0], "record": from_record[1]}
    sql.run(QUERIES["carry"], **given, into_kind=into_record[0], into=into_record[1])
    sql.run(QUERIES["drop"], **given)
    entries.refresh([into_record])
    live.tell(entries.topic(*into_record))


def part(
    from_record: Record, into_record: Record, given: Collection[int], shared: Collection[int]
) -> None:
    """Give these entries back to a record that was part of another for a while; the other keeps
    those that are ``shared``."""
    store.hold()
    kind, pk = from_record
    sql.run(QUERIES["give_back"], kind=kind, record=pk, entries=list(given))
    kind, pk = into_record
    gone = sorted(set(given) - set(shared))
    sql.run(QUERIES["take_away"], kind=kind, record=pk, entries=gone)
    entries.refresh([from_record, into_record])
    live.tell(entries.topic(*from_record), entries.topic(*into_record))
