"""The registry: what plug-ins may do to the pages that ask them, which is nothing bad."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pytest
from django.db import connection

from mailweave.linking import registry
from mailweave.linking.registry import Card
from mailweave.people.access import Member

MEMBER = Member(1, 1, "member", modules=frozenset({"test"}))


@dataclass(frozen=True)
class Things:
    """A plug-in that breaks on demand."""

    kind: str = "test.thing"
    label: str = "Thing"
    broken: bool = False

    def cards(self, ids: Collection[int], member: Member) -> Mapping[int, Card]:
        if self.broken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT secret_of_mara")
        return {id_: Card(self.kind, id_, f"Thing {id_}", "", "/") for id_ in ids if id_ < 10}

    def search(self, text: str, member: Member, limit: int = 10) -> Sequence[Card]:
        if self.broken:
            raise ValueError(text)
        return [Card(self.kind, 1, text, "", "/")]

    def sources(self, record_id: int) -> Sequence[tuple[str, int]]:
        return [(self.kind, record_id)]


@pytest.fixture(autouse=True)
def _empty_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_linkables", {})


def test_registered_kinds_are_found_in_order() -> None:
    first, second = Things("test.b"), Things("test.a")
    registry.register(first)
    registry.register(second)
    assert registry.kinds() == ("test.b", "test.a")
    assert registry.get("test.a") is second


def test_unknown_and_doubled_kinds_are_refused() -> None:
    registry.register(Things())
    with pytest.raises(ValueError, match=r"test\.thing"):
        registry.register(Things())
    with pytest.raises(registry.NotFound):
        registry.get("test.other")
    with pytest.raises(KeyError):
        registry.get("")


@pytest.mark.django_db
def test_cards_of_many_kinds_at_once() -> None:
    registry.register(Things())
    found = registry.cards([("test.thing", 1), ("test.thing", 99), ("test.other", 1)], MEMBER)
    assert {key: card.title for key, card in found.items()} == {("test.thing", 1): "Thing 1"}


@pytest.mark.django_db
def test_a_plug_in_that_fails_is_left_out_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    registry.register(Things("test.bad", broken=True))
    registry.register(Things())
    with caplog.at_level(logging.ERROR):
        found = registry.cards([("test.bad", 7), ("test.thing", 1)], MEMBER)
        cards = registry.search("mara@acme.example", MEMBER)
    assert set(found) == {("test.thing", 1)}
    assert [card.kind for card in cards] == ["test.thing"]
    assert "cards of test.bad" in caplog.text
    assert "[7]" in caplog.text
    assert "mara" not in caplog.text
    with connection.cursor() as cursor:  # the transaction around it lives on
        cursor.execute("SELECT 1")
