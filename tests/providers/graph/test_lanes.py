"""At most four at once, each answered, and nothing asked after a stop."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.errors import AuthExpired, RateLimited
from mailweave.providers.graph.calls import Call
from mailweave.providers.graph.client import Client, Outcome
from mailweave.providers.graph.failures import Crowded, Faulty, Gone
from mailweave.providers.graph.lanes import Dropped, Lanes, ask_all
from tests.providers.graph import stub
from tests.providers.graph.stub import NOW, Inner, budget, client, each, reply


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


def call(name: str) -> Call:
    return Call(f"/v1.0/{name}")


def echo(path: str) -> Inner:
    return 200, path


def drain(lanes: Lanes[str]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    while lanes.flying:
        name, outcome = lanes.get()
        found[name] = outcome
    return found


def test_every_ask_comes_back_with_its_own_answer() -> None:
    purse = budget()
    with client(each(echo), purse) as made, Lanes[str](made) as lanes:
        for n in range(30):
            lanes.put(f"m{n}", call(f"m{n}"))
        assert purse.spent == 30
        assert drain(lanes) == {f"m{n}": f"/m{n}".encode() for n in range(30)}


def test_a_lane_waits_before_it_asks(hands: clock.Hands) -> None:
    with client(each(echo)) as made, Lanes[str](made) as lanes:
        lanes.put("a", call("a"), after=3)
        drain(lanes)
    assert (hands.at - NOW).total_seconds() == 3


def test_what_is_not_asked_any_more_need_not_wait(hands: clock.Hands) -> None:
    with client(each(echo)) as made, Lanes[str](made) as lanes:
        lanes.stop()
        lanes.put("a", call("a"), after=3)
        assert isinstance(drain(lanes)["a"], Dropped)
    assert hands.at == NOW


def test_one_token_is_fetched_for_all_that_failed() -> None:
    barrier = threading.Barrier(4)

    def say(request: httpx2.Request) -> httpx2.Response:
        if request.headers["authorization"] == "Bearer t0":
            barrier.wait(5)
            return reply(stub.STALE)
        return each(echo)(request)

    purse = budget()
    with client(say, purse) as made, Lanes[str](made) as lanes:
        for n in range(4):
            lanes.put(f"m{n}", call(f"m{n}"))
        assert all(isinstance(one, bytes) for one in drain(lanes).values())
        assert made.token() == "t1"
    assert purse.spent == 8


def test_a_grant_that_ended_is_an_outcome() -> None:
    with client(each(lambda _: stub.STALE)) as made, Lanes[str](made) as lanes:
        lanes.put("a", call("a"))
        assert isinstance(drain(lanes)["a"], AuthExpired)


def test_a_refresh_that_fails_is_raised_where_answers_are_taken() -> None:
    def no(stale: str) -> str:
        raise AuthExpired("gone")

    with client(each(lambda _: stub.STALE)) as made, Lanes[str](made) as lanes:
        made._refresh = no
        lanes.put("a", call("a"))
        with pytest.raises(AuthExpired, match="gone"):
            lanes.get()


def test_after_a_stop_nothing_is_asked() -> None:
    asked: list[str] = []
    full, gate = threading.Barrier(5), threading.Event()

    def say(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        full.wait(5)
        gate.wait(5)
        return each(echo)(request)

    with client(say) as made, Lanes[str](made) as lanes:
        for n in range(20):
            lanes.put(f"m{n}", call(f"m{n}"), after=0.0)
        full.wait(5)
        lanes.stop()
        gate.set()
        found = drain(lanes)
    assert len(asked) == 4
    assert sum(isinstance(one, Dropped) for one in found.values()) == 16


def test_a_fault_of_our_own_is_not_swallowed() -> None:
    class Broken(Client):
        def attempt(self, call: Call, token: str) -> Outcome:
            raise ZeroDivisionError

    with client(each(echo)) as made:
        made.__class__ = Broken
        with Lanes[str](made) as lanes:
            lanes.put("a", call("a"))
            with pytest.raises(ZeroDivisionError):
                lanes.get()


# All of several


def test_outcomes_come_in_the_order_of_the_calls(hands: clock.Hands) -> None:
    times: dict[str, int] = {}

    def answer(path: str) -> Inner:
        times[path] = times.get(path, 0) + 1
        odd: dict[str, Any] = {"/m1": stub.NOT_FOUND, "/m2": stub.BROKEN, "/m4": stub.CROWDED}
        return odd["/m2"] if path == "/m3" and times[path] == 1 else odd.get(path, (200, path))

    with client(each(answer)) as made:
        found = ask_all(made, [call(f"m{n}") for n in range(6)])
    assert [type(one) for one in found] == [bytes, Gone, Faulty, bytes, Crowded, bytes]
    assert (times["/m1"], times["/m2"], times["/m3"], times["/m4"]) == (1, 3, 2, 3)
    assert hands.at > NOW


def test_a_spent_quota_is_raised_for_all() -> None:
    def answer(path: str) -> Inner:
        return stub.QUOTA if path == "/m7" else (200, path)

    with client(each(answer)) as made, pytest.raises(RateLimited):
        ask_all(made, [call(f"m{n}") for n in range(12)])
