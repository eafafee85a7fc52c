"""The tests' own PostgreSQL, known before Django reads its settings, started when first needed.

Loaded by `-p tests.database` (see pyproject.toml), so run the tests with `python -m pytest`.
One server serves all workers of a run; each has its own database on it. MAILWEAVE_TEST_PG chooses
the programs: nothing for the wheel's, `debian` for Debian's PostgreSQL 15, or a directory.
"""

import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from mailweave.kit.postgres import Cluster

HOME = "MAILWEAVE_TEST_HOME"  # set by the process that owns the server, inherited by its workers
PREFIX = "mailweave-test-"
TEMPLATE = "mailweave_migrated"
DEBIAN = Path("/usr/lib/postgresql/15/bin")


def cluster() -> Cluster:
    """This run's server; starting it again where it runs costs nothing."""
    chosen = os.environ.get("MAILWEAVE_TEST_PG", "")
    programs = DEBIAN if chosen == "debian" else Path(chosen) if chosen else None
    return Cluster(Path(os.environ[HOME], "postgres"), binaries=programs, throwaway=True)


def fewer(many: int) -> int:
    """So many examples of one rule: a quarter of them where another PostgreSQL is tried besides.

    Each says the same SQL, and ours has answered all of them.
    """
    return max(1, many // 4) if os.environ.get("MAILWEAVE_TEST_PG") else many


def is_migrated() -> bool:
    """Whether a database with all tables stands ready to be copied, which takes no time."""
    with psycopg.connect(cluster().url(), autocommit=True) as owner:
        found = owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        return found.fetchone() is not None


def copy(name: str, template: str = TEMPLATE) -> str:
    """Make a database like the ``template``, to which nobody is connected; returns its URL."""
    with psycopg.connect(cluster().url(), autocommit=True) as owner:
        owner.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return cluster().url(name)


def _claim() -> bool:
    """Makes this run's home and points Django at it. False in a worker: it has them already."""
    if HOME in os.environ:
        return False
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    home.chmod(0o711)  # the server may run as another user
    os.environ[HOME] = str(home)
    os.environ["MAILWEAVE_DATA"] = str(home / "data")
    os.environ["MAILWEAVE_DB_POOL"] = "off"  # the tests' database changes its name and its role
    os.environ["DATABASE_URL"] = cluster().url("mailweave")
    return True


def _sweep() -> None:
    """Removes what runs that were killed have left: nobody else will stop their servers."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = home.name.removeprefix(PREFIX).partition("-")[0]
        if home.stat().st_uid == os.geteuid() and not Path(f"/proc/{owner}").exists():
            Cluster(home / "postgres", throwaway=True).remove()
            shutil.rmtree(home, ignore_errors=True)


# At import, since pytest-django reads the settings before it asks any other plugin.
OWNER = _claim()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Ends the server with the run."""
    if OWNER:
        cluster().remove()
        shutil.rmtree(os.environ.pop(HOME), ignore_errors=True)
