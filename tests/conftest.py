"""What every test gets: a database when it asks for one, and no way out of this computer."""

import fcntl
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

import pytest
from django.db import OperationalError, connection
from django.test import TransactionTestCase, override_settings
from hypothesis import settings

from tests import database

# The same examples in every run, so that a failure speaks of the change at hand.
# To look for new ones: --hypothesis-profile=search
settings.register_profile("same", derandomize=True)
settings.register_profile("search", max_examples=1000)
settings.load_profile("same")

# Playwright runs its own event loop, which Django takes for an async view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[tuple[TextIO, str | None]]:
    """Starts the server, and lets one worker migrate at a time: roles belong to the whole server.

    The first one migrates, the others copy what it has made. Tables are made as their owner; the
    tests then work as the application's role.
    """
    server = database.cluster()
    server.start()
    with (server.home / "migrating").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        role = connection.settings_dict["OPTIONS"].pop("assume_role", None)
        if database.is_migrated():
            connection.settings_dict["TEST"]["TEMPLATE"] = database.TEMPLATE
        connection.close()
        yield turn, role


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_modify_db_settings: tuple[TextIO, str | None],
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[None]:
    """The tests' database, seen as the application sees it."""
    turn, role = django_db_modify_db_settings
    if not database.is_migrated():
        with django_db_blocker.unblock():
            connection.close()
        database.copy(database.TEMPLATE, str(connection.settings_dict["NAME"]))
    fcntl.flock(turn, fcntl.LOCK_UN)
    _work_as(role, django_db_blocker)
    yield
    _work_as(None, django_db_blocker)


def _work_as(role: str | None, blocker: Any) -> None:
    options = connection.settings_dict["OPTIONS"]
    options.pop("assume_role", None)
    if role:
        options["assume_role"] = role
    with blocker.unblock():
        connection.close()


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_by_their_owner() -> Iterator[None]:
    """Tests with real transactions end by emptying all tables, which the application may not."""

    def emptied(self: TransactionTestCase) -> None:
        del self
        role = connection.settings_dict["OPTIONS"].get("assume_role")
        with connection.cursor() as cursor:
            if role:
                cursor.execute("RESET ROLE")
            _empty(cursor)
            cursor.execute("SELECT pg_advisory_unlock_all()")
            if role:  # a new connection would take it as well, and learn all tables anew
                cursor.execute(f"SET ROLE {role}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptied)
        yield


_KEPT = ("django_migrations", "django_content_type", "auth_permission")


def _empty(cursor: Any) -> None:
    """Delete the rows of the few tables that have some: ten times as quick as emptying them all.

    Without triggers, so that the order does not matter.
    """
    cursor.execute(
        "SELECT quote_ident(tablename) FROM pg_tables"
        " WHERE schemaname = 'public' AND NOT tablename = ANY(%s)",
        [list(_KEPT)],
    )
    tables = [name for (name,) in cursor.fetchall()]
    asked = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
    cursor.execute(" UNION ALL ".join(asked))
    emptied = "".join(f"DELETE FROM {name};" for (name,) in cursor.fetchall())
    whole = f"SET session_replication_role = replica; {emptied} RESET session_replication_role"
    try:
        cursor.execute(whole)
    except OperationalError:  # a page that is about to be closed was asking still
        cursor.execute(whole)


@pytest.fixture(autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashing a password as in life takes as long as a whole test."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


class NetworkForbidden(RuntimeError):
    """A test tried to leave this computer."""


def _refuse(address: object) -> NoReturn:
    raise NetworkForbidden(f"tests may not connect to {address!r}")


def _is_local(host: object) -> bool:
    if host in {None, "", "localhost"} or str(host).endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _stay_on_this_computer() -> Iterator[None]:
    """Connections lead to loopback or to a file, and names are not looked up."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def checked(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_local(address[0]):
            _refuse(address)
        connect(self, address)

    def checked_ex(self: socket.socket, address: Any) -> int:
        if self.family != socket.AF_UNIX and not _is_local(address[0]):
            _refuse(address)
        return connect_ex(self, address)

    def known_only(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        try:
            literal = name is None or bool(ipaddress.ip_address(name.partition("%")[0]))
        except ValueError:
            literal = False
        if not literal and not _is_local(name):
            raise socket.gaierror(socket.EAI_NONAME, f"tests look up no names ({name})")
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked)
        patch.setattr(socket.socket, "connect_ex", checked_ex)
        patch.setattr(socket, "getaddrinfo", known_only)
        yield


@pytest.fixture
def real_mail() -> Path:
    """The mail given by `script/test --mail PATH`; without it the test is skipped."""
    given = os.environ.get("MAILWEAVE_TEST_MAIL")
    if not given:
        pytest.skip("no mail given by --mail")
    return Path(given)
