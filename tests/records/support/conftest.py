"""A workspace with a desk: a mailbox that customers write to."""

from collections.abc import Iterator

import pytest

from mailweave.kit import scope
from tests.records.support.makers import Desk, make_desk


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def within(desk: Desk) -> Iterator[Desk]:
    """The test itself works inside the desk's workspace."""
    with scope.workspace(desk.id):
        yield desk
