"""Leases: one holder, freed by death or by time, and fenced."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection

from mailweave.kit import clock, http, lease, scope
from mailweave.mail.models import Mailbox
from mailweave.sync.models import Sync
from tests.makers import make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sql]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Row:
    """A row to lease, in a workspace of its own."""

    def __init__(self) -> None:
        member = make_member()
        self.workspace_id = member.workspace_id
        with scope.workspace(self.workspace_id):
            box = Mailbox.objects.create(
                kind="gmail", owner_id=member.user_id, address="a@b.example", remote_account_id="1"
            )
            self.pk = Sync.objects.create(mailbox_id=box.pk).pk

    def take(self) -> str | None:
        with scope.workspace(self.workspace_id):
            return lease.take(Sync.objects.all(), self.pk)

    def check(self, token: str) -> None:
        with scope.workspace(self.workspace_id):
            lease.check(Sync.objects.all(), self.pk, token)

    def release(self, token: str) -> None:
        with scope.workspace(self.workspace_id):
            lease.release(Sync.objects.all(), self.pk, token)

    def locks(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
                "WHERE l.locktype = 'advisory' AND d.datname = current_database()"
            )
            return int(cursor.fetchone()[0])


@pytest.fixture
def row() -> Row:
    return Row()


@pytest.fixture
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as moving:
        yield moving


def test_one_holds_and_others_wait_until_it_is_given_back(row: Row) -> None:
    token = row.take()
    assert token
    assert row.take() is None
    row.check(token)
    row.release(token)
    assert row.locks() == 0
    again = row.take()
    assert again not in {None, token}
    row.release(str(again))


def test_what_a_dead_session_held_is_free_at_once(row: Row) -> None:
    token = row.take()
    connection.close()  # as when its process is killed
    second = row.take()
    assert second
    with pytest.raises(lease.LeaseLostError):
        row.check(str(token))
    row.release(str(token))
    assert row.take() is None, "the one that was fenced out gave back what is another's"
    row.release(second)


def test_a_holder_that_got_a_new_session_goes_on_unless_somebody_took_over(row: Row) -> None:
    token = row.take()
    connection.close()
    row.check(str(token))
    row.release(str(token))
    assert row.take()


def test_the_term_frees_what_a_silent_holder_keeps(row: Row, hands: clock.Hands) -> None:
    token = row.take()  # its session stays, as far as the database can tell
    hands.advance(lease.TERM.total_seconds() - 1)
    assert row.take() is None
    row.check(str(token))
    hands.advance(2)
    assert row.take() is None, "renewing did not count"
    hands.advance(lease.TERM.total_seconds())
    assert row.take()
    with pytest.raises(lease.LeaseLostError):
        row.check(str(token))


def test_a_term_outlasts_the_slowest_answer() -> None:
    assert lease.TERM >= 2 * http.PATIENCE
