"""Addresses of records: upserted, replaced and forgotten in a fixed number of statements."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.kit import scope
from mailweave.linking import addresses, matching, relinking
from mailweave.linking.models import Link, RecordAddress, ThreadRecord
from mailweave.mail.models import Address
from mailweave.people import workspaces
from mailweave.people.models import User
from tests.records.crm.makers import make_mail

KIND = "test.thing"


@pytest.fixture(autouse=True)
def owner(db: None) -> Iterator[User]:
    user = workspaces.open_workspace("North", "Sam", "sam@north.example", "x", "UTC")
    with scope.workspace(workspaces.memberships(user)[0].workspace_id):
        yield user


@pytest.fixture
def relinked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """What matching was asked to do again."""
    asked: list[set[str]] = []
    original = relinking.relink_addresses

    def noted(ids: Any) -> None:
        found = Address.objects.filter(pk__in=ids).values_list("address", flat=True)
        asked.append(set(found))
        original(ids)

    monkeypatch.setattr(relinking, "relink_addresses", noted)
    return asked


def stored(record_id: int = 1) -> dict[str, str]:
    rows = RecordAddress.objects.filter(kind=KIND, record_id=record_id)
    return dict(rows.values_list("address__address", "address_kind"))


def test_the_list_becomes_what_was_given(relinked: list[set[str]]) -> None:
    Address.objects.create(address="a@x.example", name="Known")
    addresses.set_addresses(KIND, 1, [("a@x.example", "primary"), ("b@x.example", "additional")])
    addresses.set_addresses(KIND, 1, [("b@x.example", "primary"), ("c@x.example", "portal")])
    assert stored() == {"b@x.example": "primary", "c@x.example": "portal"}
    assert relinked == [
        {"a@x.example", "b@x.example"},
        {"a@x.example", "b@x.example", "c@x.example"},
    ]
    assert Address.objects.get(address="a@x.example").name == "Known"


def test_an_address_given_twice_counts_once() -> None:
    addresses.set_addresses(KIND, 1, [("a@x.example", "primary"), ("a@x.example", "additional")])
    assert stored() == {"a@x.example": "primary"}


def test_other_records_keep_theirs() -> None:
    addresses.set_addresses(KIND, 1, [("a@x.example", "primary")])
    addresses.set_addresses(KIND, 2, [("a@x.example", "primary")])
    addresses.set_addresses(KIND, 1, [])
    assert (stored(1), stored(2)) == ({}, {"a@x.example": "primary"})


def statements(count: int) -> list[str]:
    """The statements that replacing ``count`` addresses takes."""
    first = [(f"{count}-{n}@x.example", "additional") for n in range(count)]
    second = [(f"{count}-{n}@y.example", "additional") for n in range(count)]
    addresses.set_addresses(KIND, count, first)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        addresses.set_addresses(KIND, count, second)
    assert len(stored(count)) == count
    return [re.sub(r"\s.*", "", query["sql"], flags=re.DOTALL) for query in seen]


def test_a_hundred_addresses_take_no_more_statements_than_one() -> None:
    make_mail("1-0@x.example", 1)
    make_mail("100-0@x.example", 2)
    assert statements(100) == statements(1)


def test_mail_is_linked_and_freed_at_once() -> None:
    message = make_mail("mara@acme.example", 1)
    addresses.set_addresses(KIND, 1, [("mara@acme.example", "primary")])
    assert Link.objects.get().message_id == message.pk
    assert ThreadRecord.objects.get().record_id == 1
    addresses.set_addresses(KIND, 1, [])
    assert not Link.objects.exists()
    assert not ThreadRecord.objects.exists()


def test_a_pinned_decision_outlives_its_address(owner: User) -> None:
    message = make_mail("mara@acme.example", 1)
    addresses.set_addresses(KIND, 1, [("mara@acme.example", "primary")])
    Link.objects.update(pinned=True, made_by=owner)
    addresses.set_addresses(KIND, 1, [])
    assert Link.objects.get().message_id == message.pk


def test_forget_leaves_nothing_but_the_mail(owner: User) -> None:
    message, byhand = make_mail("mara@acme.example", 1), make_mail("jonas@acme.example", 2)
    addresses.set_addresses(KIND, 1, [("mara@acme.example", "primary")])
    addresses.set_addresses(KIND, 2, [("mara@acme.example", "primary")])
    Link.objects.create(
        message=byhand, kind=KIND, record_id=1, pinned=True, reason="manual", made_by=owner
    )
    matching.derive([byhand.thread_id])
    addresses.forget(KIND, 1)
    assert list(Link.objects.values_list("record_id", "message_id")) == [(2, message.pk)]
    assert list(ThreadRecord.objects.values_list("record_id", flat=True)) == [2]
    byhand.refresh_from_db()
    assert not byhand.linked
