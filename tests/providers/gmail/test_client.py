"""Tokens are replaced once, calls are paid for, and addresses are built right."""

from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest

from mailweave.kit import clock, http
from mailweave.providers.base import Window
from mailweave.providers.errors import AuthExpired, Misconfigured, Unavailable
from mailweave.providers.gmail import calls, wire
from mailweave.providers.gmail.client import Client
from tests.providers.stub import (
    ENDPOINTS,
    NOT_READY,
    NOW,
    Inner,
    Say,
    batch,
    budget,
    each,
    found,
    message,
    paths,
    reader,
    told,
)

STALE = (401, told(401, "Invalid Credentials", "authError"))
PROFILE = {"emailAddress": "ana@example.com", "historyId": "9", "messagesTotal": 3}


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


def bearing(accepted: str, seen: list[str]) -> Say:
    def say(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["authorization"])
        if seen[-1] != f"Bearer {accepted}":
            return httpx2.Response(STALE[0], content=STALE[1])
        return each(lambda _: found(PROFILE))(request)

    return say


def test_a_stale_token_is_replaced_once_and_kept() -> None:
    seen: list[str] = []
    with reader(bearing("t1", seen)) as made:
        made.profile()
        made.profile()
    assert seen == ["Bearer t0", "Bearer t1", "Bearer t1"]


def test_a_second_refusal_means_reconnect() -> None:
    seen: list[str] = []
    with reader(bearing("never", seen)) as made, pytest.raises(AuthExpired):
        made.profile()
    assert len(seen) == 2


def test_a_caller_that_keeps_giving_the_old_token_does_no_harm() -> None:
    seen: list[str] = []
    with http.client(transport=httpx2.MockTransport(bearing("new", seen))) as web:
        client = Client(web, ENDPOINTS, lambda: "old", lambda _: "new", budget())
        for _ in range(3):
            client.ask(calls.profile(), wire.PROFILE)
    assert seen == ["Bearer old", "Bearer new", "Bearer new", "Bearer new"]


def test_parts_of_a_batch_with_a_stale_token_are_asked_again() -> None:
    rounds: list[int] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        rounds.append(len(paths(request)))
        good: Inner = found({"id": "a"})
        if request.headers["authorization"] == "Bearer t0":
            return batch([good, STALE, STALE])
        return batch([good, good])

    with reader(say) as made:
        outcomes = made.client.ask_all([calls.message(f"a{n}") for n in range(3)])
    assert all(isinstance(one, bytes) for one in outcomes)
    assert rounds == [3, 2]


def test_only_the_first_answer_to_a_call_counts() -> None:
    answers = [found({"id": "a"}), found({"id": "b"}), found({"id": "late"})]
    whole = batch(answers)
    twice = httpx2.Response(
        200, content=whole.content.replace(b"call+2>", b"call+0>"), headers=whole.headers
    )
    with reader(lambda _: twice) as made:
        first, second, silent = made.client.ask_all([calls.message(f"a{n}") for n in range(3)])
    assert isinstance(first, bytes)
    assert b'"a"' in first
    assert isinstance(second, bytes)
    assert isinstance(silent, Unavailable)


def test_every_try_is_booked_before_it_is_made(hands: clock.Hands) -> None:
    purse, spent = budget(), list[int]()
    answers = [NOT_READY, NOT_READY, found({"id": "a", "payload": {}})]

    def say(request: httpx2.Request) -> httpx2.Response:
        spent.append(purse.spent)
        return each(lambda _: answers.pop(0))(request)

    with reader(say, purse) as made:
        made.client.ask(calls.message("a"), wire.MESSAGE)
    assert spent == [20, 40, 60]
    assert (hands.at - NOW).total_seconds() == 1.5


def test_what_one_answer_costs() -> None:
    priced = {
        calls.profile(): 1,
        calls.labels(): 1,
        calls.history("1", ""): 2,
        calls.listing(Window(None), ""): 5,
        calls.labelled("INBOX", ""): 5,
        calls.message("a"): 20,
        calls.thread("a"): 40,
        calls.attachment("a", "b"): 20,
    }
    assert {call: call.units for call in priced} == priced


@pytest.mark.parametrize("remote_id", ["a/../../b", "a?x=1", "a b", "\r\nX: y", "\ud800", "a%2f"])
def test_ids_cannot_leave_their_place(remote_id: str) -> None:
    path = calls.message(remote_id).path
    assert path.isascii()
    assert path.isprintable()
    assert " " not in path
    assert path.partition("?")[0].count("/") == 1


@pytest.mark.parametrize(
    ("api", "batch_url", "inner"),
    [
        ("https://gmail.example", "https://gmail.example/batch/gmail/v1", "/gmail/v1/"),
        ("https://gmail.example/", "https://gmail.example/batch/gmail/v1", "/gmail/v1/"),
        ("http://127.0.0.1:9/g", "http://127.0.0.1:9/g/batch/gmail/v1", "/g/gmail/v1/"),
    ],
)
def test_the_api_may_live_anywhere(api: str, batch_url: str, inner: str) -> None:
    seen: list[httpx2.Request] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return batch([found(message(f"a{n}")) for n in range(2)])

    with http.client(transport=httpx2.MockTransport(say)) as web:
        client = Client(web, replace(ENDPOINTS, api=api), lambda: "t", lambda t: t, budget())
        client.ask_all([calls.message("a0"), calls.message("a1")])
    assert str(seen[0].url) == batch_url
    assert f"GET {inner}users/me/messages/a0?" in seen[0].content.decode()


def test_plain_http_to_strangers_is_the_operators_mistake() -> None:
    with http.client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as web:
        far = replace(ENDPOINTS, api="http://gmail.example")
        client = Client(web, far, lambda: "t", lambda t: t, budget())
        with pytest.raises(Misconfigured, match="not encrypted"):
            client.ask(calls.profile(), wire.PROFILE)


def test_success_is_200_and_nothing_else() -> None:
    partial = httpx2.Response(206, content=b"{}")
    with reader(lambda _: partial) as made, pytest.raises(Unavailable):
        made.profile()
