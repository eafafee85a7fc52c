"""Telling pages: names only, heard when it commits and not otherwise."""

import json

import psycopg
import pytest
from django.db import connection, transaction

from mailweave.kit import live, scope
from tests.makers import make_member

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]


def listen() -> psycopg.Connection[tuple[object, ...]]:
    given = connection.get_connection_params()
    kept = {
        one: given[one] for one in ("dbname", "user", "password", "host", "port") if one in given
    }
    other = psycopg.connect(**kept, autocommit=True)
    other.execute(f"LISTEN {live.CHANNEL}")
    return other


def test_told_is_heard_after_the_commit_and_by_workspace() -> None:
    workspace_id = make_member().workspace_id
    with listen() as other:
        with scope.workspace(workspace_id):
            live.tell("lost")
            transaction.set_rollback(True)
        with scope.workspace(workspace_id):
            live.tell("mail", "mailbox-1", "mail")
            assert list(other.notifies(timeout=0.05)) == []
        heard = [one.payload for one in other.notifies(timeout=2, stop_after=1)]
    assert [live.hear(one) for one in heard] == [(workspace_id, ["mail", "mailbox-1"])]


def test_never_too_long_for_a_notification() -> None:
    with scope.workspace(make_member().workspace_id):
        live.tell(*[f"mailbox-{number}" for number in range(10_000)])


def test_outside_a_workspace_there_is_nobody_to_tell() -> None:
    with pytest.raises(scope.OutsideWorkspaceError):
        live.tell("mail")


@pytest.mark.parametrize("payload", ["", "x", "[]", "{}", json.dumps({"w": "x", "t": []}), "1"])
def test_what_is_not_ours_is_refused(payload: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        live.hear(payload)
