"""When something last happened to a record: its mail, or what people wrote down of it; where there
is neither, a change of the record.

Everybody who may see the record sees this moment, so mail that lies in private mailboxes only does
not count.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from mailweave.kit import clock, sql
from mailweave.linking.models import Activity
from mailweave.mail import store

QUERIES = sql.load("mailweave.linking", "activity")


def touch(kind: str, record_ids: Collection[int]) -> None:
    """These records were made or changed just now."""
    store.hold()  # before any row: arriving mail writes the same ones
    at = clock.now()
    Activity.objects.bulk_create(
        [Activity(kind=kind, record_id=pk, changed_at=at) for pk in sorted(record_ids)],
        update_conflicts=True,
        unique_fields=["workspace_id", "kind", "record_id"],
        update_fields=["changed_at"],
    )


def enter(newest: Mapping[tuple[str, int], datetime | None]) -> None:
    """By (kind, id), when something was last written down of a record: now, or never (None)."""
    store.hold()
    Activity.objects.bulk_create(
        [
            Activity(kind=kind, record_id=pk, entry_at=at)
            for (kind, pk), at in sorted(newest.items())
        ],
        update_conflicts=True,
        unique_fields=["workspace_id", "kind", "record_id"],
        update_fields=["entry_at"],
    )


def forget(kind: str, record_id: int) -> None:
    """The record is no more."""
    Activity.objects.filter(kind=kind, record_id=record_id).delete()


def refresh(thread_ids: Collection[int], lost: Collection[tuple[str, int]] = ()) -> None:
    """Bring the records of these threads up to date, and those that ``lost`` mail of a thread.

    The caller holds the store.
    """
    sql.run(
        QUERIES["refresh"],
        threads=list(thread_ids),
        kinds=[kind for kind, _ in lost],
        records=[pk for _, pk in lost],
    )
