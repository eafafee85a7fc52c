"""One PostgreSQL in one directory, started when needed and stopped by its owner."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from mailweave.kit.postgres import data, process, runtime
from mailweave.kit.postgres.account import Account, account_for
from mailweave.kit.postgres.binaries import Binaries, find_binaries
from mailweave.kit.postgres.errors import PostgresError, StartFailed

PORT = 5432  # names the socket file; no port is opened
RETRY = 0.25
AFTERMATH = 15.0  # seconds that processes of a killed server may take to go
RECOVERY = 300.0  # seconds a server may take to replay its log after a crash
FAREWELL = 30.0  # seconds a server may take to stop
# What a server says that cannot start yet, because a dead one's remains are still there.
REMAINS = ("still in use", "lock file")
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Handles of servers this process started. A server outlives the Cluster that started it, and a
# handle that is dropped while its process runs makes Python complain.
_started: list[subprocess.Popen[bytes]] = []


class Cluster:
    """A PostgreSQL over a Unix socket, its data under `data_dir`, on this host only.

    Any process may call `start`; the one that owns the installation (the demo, the service) calls
    `stop` when it ends. If the owner is killed, the server goes on, and the next `start` finds it.
    `throwaway` trades safety against a power cut for speed: for tests.
    """

    def __init__(
        self, data_dir: Path, *, binaries: Path | None = None, throwaway: bool = False
    ) -> None:
        self.home = data_dir.absolute().resolve()
        self.pgdata = self.home / data.PGDATA
        self.log = self.home / "postgres.log"
        self._given = binaries
        self._throwaway = throwaway

    def start(self) -> str:
        """Makes the data if there is none, starts the server, waits until it answers.

        Safe to call again and from several processes at once. Returns the URL of the maintenance
        database. Raises PostgresMissing, WrongVersion, StartFailed or PostgresError.
        """
        if self._refusal() is None:
            return self.url()
        account = account_for(self.pgdata)
        data.make_home(self.home, account)
        with runtime.alone(self.home):
            account = account_for(self.pgdata)  # another process may have made the data meanwhile
            binaries = find_binaries(self._given, account)
            if not self.pgdata.exists():
                data.make_data(self.pgdata, binaries, account)
            data.check_data(self.pgdata, binaries, account)
            self._bring_up(binaries, account)
        return self.url()

    def stop(self) -> None:
        """Stops the server, if it runs, after ending its connections; returns when it is gone."""
        if not self.home.exists():
            return
        with runtime.alone(self.home):
            for how in (signal.SIGINT, signal.SIGQUIT):
                if self._gone_after(how):
                    return
        raise PostgresError(f"The server of {self.home} does not stop.")

    def running(self) -> bool:
        """Whether a live server serves this directory."""
        return process.living(self.pgdata) is not None

    def url(self, database: str = "postgres", role: str = "postgres") -> str:
        """A URL for psycopg and Django; known before the server runs. Any role of the server may
        be named: who reaches the socket is trusted.
        """
        server = process.living(self.pgdata)
        socket = (server and server.socket_directory) or runtime.socket_directory(self.pgdata)
        place = urlencode({"host": str(socket), "port": PORT}, quote_via=quote, safe="/")
        return f"postgresql://{quote(role, safe='')}@/{quote(database, safe='')}?{place}"

    def create_database(self, name: str) -> str:
        """Makes the database unless it exists; returns its URL. The server must run."""
        with (
            runtime.alone(self.home),
            psycopg.connect(self.url(), autocommit=True) as connection,
        ):
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if known.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def trim_log(self) -> None:
        """Shortens the log if it is over its limit. Every start does; a long-lived owner calls it
        now and then, since the server itself only appends.
        """
        os.close(data.open_log(self.log))

    def remove(self) -> None:
        """Stops a throwaway server and deletes all it had. Raises PostgresError for any other."""
        if not self._throwaway:
            raise PostgresError(f"{self.home} is no throwaway; its data is not ours to delete.")
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(runtime.socket_directory(self.pgdata), ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _bring_up(self, binaries: Binaries, account: Account) -> None:
        began = time.monotonic()
        launched: subprocess.Popen[bytes] | None = None
        logged = 0
        while (refusal := self._refusal()) is not None:
            waited = time.monotonic() - began
            if self._alive(launched):
                if waited > RECOVERY:
                    raise StartFailed(f"The server runs but does not answer: {refusal}")
                time.sleep(
                    min(0.5, 0.02 + waited / 10)
                )  # each question refused is a line in the log
                continue
            if launched is not None:
                self._forgive(logged, waited)
                time.sleep(RETRY)
            logged = self.log.stat().st_size if self.log.exists() else 0
            launched = self._launch(binaries, account)

    def _alive(self, launched: subprocess.Popen[bytes] | None) -> bool:
        return (launched is not None and launched.poll() is None) or self.running()

    def _refusal(self) -> str | None:
        """None if the server answers a question, else why not."""
        if not self.running():
            return "it does not run"
        try:
            with psycopg.connect(self.url(), connect_timeout=5) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            return str(error)
        return None

    def _forgive(self, logged: int, waited: float) -> None:
        """Lets a failed launch pass if only the remains of a killed server were in its way."""
        with self.log.open("rb") as log:
            log.seek(logged)
            words = log.read(20_000).decode(errors="replace").strip()
        if waited > AFTERMATH or not any(sign in words for sign in REMAINS):
            raise StartFailed(f"PostgreSQL did not start in {self.home}. It said:\n{words}")

    def _launch(self, binaries: Binaries, account: Account) -> subprocess.Popen[bytes]:
        socket = runtime.socket_directory(self.pgdata)
        runtime.make_private(socket, account)
        output = data.open_log(self.log)
        try:
            server = account.launch(
                [str(binaries.program("postgres")), "-D", str(self.pgdata), *self._options(socket)],
                cwd=Path("/"),
                output=output,
                extra=self._discount_dead_server(),
            )
        finally:
            os.close(output)
        _collect()
        _started.append(server)
        return server

    def _options(self, socket: Path) -> list[str]:
        """Settings that are not the user's to change, since safety hangs on them."""
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(socket),
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
            "log_destination": "stderr",
            "lc_messages": "C",  # _forgive reads them
            **(THROWAWAY if self._throwaway else {}),
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _discount_dead_server(self) -> dict[str, str]:
        """Tells the server that the process in a left-over `postmaster.pid` is not its rival.

        PostgreSQL takes any process of that number for a live server, also a zombie or a stranger.
        It makes an exception for its grandparent, named in this variable; we looked (`living`), so
        we name it. Unlike deleting the file this keeps PostgreSQL's own second check, that no
        process is still attached to the old server's shared memory.
        """
        dead = process.recorded(self.pgdata)
        return {"PG_GRANDPARENT_PID": str(dead.pid)} if dead else {}

    def _gone_after(self, how: signal.Signals) -> bool:
        server = process.living(self.pgdata)
        if server is None:
            _collect()
            return True
        os.kill(server.pid, how)
        deadline = time.monotonic() + FAREWELL
        while self.running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        _collect(server.pid)
        return True


def _collect(pid: int | None = None) -> None:
    """Drop the handles of servers that have ended.

    One that takes its number back is about to end: the handle with that ``pid`` is waited for.
    """
    for known in _started:
        if known.pid == pid:
            with suppress(subprocess.TimeoutExpired):
                known.wait(FAREWELL)
    _started[:] = [known for known in _started if known.poll() is None]
