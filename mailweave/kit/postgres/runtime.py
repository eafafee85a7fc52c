"""The directory of the server's socket, and the lock that lets one process at a time start it.

Why "trust" is safe for whoever reaches the socket: the server opens no TCP port, and its socket
lies in a directory of mode 0700 owned by the user who runs the server. So those who can connect
are that user and root, who can read and write the data files anyhow. A password kept next to the
data would keep nobody out.
"""

import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailweave.kit.postgres.account import Account
from mailweave.kit.postgres.errors import PostgresError

PATIENCE = 120.0  # seconds another process may hold the lock


def socket_directory(pgdata: Path) -> Path:
    """Short, because a socket's path may have 107 bytes; the same for the same data every time.

    It does not follow TMPDIR or XDG_RUNTIME_DIR: every process must come to the same place.
    """
    mark = hashlib.sha256(os.fsencode(pgdata)).hexdigest()[:12]
    if os.geteuid() == 0 and Path("/run").is_dir():
        return Path(f"/run/mailweave-{mark}")
    # That nobody else made it is checked by make_private.
    return Path(f"/tmp/mailweave-{os.geteuid()}-{mark}")  # noqa: S108  # nosec B108


def make_private(directory: Path, account: Account) -> None:
    """Makes the directory for the account alone. Raises PostgresError if somebody else made it."""
    try:
        directory.mkdir(mode=0o700)
        account.own(directory)
    except FileExistsError:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
            raise PostgresError(
                f"{directory} is in the way: it is not a directory of user {account.name}. "
                "Look who made it, and remove it."
            ) from None
    directory.chmod(0o700)


@contextmanager
def alone(directory: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Holds the directory's lock: web, worker and commands may all start the server at once.

    The kernel drops the lock with the process, however that ends. Raises PostgresError when
    somebody else keeps it longer than `patience` seconds.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + patience
        while not _locked(handle):
            if time.monotonic() > deadline:
                raise PostgresError(f"Another process has been starting {directory} for too long.")
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
