"""A workspace with three people for everything about stored mail."""

from collections.abc import Iterator

import pytest

from mailweave.kit import scope
from mailweave.people import workspaces
from mailweave.people.models import User
from tests.makers_mail import Archive, join


@pytest.fixture
def sam(db: None) -> User:
    return workspaces.open_workspace("North", "Sam", "sam@north.example", "x", "UTC")


@pytest.fixture
def here(sam: User) -> Iterator[int]:
    """Inside Sam's workspace; its id."""
    workspace_id = workspaces.memberships(sam)[0].workspace_id
    with scope.workspace(workspace_id):
        yield workspace_id


@pytest.fixture
def kim(here: int) -> User:
    return join("Kim")


@pytest.fixture
def lee(here: int) -> User:
    return join("Lee")


@pytest.fixture
def archive(here: int) -> Archive:
    return Archive()
