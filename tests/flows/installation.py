"""A whole installation as processes of its own: sandbox, web server, worker, and their database.

A small supervisor starts again what has died, as a service manager would.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import httpx2

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENT_ID, CLIENT_SECRET = "walk.apps.example", "walk-secret"
THEIR_CLIENT_ID = "b2c1a0e4-0000-4000-8000-000000000002"
RETURNS = ("gmail/callback", "outlook/callback", "outlook/consent")
PASSWORD = "correct horse battery"
PAUSE = 0.2
PATIENCE = 60.0


class Installation:
    """The programs under one directory; leaving the block ends them."""

    def __init__(self, home: Path, *, database_url: str = "") -> None:
        self.home = home
        self.log = home / "programs.log"
        self.web = f"http://127.0.0.1:{_free_port()}"
        self.google = f"http://127.0.0.1:{_free_port()}"
        self.env = _environment(home / "data", self.web, self.google, database_url)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ending = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._out: TextIO | None = None

    def __enter__(self) -> Self:
        (self.home / "data").mkdir(mode=0o755, exist_ok=True)
        self._out = self.log.open("w")
        self.manage("prepare")
        for name in self._programs():
            self._start(name)
        self._supervisor.start()
        for url in (f"{self.google}/sandbox/", f"{self.web}/account/login/"):
            wait_until(lambda url=url: _answers(url), f"{url} answers")  # type: ignore[misc]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._supervisor.join()
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._out:
            self._out.close()
        sys.stderr.write(self.log.read_text()[-20_000:])  # shown with a test that failed

    def manage(self, *arguments: str) -> None:
        """Run a management command to its end."""
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.env, check=True, stdout=self._out, stderr=self._out,
        )  # fmt: skip

    def kill(self, name: str) -> None:
        """SIGKILL for a program; the supervisor starts it again."""
        self._running[name].send_signal(signal.SIGKILL)

    def tell_google(self, path: str, **body: Any) -> Any:
        """Do something through the sandbox's control API."""
        return _json(httpx2.post(f"{self.google}/sandbox/api/{path}", json=body))

    def ask_google(self, path: str) -> Any:
        """Look at something through the sandbox's control API."""
        return _json(httpx2.get(f"{self.google}/sandbox/api/{path}"))

    def set_up(self, email: str) -> httpx2.Client:
        """Make the first owner by the first page; returns their browser."""
        browser = httpx2.Client(base_url=self.web, timeout=30)
        answer = press(
            browser, "/setup/", workspace="Northwind", name="Ada Reyes", email=email,
            password1=PASSWORD, password2=PASSWORD, time_zone="Europe/Berlin",
        )  # fmt: skip
        assert answer.status_code == 302, answer.text
        return browser

    def _programs(self) -> dict[str, list[str]]:
        python = sys.executable
        port, sandbox_port = (url.rpartition(":")[2] for url in (self.web, self.google))
        return {
            "google": [
                *(python, "-m", "sandbox", "--data", str(self.home / "sandbox")),
                *("--port", sandbox_port, "--client-id", CLIENT_ID),
                *("--client-secret", CLIENT_SECRET),
                *("--microsoft-client-id", THEIR_CLIENT_ID),
                *[f"--redirect-uri={self.web}/connect/{path}/" for path in RETURNS],
            ],
            "web": [
                *(python, "-m", "uvicorn", "mailweave.config.asgi:application", "--port", port),
                *("--timeout-graceful-shutdown", "1", "--log-level", "warning"),
            ],
            "worker": [python, "manage.py", "worker"],
        }

    def _start(self, name: str) -> None:
        self._running[name] = subprocess.Popen(
            self._programs()[name],
            cwd=ROOT, env=self.env, stdout=self._out, stderr=self._out, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def _supervise(self) -> None:
        while not self._ending.wait(PAUSE):
            for name, process in list(self._running.items()):
                if process.poll() is not None:
                    self._start(name)


def press(browser: httpx2.Client, path: str, page: str = "", **fields: str) -> httpx2.Response:
    """Send a form with the token that ``page`` (default: its own) carries."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(page or path).text)
    token = found.group(1) if found else ""
    return browser.post(path, data={"csrfmiddlewaretoken": token, **fields})


def wait_until(met: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> float:
    """Look again and again until ``met``; returns how long it took."""
    began = time.monotonic()
    while not met():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - began


def _environment(data: Path, web: str, google: str, database_url: str) -> dict[str, str]:
    # Not the tests' own database, nor what they need to be told of it.
    ours = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "MAILWEAVE_DB_POOL"}}
    if database_url:
        ours["DATABASE_URL"] = database_url
    names = ("API", "ACCOUNTS", "OAUTH", "USERINFO", "CERTS")
    return {
        **ours,
        "MAILWEAVE_DATA": str(data),
        "MAILWEAVE_URL": web,
        "MAILWEAVE_GOOGLE_CLIENT_ID": CLIENT_ID,
        "MAILWEAVE_GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "MAILWEAVE_GOOGLE_UNITS": "0",
        "MAILWEAVE_MICROSOFT_CLIENT_ID": THEIR_CLIENT_ID,
        "MAILWEAVE_MICROSOFT_CLIENT_SECRET": CLIENT_SECRET,
        "MAILWEAVE_MICROSOFT_REQUESTS": "0",
        "MAILWEAVE_MICROSOFT_LOGIN": google,
        "MAILWEAVE_MICROSOFT_GRAPH": google,
        "DJANGO_SETTINGS_MODULE": "mailweave.config.settings",
        **{f"MAILWEAVE_GOOGLE_{name}": google for name in names},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=5).status_code < 500
    except httpx2.HTTPError:
        return False


def _json(answer: httpx2.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()
