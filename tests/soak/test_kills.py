"""SIGKILL at every moment of a worker's slice, one process a moment; for ``script/soak``."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from mailweave.kit import clock
from mailweave.sync import asking, connecting, hands
from sandbox.app import build
from sandbox.clock import Clock
from sandbox.server import Server
from sandbox.state import Sandbox
from tests import database
from tests.flows.world import CLIENT, ENDPOINTS, HOST, MICROSOFT, THEIRS, World, make_owner
from tests.soak.life import COMPANIES, Ahead, Life

pytestmark = pytest.mark.skipif("MAILWEAVE_SOAK" not in os.environ, reason="for script/soak")
ROOT = Path(__file__).resolve().parent.parent.parent
HOUR = 3600.0


@dataclass
class Outside:
    """A sandbox that processes can reach, and a clock that can be moved for all of them."""

    life: Life
    url: str
    ahead: Ahead

    def pass_time(self, seconds: float) -> None:
        """Move everybody's clock on."""
        self.ahead.ahead += type(self.ahead.ahead)(seconds=seconds)
        self.life.sandbox.clock.advance(seconds)

    def run(self, moment: int) -> int:
        """A worker that dies at ``moment`` (0: never); its exit code."""
        names = ("API", "ACCOUNTS", "OAUTH", "USERINFO", "CERTS")
        env = {
            **os.environ,
            "DATABASE_URL": database.cluster().url(str(connection.settings_dict["NAME"])),
            "DJANGO_SETTINGS_MODULE": "mailweave.config.settings",
            "MAILWEAVE_GOOGLE_CLIENT_ID": CLIENT.client_id,
            "MAILWEAVE_GOOGLE_CLIENT_SECRET": CLIENT.client_secret,
            "MAILWEAVE_GOOGLE_UNITS": "0",
            "MAILWEAVE_MICROSOFT_CLIENT_ID": THEIRS.client_id,
            "MAILWEAVE_MICROSOFT_CLIENT_SECRET": THEIRS.client_secret,
            "MAILWEAVE_MICROSOFT_REQUESTS": "0",
            "MAILWEAVE_MICROSOFT_LOGIN": self.url,
            "MAILWEAVE_MICROSOFT_GRAPH": self.url,
            **{f"MAILWEAVE_GOOGLE_{name}": self.url for name in names},
        }
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "tests.soak.mortal"),
                *(str(self.life.world.member.workspace_id), str(moment)),
                str(self.ahead.ahead.total_seconds()),
            ],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert ended.returncode in {0, -signal.SIGKILL}, ended.stderr
        return ended.returncode


@pytest.fixture
def outside(transactional_db: None, settings: Any, monkeypatch: Any) -> Iterator[Outside]:
    sandbox = Sandbox(":memory:", Clock())
    sandbox.change_settings(
        quota_profile="off", concurrency=0, graph_requests=0, graph_concurrency=0
    )
    sandbox.register_client(
        CLIENT.client_id, CLIENT.client_secret, [connecting.redirect_uri("gmail")]
    )
    both = [connecting.redirect_uri("outlook"), asking.redirect_uri("outlook")]
    sandbox.register_client(THEIRS.client_id, THEIRS.client_secret, both, "microsoft")
    server, ahead = Server(build(sandbox)).start(), Ahead(0)
    url = server.url.rstrip("/")
    settings.PROVIDER_ENDPOINTS = {"gmail": _at(ENDPOINTS, url), "outlook": _at(MICROSOFT, url)}
    settings.PROVIDER_CLIENTS = {
        "gmail": (CLIENT.client_id, CLIENT.client_secret),
        "outlook": (THEIRS.client_id, THEIRS.client_secret),
    }
    monkeypatch.setattr(hands, "NETWORK", None)
    with clock.use(ahead):
        world = World(sandbox, None, clock.Hands(clock.now()), make_owner())  # type: ignore[arg-type]
        yield Outside(Life(world, None, 1), url, ahead)  # type: ignore[arg-type]
    server.stop()
    sandbox.close()


def _at(endpoints: Any, url: str) -> Any:
    moved = {
        name: value.replace(HOST, url)
        for name in endpoints.__dataclass_fields__
        if isinstance(value := getattr(endpoints, name), str)
    }
    return replace(endpoints, **moved)


def test_killed_at_every_moment(outside: Outside) -> None:
    """First an import, then changes: before each death news comes, and the next one goes on."""
    life, killed = outside.life, 0
    for moment in range(1, 1000):
        if outside.run(moment) == 0:
            break
        killed += 1
        for company in COMPANIES:
            life.arrive(company, 0, seen=False)
            life.look(company, moment, seen=bool(moment % 2))
            life.want(company)
        life.delete(COMPANIES[moment % 2], moment)
    for _ in range(3):
        outside.pass_time(HOUR)
        for company in COMPANIES:
            life.want(company)
        outside.run(0)
    life.check()
    assert killed > 60
