"""Inside a workspace one sees its rows and writes its rows; outside, none."""

import pytest
from django.db import DatabaseError, connection, transaction

from mailweave.kit import scope
from mailweave.mail.models import Address, Thread
from mailweave.people.models import Membership
from tests.makers import make_member

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]


def test_outside_nothing_can_be_asked() -> None:
    with pytest.raises(scope.OutsideWorkspaceError):
        scope.current()
    with pytest.raises(scope.OutsideWorkspaceError):
        Address.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM mail_address")
        assert cursor.fetchone() == (0,)


def test_rows_of_others_are_neither_seen_nor_touched() -> None:
    mine, theirs = make_member().workspace_id, make_member().workspace_id
    with scope.workspace(theirs):
        row = Address.objects.create(address="a@b.example")
    with scope.workspace(mine), connection.cursor() as cursor:
        assert Address.objects.count() == 0
        for query in (
            "SELECT 1 FROM mail_address",
            "UPDATE mail_address SET name = 'x'",
            "DELETE FROM mail_address",
        ):
            cursor.execute(query)
            assert cursor.rowcount == 0
    with scope.workspace(theirs):
        assert Address.objects.get() == row


def test_nobody_writes_for_others() -> None:
    mine, theirs = make_member().workspace_id, make_member().workspace_id
    with pytest.raises(DatabaseError, match="row-level security"), scope.workspace(mine):
        Thread.objects.create(workspace_id=theirs)


def test_nothing_points_into_another_workspace() -> None:
    mine, theirs = make_member().workspace_id, make_member().workspace_id
    with scope.workspace(theirs):
        thread = Thread.objects.create()
    with (
        pytest.raises(DatabaseError, match="foreign key"),
        scope.workspace(mine),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO mail_threadkey (workspace_id, key, thread_id) VALUES (%s, 1, %s)",
            [mine, thread.pk],
        )


def write_and_fail(workspace_id: int) -> None:
    with scope.workspace(workspace_id):
        Address.objects.create(address="a@b.example")
        raise ZeroDivisionError


def test_leaving_ends_it_even_after_an_error() -> None:
    workspace_id = make_member().workspace_id
    with pytest.raises(ZeroDivisionError):
        write_and_fail(workspace_id)
    with pytest.raises(scope.OutsideWorkspaceError):
        scope.current()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('mailweave.workspace_id', true)")
        assert cursor.fetchone()[0] in {"", None}
    with scope.workspace(workspace_id):
        assert Address.objects.count() == 0, "what failed is rolled back"


def test_one_workspace_is_the_outermost_transaction() -> None:
    workspace_id = make_member().workspace_id
    with (
        scope.workspace(workspace_id),
        pytest.raises(RuntimeError),
        scope.workspace(workspace_id),
    ):
        pass
    with transaction.atomic(), pytest.raises(RuntimeError), scope.workspace(workspace_id):
        pass


def test_a_user_finds_their_own_memberships() -> None:
    member, other = make_member(), make_member()
    with scope.user(member.user_id), connection.cursor() as cursor:
        cursor.execute(f"SELECT workspace_id, user_id FROM {Membership._meta.db_table}")
        assert cursor.fetchall() == [(member.workspace_id, member.user_id)]
    assert other.user_id != member.user_id
