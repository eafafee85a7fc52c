"""A desk to write at, and a post that can break."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mailweave.kit import clock
from mailweave.providers.base import Provider
from mailweave.sync import hands
from tests.makers import make_member
from tests.outbox.post import NOW, Desk, Post


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def desk(transactional_db: None, post: Post, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    @contextmanager
    def visit(*_: Any, **__: Any) -> Iterator[Provider]:
        yield Provider(None, None, sender=post)  # type: ignore[arg-type]

    monkeypatch.setattr(hands, "visit", visit)
    moving = clock.Hands(NOW)
    with clock.use(moving):
        yield Desk(make_member(name="Ada Lind"), post, moving)
