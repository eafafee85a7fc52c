"""A real browser on a real server: chromium against uvicorn on the tests' database."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from mailweave.people.access import Member
from tests import database
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
AXE = (Path(__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PATIENCE = 60.0


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


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
    """What axe finds wrong with a page by WCAG 2.2 A and AA."""

    def look(page: Page) -> list[str]:
        page.evaluate(AXE)
        result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        return [
            f"{one['id']}: {node['html']}" for one in result["violations"] for node in one["nodes"]
        ]

    return look
