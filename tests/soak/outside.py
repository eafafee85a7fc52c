"""A sandbox that processes can reach, and workers of their own that are killed while they work."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
from tests.soak.life import Ahead

ROOT = Path(__file__).resolve().parent.parent.parent
FREE = {"quota_profile": "off", "concurrency": 0, "graph_requests": 0, "graph_concurrency": 0}


@dataclass
class Outside:
    """Everything that is not a worker, and a clock that can be moved for all of them."""

    world: World
    ahead: Ahead
    workers: "subprocess.Popen[str]"

    def pass_time(self, seconds: float) -> None:
        """Move everybody's clock on."""
        self.ahead.ahead += type(self.ahead.ahead)(seconds=seconds)
        self.world.sandbox.clock.advance(seconds)

    def run(self, kind: str, moment: int) -> int:
        """A worker of this kind that dies at ``moment`` (0: never); its exit code."""
        told, heard = self.workers.stdin, self.workers.stdout
        assert told
        assert heard
        workspace_id = self.world.member.workspace_id
        told.write(f"{kind} {workspace_id} {moment} {self.ahead.ahead.total_seconds()}\n")
        told.flush()
        code = int(heard.readline() or 1)
        assert code in {0, -signal.SIGKILL}
        return code


@pytest.fixture
def outside(transactional_db: None, settings: Any, monkeypatch: Any) -> Iterator[Outside]:
    sandbox = Sandbox(":memory:", Clock())
    sandbox.change_settings(**FREE)
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
    with clock.use(ahead), _workers(url) as workers:
        moving = clock.Hands(clock.now())
        world = World(sandbox, None, moving, make_owner())  # type: ignore[arg-type]
        yield Outside(world, ahead, workers)
    server.stop()
    sandbox.close()


@contextmanager
def _workers(url: str) -> Iterator["subprocess.Popen[str]"]:
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
        "MAILWEAVE_MICROSOFT_LOGIN": url,
        "MAILWEAVE_MICROSOFT_GRAPH": url,
        **{f"MAILWEAVE_GOOGLE_{name}": url for name in names},
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.soak.mortal"],
        cwd=ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as workers:  # fmt: skip
        yield workers


def _at(endpoints: Any, url: str) -> Any:
    moved = {
        name: value.replace(HOST, url)
        for name in endpoints.__dataclass_fields__
        if isinstance(value := getattr(endpoints, name), str)
    }
    return replace(endpoints, **moved)
