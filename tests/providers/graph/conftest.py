"""Pages small enough to count on."""

import pytest

from mailweave.providers.graph import client


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 25 messages, whatever the product asks for."""
    monkeypatch.setattr(client, "SHARD", 25)
