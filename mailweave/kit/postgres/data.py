"""The data directory: made whole or not at all, checked, and its log kept short."""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from mailweave.kit.postgres.account import Account, account_for
from mailweave.kit.postgres.binaries import Binaries
from mailweave.kit.postgres.errors import PostgresError, WrongVersion

PGDATA = "pgdata"
ELSEWHERE = Path("/var/lib/mailweave")
LOG_LIMIT = 8_000_000  # bytes; the newest eighth is kept when it is passed
DEFAULTS = """
# What Mailweave chose for a small host. Yours to change.
shared_buffers = 128MB
max_connections = 100
jit = off
# Pages go into the log whole after each checkpoint; squeezing them costs more CPU than it saves.
wal_compression = off
checkpoint_timeout = 15min
max_wal_size = 2GB
random_page_cost = 1.1
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
# Mail must not leak into the log by way of statements and keys that failed.
log_error_verbosity = terse
log_min_error_statement = panic
"""


def reachable_home(wanted: Path) -> Path:
    """`wanted`, or a place under /var/lib of its own if the server's user cannot reach `wanted`.

    That happens when root keeps a checkout in its own closed home. The same wish leads to the same
    place every time, and data once made elsewhere stays in use there.
    """
    wanted = wanted.absolute().resolve()
    elsewhere = ELSEWHERE / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    if (elsewhere / PGDATA).exists():
        return elsewhere
    account = account_for(wanted / PGDATA)
    there = next(folder for folder in (wanted, *wanted.parents) if folder.exists())
    # a home that root owns is opened by make_home; what lies above it is not ours to open
    above = wanted.parent if there == wanted else there
    if not account.step_down or account.may_enter(above):
        return wanted
    return elsewhere


def make_home(home: Path, account: Account) -> None:
    """The directory that holds data and log; the server's user may pass through, no more."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        if account.step_down:
            folder.chmod(0o711)
    home.chmod(0o711 if account.step_down else 0o700)
    if account.step_down and not account.may_enter(home):
        raise PostgresError(
            f"The database runs as user '{account.name}', who cannot enter {home}: "
            f"{_closed_to_others(home)} is closed to others. Keep the data elsewhere, "
            "for example under /var/lib, or run as a user other than root."
        )


def _closed_to_others(home: Path) -> Path:
    above = (folder for folder in reversed(home.parents) if not folder.stat().st_mode & 0o001)
    return next(above, home)


def make_data(pgdata: Path, binaries: Binaries, account: Account) -> None:
    """Runs initdb beside the final place and renames: an initdb cut short leaves no half data."""
    fresh = pgdata.with_name("pgdata.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    answer = account.run(
        binaries.program("initdb"),
        *("--pgdata", fresh, "--username", "postgres", "--auth", "trust"),
        *("--encoding", "UTF8", *_collation(binaries.major)),
    )
    if answer.returncode != 0:
        raise PostgresError(f"initdb failed: {answer.stderr.strip() or answer.stdout.strip()}")
    with (fresh / "postgresql.conf").open("a") as settings:
        settings.write(DEFAULTS)
    fresh.rename(pgdata)


def _collation(major: int) -> list[str]:
    """Unicode letters, code-point order: alike on every host and every version."""
    locale = "C.UTF-8" if sys.platform.startswith("linux") else "C"
    chosen = ["--locale", locale]
    if major >= 17:
        chosen += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    return chosen


def check_data(pgdata: Path, binaries: Binaries, account: Account) -> None:
    """Raises WrongVersion or PostgresError unless these programs can serve this data."""
    try:
        written = (pgdata / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise PostgresError(f"{pgdata} holds no PostgreSQL data.") from None
    if written != str(binaries.major):
        raise WrongVersion(
            f"The data in {pgdata} was written by PostgreSQL {written}, but PostgreSQL "
            f"{binaries.major} was found in {binaries.directory}. Name the directory of PostgreSQL "
            f"{written}'s programs in MAILWEAVE_PG_BIN, or dump with the old and restore "
            "with the new."
        )
    if account.step_down and pgdata.stat().st_uid == 0:
        account.own_tree(pgdata)  # restored by root from a copy


def open_log(log: Path) -> int:
    """A handle that appends to the log, shortened first if it has grown too long."""
    handle = os.open(log, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    size = os.fstat(handle).st_size
    if size > LOG_LIMIT:
        kept = os.pread(handle, LOG_LIMIT // 8, size - LOG_LIMIT // 8)
        os.ftruncate(handle, 0)  # a running server appends, so it goes on at the new end
        os.write(handle, kept.partition(b"\n")[2])
    return handle
