"""The same workspace and archive as for stored mail, and its people as members."""

import pytest

from mailweave.people.access import Member
from mailweave.people.models import Role, User
from tests.mail.conftest import archive, here, kim, lee, sam

__all__ = ["archive", "here", "kim", "lee", "sam"]


@pytest.fixture
def owner(here: int, sam: User) -> Member:
    return Member(here, sam.pk, Role.OWNER, sam.name)


@pytest.fixture
def colleague(here: int, kim: User) -> Member:
    return Member(here, kim.pk, Role.MEMBER, kim.name)


@pytest.fixture
def other(here: int, lee: User) -> Member:
    return Member(here, lee.pk, Role.MEMBER, lee.name)
