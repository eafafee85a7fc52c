"""Marking by twenties: what is sent, what comes back too large, and what one refusal does."""

import json
from collections.abc import Iterator, Sequence

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.base import Missing, NotWritten, Written
from mailweave.providers.errors import RateLimited
from mailweave.providers.graph.calls import Call
from mailweave.providers.graph.client import Client, Outcome
from mailweave.providers.graph.failures import TooBig
from mailweave.providers.graph.writing import mark_seen
from tests.providers.graph.stub import (
    DENIED,
    NOT_FOUND,
    NOW,
    QUOTA,
    Inner,
    batch,
    client,
    each,
    refusal,
)


@pytest.fixture(autouse=True)
def _time() -> Iterator[None]:
    with clock.use(clock.Hands(NOW)):
        yield


def test_it_says_what_is_read_and_nothing_else() -> None:
    sent: list[dict[str, object]] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        inner = json.loads(request.content)["requests"]
        sent.extend(inner)
        return batch([(200, {"id": "x"}) for _ in inner])

    with client(say) as made:
        told = list(mark_seen(made, [f"m{n}" for n in range(45)], seen=True))
    assert told == [Written(f"m{n}") for n in range(45)]
    assert {one["method"] for one in sent} == {"PATCH"}
    assert all(one["body"] == {"isRead": True} for one in sent)
    assert sent[0]["url"] == "/me/messages/m0?$select=id"
    assert sent[0]["headers"] == {
        "Prefer": 'IdType="ImmutableId"',
        "Content-Type": "application/json",
    }


def test_each_message_has_an_answer_of_its_own() -> None:
    odd: dict[str, Inner] = {
        "m1": NOT_FOUND,
        "m2": refusal(400, "ErrorInvalidRequest"),
        "m3": (204, None),
    }

    def answer(path: str) -> Inner:
        one = path.rsplit("/", maxsplit=1)[-1].partition("?")[0]
        return odd.get(one, (200, {"id": one}))

    with client(each(answer)) as made:
        told = list(mark_seen(made, ["m0", "m1", "m2", "m3"], seen=False))
    assert told[:2] == [Written("m0"), Missing("m1")]
    assert isinstance(told[2], NotWritten)
    assert told[3] == Written("m3")


def test_a_quota_spent_in_the_middle_is_told_after_what_was_written() -> None:
    def answer(path: str) -> Inner:
        return QUOTA if "m1" in path else (200, {"id": "x"})

    got: list[str] = []
    with client(each(answer)) as made, pytest.raises(RateLimited):
        got.extend(one.remote_id for one in mark_seen(made, ["m0", "m1", "m2"], seen=True))
    assert got == ["m0", "m2"]


def test_a_missing_permission_is_no_refusal_of_one_message() -> None:
    with client(each(lambda _: DENIED)) as made, pytest.raises(Exception, match="permission"):
        list(mark_seen(made, ["m0"], seen=True))


def test_answers_that_are_too_large_together_come_in_smaller_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask_all = Client.ask_all

    def capped(made: Client, calls: Sequence[Call]) -> list[Outcome]:
        if len(calls) > 5:
            raise TooBig("too large")
        return ask_all(made, calls)

    monkeypatch.setattr(Client, "ask_all", capped)
    with client(each(lambda _: (200, {"id": "x"}))) as made:
        told = list(mark_seen(made, [f"m{n}" for n in range(45)], seen=True))
    assert told == [Written(f"m{n}") for n in range(45)]
