"""A real browser on a real server: chromium against uvicorn on the tests' database.

Walks through everything have an installation of their own, with a sandbox and a worker.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from mailweave.people.access import Member
from tests import database
from tests.browser.walking import ADA, SETTINGS, fill, find_faults
from tests.flows.installation import PASSWORD, Installation
from tests.makers import signed_in

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
    "--hide-scrollbars",
]
PATIENCE = 60.0


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture
def _quick_passwords() -> None:
    """As in life: the server is another process, and could not read them."""


@pytest.fixture(scope="session")
def base_url(server: str) -> str:
    """Where paths that a test opens lie."""
    return server


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "locale": "en-GB",
        "timezone_id": "Europe/Berlin",
        "viewport": {"width": 1280, "height": 800},
        "reduced_motion": "reduce",
    }


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[str]:
    """The address of a server of ours on the tests' database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    name = connection.settings_dict["NAME"]
    options = ["--port", str(port), "--timeout-graceful-shutdown", "1", "--log-level", "warning"]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "mailweave.config.asgi:application", *options],
        env={**os.environ, "DATABASE_URL": database.cluster().url(name), "MAILWEAVE_URL": url},
    )
    try:
        _wait_for(f"{url}/static/app/main.js", process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


@pytest.fixture
def site(server: str, transactional_db: None) -> str:
    """The server, with the tables of this test: rows are made before the page is opened."""
    return server


@pytest.fixture
def enter(context: BrowserContext, site: str) -> Callable[[Member], None]:
    """Sign a member in, in this test's browser."""

    def in_as(member: Member) -> None:
        cookie = signed_in(member).cookies["session"]
        context.add_cookies([{"name": "session", "value": cookie.value, "url": site}])

    return in_as


@pytest.fixture
def trouble(page: Page) -> Iterator[list[str]]:
    """What the console of this test's page complained of; there must be nothing at its end.

    A test that provokes an answer of 4xx takes its line out of the list.
    """
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """See :func:`tests.browser.walking.find_faults`."""
    return find_faults


@pytest.fixture(scope="session")
def installation(django_db_setup: None, browser: Browser) -> Iterator[Installation]:
    """Everything running, an owner, a contact, and mail in two sandbox mailboxes."""
    home = Path(tempfile.mkdtemp(prefix="mailweave-walk-"))
    server = database.cluster()
    name = home.name.replace("-", "_")
    url = database.copy(name)
    with (server.home / "migrating").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # roles belong to the whole server
        running = Installation(home, database_url=url)
        running.__enter__()
    try:
        fill(running)
        yield running
    finally:
        running.__exit__(None, None, None)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def state(installation: Installation, browser: Browser) -> dict[str, Any]:
    """The cookies of a browser in which the owner is signed in."""
    context = browser.new_context(base_url=installation.web)
    page = context.new_page()
    page.goto(SETTINGS)
    page.get_by_label("E-mail address").fill(ADA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=20_000)
    kept = dict(context.storage_state())
    context.close()
    return kept


@pytest.fixture
def walker(installation: Installation, state: dict[str, Any], browser: Browser) -> Iterator[Page]:
    """A page of the owner's; at its end the console has complained of nothing."""
    context = browser.new_context(
        base_url=installation.web,
        storage_state=state,  # type: ignore[arg-type]
        viewport={"width": 1280, "height": 800},
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    expect.set_options(timeout=15_000)  # other processes have to act, on a machine that is busy
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "422" not in message.text:
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield page
    context.close()
    expect.set_options(timeout=5_000)
    assert found == []
