"""Waking workers: nudges collapse, alarms do not multiply, and both roll back with their cause."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from mailweave.kit import jobs

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]
LATER = datetime(2199, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def waiting() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args, scheduled_at FROM procrastinate_jobs ORDER BY id")
        return list(cursor.fetchall())


def test_nudges_for_the_same_thing_are_one() -> None:
    for number in (1, 1, 2, 1):
        jobs.nudge("sync.advance", workspace_id=1, sync_id=number)
    assert [one[0] for one in waiting()] == ["sync.advance"] * 2


def test_alarms_for_the_same_time_are_one() -> None:
    for seconds in (0, 0, 60, 0):
        jobs.nudge("sync.advance", at=LATER + timedelta(seconds=seconds), sync_id=1)
    assert [one[2] for one in waiting()] == [LATER, LATER + timedelta(seconds=60)]


def test_an_alarm_does_not_swallow_a_nudge() -> None:
    jobs.nudge("sync.advance", at=LATER, sync_id=1)
    jobs.nudge("sync.advance", sync_id=1)
    jobs.nudge("sync.advance", at=LATER, sync_id=1)
    assert [one[2] for one in waiting()] == [LATER, None]


def test_a_nudge_is_rolled_back_with_what_it_is_about() -> None:
    with transaction.atomic():
        jobs.nudge("sync.advance", sync_id=1)
        transaction.set_rollback(True)
    assert waiting() == []


def test_a_second_nudge_does_not_end_the_transaction() -> None:
    with transaction.atomic():
        jobs.nudge("sync.advance", sync_id=1)
        jobs.nudge("sync.advance", sync_id=1)
        assert len(waiting()) == 1
