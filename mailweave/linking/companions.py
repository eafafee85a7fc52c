"""The companions of records: what mail about one of them is about as well, as modules tell us."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailweave.linking import relinking
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


def set_all(kind: str, given: Mapping[int, Sequence[Companion]]) -> None:
    """Make these all the companions of records of a kind, by number.

    Stored mail about the records is linked anew in the caller's transaction, or soon where it is
    much (see :mod:`linking.relinking`). The caller
    holds its own records (``select_for_update``), so that two changes of one do not mix. The same
    companion by the same rule counts once: the last mention.
    """
    store.hold()
    wanted = {(pk, one.rule, one.kind, one.record_id): one for pk in given for one in given[pk]}
    rows = Row.objects.filter(kind=kind, record_id__in=list(given))
    before = {(row.record_id, row.rule, row.to_kind, row.to_record_id): row for row in rows}
    gone = {key: row.pk for key, row in before.items() if key not in wanted}
    fresh = {
        key: one
        for key, one in wanted.items()
        if key not in before or (before[key].since, before[key].until) != (one.since, one.until)
    }
    if gone:
        Row.objects.filter(pk__in=list(gone.values())).delete()
    if fresh:
        _write(kind, [(key[0], one) for key, one in fresh.items()])
    if gone or fresh:
        relinking.relink(threads_about(kind, {key[0] for key in (*gone, *fresh)}))


def threads_about(kind: str, record_ids: Collection[int]) -> Collection[int]:
    """The threads with mail that is linked to one of these records."""
    rows = ThreadRecord.objects.filter(kind=kind, record_id__in=record_ids)
    return set(rows.values_list("thread_id", flat=True))


def _write(kind: str, given: Sequence[tuple[int, Companion]]) -> None:
    Row.objects.bulk_create(
        [
            Row(
                kind=kind,
                record_id=pk,
                to_kind=one.kind,
                to_record_id=one.record_id,
                rule=one.rule,
                since=one.since,
                until=one.until,
            )
            for pk, one in given
        ],
        update_conflicts=True,
        unique_fields=["workspace_id", "kind", "record_id", "to_kind", "to_record_id", "rule"],
        update_fields=["since", "until"],
    )
