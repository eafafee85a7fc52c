"""What tests/conftest.py promises to every test."""

import os
import socket

import pytest
from django.db import connection

from mailweave.people.models import User


@pytest.mark.sql
@pytest.mark.django_db
def test_tests_work_as_the_application_does() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls, current_setting('server_version_num')::int / 10000"
            " FROM pg_roles WHERE rolname = current_user"
        )
        above_the_rules, major = cursor.fetchone()
    assert not above_the_rules
    if os.environ.get("MAILWEAVE_TEST_PG") == "debian":
        assert major == 15


@pytest.mark.sql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_real_transactions_leave_nothing_behind(turn: int) -> None:
    assert not User.objects.exists()
    User.objects.create(email="ada@weave.example")


def test_tests_stay_on_this_computer() -> None:
    with socket.socket() as outward, pytest.raises(RuntimeError, match="may not connect"):
        outward.connect(("192.0.2.1", 80))
    with socket.socket() as outward, pytest.raises(RuntimeError, match="may not connect"):
        outward.connect_ex(("192.0.2.1", 80))
    with pytest.raises(socket.gaierror, match="look up no names"):
        socket.create_connection(("weave.example", 80))
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
