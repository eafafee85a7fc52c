"""Lives are lived in the same world as flows."""

from collections.abc import Iterator
from typing import Any

import pytest

from mailweave.providers.gmail import calls
from mailweave.sync import fetching, senders
from sandbox.google import pubsub
from tests.flows.conftest import world
from tests.flows.crashing import Bomb
from tests.flows.test_push import SITE, carry
from tests.flows.world import World
from tests.soak.machine import Machine

__all__ = ["world"]


@pytest.fixture
def machine(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[type[Machine]]:
    """The machine, ready to live in this world: no pacing, small pages, notices."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0, "outlook": 0}
    world.sandbox.change_settings(
        quota_profile="off", concurrency=0, graph_requests=0, graph_concurrency=0
    )
    monkeypatch.setattr(calls, "PAGE", 5)
    monkeypatch.setattr(fetching, "PAGE", 3)
    settings.PUSH_URL = SITE
    settings.PUSH_TOPICS = {"gmail": pubsub.TOPIC}
    settings.PUSH_ACCOUNTS = {"gmail": pubsub.SIGNER}
    senders.forget()
    world.sandbox.send = carry
    pubsub.set_topic(world.sandbox, push_url=f"{SITE}/hooks/gmail/")
    Machine.world, Machine.bomb = world, Bomb(monkeypatch)
    yield Machine
    senders.forget()
