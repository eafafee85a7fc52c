"""Marking many at once, with one in the way, and what it costs."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.base import Missing, NotWritten, Written
from mailweave.providers.errors import RateLimited, Unavailable
from mailweave.providers.gmail.writing import mark_seen
from tests.providers.stub import (
    BROKEN,
    NOT_FOUND,
    NOT_READY,
    NOW,
    QUOTA,
    Inner,
    batch,
    budget,
    paths,
    reader,
    told,
)

INVALID = (400, told(400, "Invalid id value", "invalidArgument"))


@pytest.fixture(autouse=True)
def _time() -> Iterator[None]:
    with clock.use(clock.Hands(NOW)):
        yield


class Gmail:
    """Marks all or none; ``odd`` ids are in the way, each with its answer."""

    def __init__(self, **odd: Inner) -> None:
        self.odd = odd
        self.marked: dict[str, Any] = {}
        self.at_once: list[int] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert request.method == "POST"
        if request.url.path.endswith("/batchModify"):
            body = json.loads(request.content)
            self.at_once.append(len(body["ids"]))
            for one in body["ids"]:
                if one in self.odd:
                    return httpx2.Response(self.odd[one][0], content=self.odd[one][1])
            self.marked |= dict.fromkeys(body["ids"], body.get("removeLabelIds"))
            return httpx2.Response(204)
        if not request.url.path.startswith("/batch"):
            return self._single(request.url.path, json.loads(request.content))
        inner = []
        for part in request.content.decode().split("--mailweave_calls")[1:-1]:
            head, _, body = part.partition("application/json")
            path = head.split("POST ")[1].split(" ")[0].partition("?")[0]
            answer = self._single(path, json.loads(body.split("\r\n\r\n", 1)[1]))
            inner.append((answer.status_code, answer.content))
        return batch(inner)

    def _single(self, path: str, body: Any) -> httpx2.Response:
        one = path.split("/")[-2]
        if one in self.odd:
            return httpx2.Response(self.odd[one][0], content=self.odd[one][1])
        self.marked[one] = body.get("removeLabelIds")
        return httpx2.Response(200, json={"id": one})


def ids(count: int) -> list[str]:
    return [f"m{n:04}" for n in range(count)]


def test_a_thousand_for_the_price_of_ten() -> None:
    gmail, purse = Gmail(), budget()
    with reader(gmail, purse) as made:
        told = list(mark_seen(made.client, ids(1500), seen=True))
    assert told == [Written(one) for one in ids(1500)]
    assert gmail.at_once == [1000, 500]
    assert set(map(tuple, gmail.marked.values())) == {("UNREAD",)}
    assert purse.spent == 100


@pytest.mark.parametrize(
    ("answer", "shape"),
    [(NOT_FOUND, Missing("m0007")), (INVALID, NotWritten)],
    ids=["missing", "refused"],
)
def test_the_one_in_the_way_is_found_by_halves(answer: Inner, shape: Any) -> None:
    gmail, purse = Gmail(m0007=answer), budget()
    with reader(gmail, purse) as made:
        told = {one.remote_id: one for one in mark_seen(made.client, ids(1000), seen=True)}
    assert set(told) == set(ids(1000))
    found = told.pop("m0007")
    assert found == shape or isinstance(found, shape)
    assert set(gmail.marked) == set(told)
    assert all(isinstance(one, Written) for one in told.values())
    assert purse.spent < 1000, "one by one it would be 5,000"


def test_one_that_is_never_ready_does_not_stop_the_others() -> None:
    gmail = Gmail(m0007=NOT_READY)
    with reader(gmail) as made:
        told = {one.remote_id: one for one in mark_seen(made.client, ids(40), seen=False)}
    assert isinstance(told.pop("m0007"), NotWritten)
    assert set(gmail.marked) == set(told) == set(ids(40)) - {"m0007"}


@pytest.mark.parametrize("answer", [BROKEN, QUOTA])
def test_an_outage_is_not_looked_for_by_halves(answer: Inner) -> None:
    gmail = Gmail(m0007=answer)
    with reader(gmail) as made, pytest.raises((Unavailable, RateLimited)):
        list(mark_seen(made.client, ids(40), seen=True))
    assert set(gmail.at_once) == {40}
    assert len(gmail.at_once) <= 4


def test_ids_are_safe_in_a_path() -> None:
    asked: list[str] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        asked.extend(paths(request))
        return httpx2.Response(200, json={"id": "a/../b?c"})

    with reader(say) as made:
        list(mark_seen(made.client, ["a/../b?c"], seen=True))
    assert asked[0].startswith("/gmail/v1/users/me/messages/a%2F..%2Fb%3Fc/modify?")
