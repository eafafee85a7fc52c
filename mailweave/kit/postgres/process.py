"""Whether the server that a data directory speaks of is really alive."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mailweave.kit.postgres.errors import PostgresError

PROC = Path("/proc")
ZOMBIE = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says of the server that wrote it."""

    pid: int
    socket_directory: Path | None


def recorded(pgdata: Path) -> Postmaster | None:
    """The server the data directory speaks of, alive or not; None if it speaks of none.

    Raises PostgresError if the directory is somebody else's.
    """
    try:
        lines = (pgdata / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise PostgresError(f"{pgdata} belongs to another user; run as that user.") from None
    try:
        pid = int(lines[0])
    except (IndexError, ValueError):
        return None
    socket = lines[4].strip() if len(lines) > 4 else ""
    return Postmaster(pid, Path(socket) if socket else None)


def living(pgdata: Path) -> Postmaster | None:
    """The server that serves this directory now.

    A process number proves nothing: the number may belong to a dead process nobody has collected
    (a container whose first process never does), or to a stranger after a reboot. So it counts
    only if the process is no zombie and was started with this directory on its command line.
    """
    server = recorded(pgdata)
    if server is None:
        return None
    state, arguments = describe(server.pid)
    if not state or state in ZOMBIE:
        return None
    return server if f" {pgdata} " in f" {arguments} " else None


def describe(pid: int) -> tuple[str, str]:
    """State letter and command line of a process; empty strings if there is none."""
    if (PROC / "self").exists():
        return _from_proc(pid)
    return _from_ps(pid)


def _from_proc(pid: int) -> tuple[str, str]:
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
        arguments = (PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    # "pid (name) state ...", and a name may hold spaces and brackets
    state = stat.rpartition(")")[2].split()[0]
    return state, arguments.replace(b"\0", b" ").decode(errors="surrogateescape")


def _from_ps(pid: int) -> tuple[str, str]:
    """For systems without /proc, such as macOS."""
    ps = shutil.which("ps") or "/bin/ps"
    answer = subprocess.run(  # noqa: S603 - our own command line, no shell
        [ps, "-ww", "-o", "stat=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
    state, _, arguments = answer.stdout.strip().partition(" ")
    return state[:1], arguments.strip()
