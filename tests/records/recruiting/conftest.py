"""Two workspaces, so that each test can try to look over the fence."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client

from mailweave.kit import scope
from mailweave.people import workspaces
from mailweave.people.access import Member
from tests.records.crm.makers import make_workspace, sign_in


@dataclass(frozen=True, slots=True)
class Home:
    """A workspace and its owner."""

    id: int
    member: Member
    client: Client


def make_home(name: str) -> Home:
    id_, user = make_workspace(name)
    return Home(id_, workspaces.memberships(user)[0], sign_in(user))


@pytest.fixture
def home(db: None) -> Home:
    return make_home("north")


@pytest.fixture
def other(db: None) -> Home:
    return make_home("south")


@pytest.fixture
def within(home: Home) -> Iterator[Home]:
    """The test itself works inside the workspace ``home``."""
    with scope.workspace(home.id):
        yield home
