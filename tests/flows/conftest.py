"""A product and a sandbox that meet in one process."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.sync import asking, connecting, hands
from sandbox.app import build
from sandbox.clock import Clock
from sandbox.state import Sandbox
from tests.flows.world import CLIENT, ENDPOINTS, MICROSOFT, NOW, THEIRS, World, make_owner


class Following(Clock):
    """The sandbox's clock, showing what the product's shows."""

    def __init__(self, hands: clock.Hands) -> None:
        super().__init__()
        self.hands = hands

    def time(self) -> float:
        return self.hands.at.timestamp()


@pytest.fixture
def world(transactional_db: None, settings: Any, monkeypatch: Any) -> Iterator[World]:
    """An owner, an empty sandbox and a clock that moves only when told to."""
    settings.PROVIDER_ENDPOINTS = {"gmail": ENDPOINTS, "outlook": MICROSOFT}
    settings.PROVIDER_CLIENTS = {
        "gmail": (CLIENT.client_id, CLIENT.client_secret),
        "outlook": (THEIRS.client_id, THEIRS.client_secret),
    }
    moving = clock.Hands(NOW)
    with clock.use(moving):
        sandbox = Sandbox(":memory:", Following(moving))
        redirect = connecting.redirect_uri("gmail")
        sandbox.register_client(CLIENT.client_id, CLIENT.client_secret, [redirect])
        both = [connecting.redirect_uri("outlook"), asking.redirect_uri("outlook")]
        sandbox.register_client(THEIRS.client_id, THEIRS.client_secret, both, "microsoft")
        transport = httpx2.WSGITransport(app=build(sandbox))
        monkeypatch.setattr(hands, "NETWORK", transport)
        yield World(sandbox, transport, moving, make_owner())
        sandbox.close()
