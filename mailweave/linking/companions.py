"""The companions of records: what mail about one of them is about as well, as modules tell us."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailweave.linking import matching
from mailweave.linking.models import Companion as Row
from mailweave.linking.models import ThreadRecord
from mailweave.mail import store


@dataclass(frozen=True, slots=True)
class Companion:
    """A record that mail about another one is about as well.

    ``rule`` is of :class:`linking.models.Companion.Rule`. A message counts if it was sent at
    ``since`` or after it, and before ``until`` (aware); None is no bound.
    """

    kind: str
    record_id: int
    rule: str
    since: datetime | None = None
    until: datetime | None = None


def set_companions(kind: str, record_id: int, given: Sequence[Companion]) -> None:
    """Make these all the companions of a record.

    Stored mail about the record is linked anew at once, in the caller's transaction. The caller
    holds its own record (``select_for_update``), so that two changes of it do not mix. The same
    companion by the same rule counts once: the last mention.
    """
    store.hold()
    wanted = {(one.rule, one.kind, one.record_id): one for one in given}
    rows = Row.objects.filter(kind=kind, record_id=record_id)
    before = {(row.rule, row.to_kind, row.to_record_id): row for row in rows}
    gone = [row.pk for key, row in before.items() if key not in wanted]
    fresh = [
        one
        for key, one in wanted.items()
        if key not in before or (before[key].since, before[key].until) != (one.since, one.until)
    ]
    if gone:
        rows.filter(pk__in=gone).delete()
    if fresh:
        _write(kind, record_id, fresh)
    if gone or fresh:
        matching.link(threads_about(kind, record_id))


def threads_about(kind: str, record_id: int) -> Collection[int]:
    """The threads with mail that is linked to a record."""
    rows = ThreadRecord.objects.filter(kind=kind, record_id=record_id)
    return list(rows.values_list("thread_id", flat=True))


def _write(kind: str, record_id: int, given: Sequence[Companion]) -> None:
    Row.objects.bulk_create(
        [
            Row(
                kind=kind,
                record_id=record_id,
                to_kind=one.kind,
                to_record_id=one.record_id,
                rule=one.rule,
                since=one.since,
                until=one.until,
            )
            for one in given
        ],
        update_conflicts=True,
        unique_fields=["workspace_id", "kind", "record_id", "to_kind", "to_record_id", "rule"],
        update_fields=["since", "until"],
    )
