"""Under which operating-system user the server runs. PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mailweave.kit.postgres.errors import PostgresError

FALLBACKS = ("postgres", "nobody")
# Nothing of the caller's PG* variables or locale may reach the server.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system user, and whether we must step down to it."""

    uid: int
    gid: int
    name: str
    step_down: bool

    def own(self, path: Path) -> None:
        """Hands a file or directory to this user, when we are root."""
        if self.step_down:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, top: Path) -> None:
        """Hands over a directory with all that is in it."""
        self.own(top)
        for folder, folders, files in os.walk(top):
            for name in (*folders, *files):
                self.own(Path(folder, name))

    def run(self, *argv: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command as this user and returns what it said. Raises OSError if it cannot run."""
        return subprocess.run(  # noqa: S603 - our own command lines, no shell
            [str(arg) for arg in argv],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            user=self.uid if self.step_down else None,
            group=self.gid if self.step_down else None,
            extra_groups=[] if self.step_down else None,
        )

    def launch(
        self, argv: list[str], *, cwd: Path, output: int, extra: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Starts a server as this user in a session of its own, so that Ctrl-C does not hit it."""
        return subprocess.Popen(  # noqa: S603 - our own command lines, no shell
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env={**ENVIRONMENT, **extra},
            start_new_session=True,
            user=self.uid if self.step_down else None,
            group=self.gid if self.step_down else None,
            extra_groups=[] if self.step_down else None,
        )

    def may_enter(self, directory: Path) -> bool:
        """Whether this user can reach the directory: tried, not computed from mode bits."""
        return self.run("/bin/sh", "-c", 'cd -- "$1"', "sh", directory).returncode == 0


def account_for(pgdata: Path) -> Account:
    """The user who owns the data, or who shall own it. Data once written keeps its owner.

    Raises PostgresError when the data belongs to somebody else and we are not root.
    """
    owner = pgdata.stat().st_uid if pgdata.exists() else None
    ours = os.geteuid()
    if ours == 0:
        return _named(owner) if owner else _fallback()
    if owner not in (None, ours):
        raise PostgresError(f"{pgdata} belongs to another user (uid {owner}); run as that user.")
    return Account(ours, os.getegid(), str(ours), step_down=False)


def _named(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(uid, uid, str(uid), step_down=True)
    return Account(uid, entry.pw_gid, entry.pw_name, step_down=True)


def _fallback() -> Account:
    for name in FALLBACKS:
        try:
            return _named(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise PostgresError(
        "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'. "
        "Create one with: useradd --system postgres"
    )
