"""The cheapest calls, each message answered once, and nothing dropped on a bad day."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock, http
from mailweave.providers.base import Fetched, Listed, Missing, Unreadable
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    OverBudget,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.providers.gmail import fetching, payload
from tests.providers.stub import (
    BROKEN,
    CROWDED,
    NOT_FOUND,
    NOT_READY,
    NOW,
    QUOTA,
    Inner,
    batch,
    budget,
    each,
    found,
    message,
    paths,
    reader,
    sealed,
    told,
    wanted_id,
)

SINGLES = [Listed(f"a{n}", f"a{n}") for n in range(5)]
THREAD = [Listed(f"b{n}", "b0") for n in range(3)]


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


class Gmail:
    """Has every message asked for; ``odd`` answers come first, in order, for a path's last part."""

    def __init__(self, **odd: list[Inner]) -> None:
        self.odd = odd
        self.asked: list[str] = []
        self.threads = {"b0": ["b0", "b1", "b2"]}

    def __call__(self, path: str) -> Inner:
        name = wanted_id(path)
        self.asked.append(("t:" if "/threads/" in path else "") + name)
        waiting = self.odd.get(name)
        if waiting:
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if "/threads/" in path:
            return found({"messages": [message(one, name) for one in self.threads[name]]})
        return found(message(name))


def answers(gmail: Gmail, wanted: list[Listed], **options: Any) -> dict[str, object]:
    with reader(each(gmail, shuffle=True), **options) as made:
        got = list(made.fetch(wanted))
    assert len({one.remote_id for one in got}) == len(got)
    return {one.remote_id: one for one in got}


def test_threads_are_asked_for_where_they_are_cheaper() -> None:
    gmail = Gmail()
    got = answers(gmail, [*SINGLES[:2], *THREAD])
    assert set(got) == {"a0", "a1", "b0", "b1", "b2"}
    assert sorted(gmail.asked) == ["a0", "a1", "t:b0"]


def test_one_call_needs_no_batch() -> None:
    seen: list[str] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.method)
        return each(Gmail())(request)

    with reader(say) as made:
        assert len(list(made.fetch(SINGLES[:1]))) == 1
        assert len(list(made.fetch(SINGLES[:2]))) == 2
    assert seen == ["GET", "POST"]


def test_at_most_fifty_calls_go_in_one_request() -> None:
    sizes: list[int] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        sizes.append(len(paths(request)))
        return each(Gmail())(request)

    with reader(say) as made:
        wanted = [Listed(f"c{n}", f"c{n}") for n in range(120)]
        assert len(list(made.fetch(wanted))) == 120
    assert sizes == [50, 50, 20]


def test_neighbours_come_along_but_drafts_and_chats_do_not() -> None:
    def answer(path: str) -> Inner:
        assert "/threads/b0" in path
        neighbours = [
            message("b7", "b0", labelIds=["TRASH"]),
            message("b8", "b0", labelIds=["DRAFT"]),
            message("b9", "b0", labelIds=["CHAT"]),
        ]
        return found({"messages": [*(message(one.remote_id, "b0") for one in THREAD), *neighbours]})

    with reader(each(answer)) as made:
        got = [one.remote_id for one in made.fetch(THREAD)]
    assert got == ["b0", "b1", "b2", "b7"]


def test_what_a_thread_leaves_out_is_asked_for_alone() -> None:
    gmail = Gmail(b2=[NOT_FOUND])
    gmail.threads["b0"] = ["b0"]
    got = answers(gmail, THREAD)
    assert {one: type(what) for one, what in got.items()} == {
        "b0": Fetched,
        "b1": Fetched,
        "b2": Missing,
    }
    assert gmail.asked == ["t:b0", "b1", "b2"]


@pytest.mark.parametrize(
    "refusal",
    [
        NOT_FOUND,
        NOT_READY,
        (400, told(400, "Invalid id value", "invalidArgument")),
        (200, b'{"messages":[{"id":7}]}'),
        (200, b'{"messages":' + b'[{"id":"a","payload":{"parts":' * 3000),
    ],
)
def test_a_thread_that_fails_is_asked_for_message_by_message(refusal: Inner) -> None:
    gmail = Gmail()

    def answer(path: str) -> Inner:
        return refusal if "/threads/" in path else gmail(path)

    with reader(each(answer)) as made:
        got = list(made.fetch([*THREAD, *SINGLES]))
    assert sorted(one.remote_id for one in got) == ["a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2"]
    assert all(isinstance(one, Fetched) for one in got)


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        (NOT_FOUND, Missing),
        (NOT_READY, Unreadable),
        ((400, told(400, "Invalid id value", "invalidArgument")), Unreadable),
        ((200, b'{"id":"a1","payload":7}'), Unreadable),
        ((200, b'{"id":"a1","payload":' + b'{"parts":[' * 9000), Unreadable),
        (found(message("a1", payload=None)), Unreadable),
        (found(message("zz")), Unreadable),
        (found(message("a2")), Unreadable),
    ],
)
def test_one_odd_message_does_not_stop_the_others(odd: Inner, kind: type) -> None:
    got = answers(Gmail(a1=[odd]), SINGLES)
    assert set(got) == {"a0", "a1", "a2", "a3", "a4"}
    assert isinstance(got["a1"], kind)
    assert sum(isinstance(one, Fetched) for one in got.values()) == 4


@pytest.mark.parametrize("passing", [NOT_READY, CROWDED, BROKEN, (200, b'{"id":"a1"')])
def test_passing_failures_are_tried_again_with_growing_pauses(
    passing: Inner, hands: clock.Hands
) -> None:
    gmail = Gmail(a1=[passing, passing, passing, found(message("a1"))])
    got = answers(gmail, SINGLES)
    assert all(isinstance(one, Fetched) for one in got.values())
    assert Counter(gmail.asked)["a1"] == fetching.TRIES
    assert hands.at == NOW + timedelta(seconds=0.5 + 1 + 2)


@pytest.mark.parametrize(
    ("lasting", "kind"),
    [
        (BROKEN, Unavailable),
        (CROWDED, RateLimited),
        (QUOTA, RateLimited),
        ((200, b"<html>"), Unavailable),
        ((403, told(403, "x", "insufficientPermissions")), ConsentNeeded),
        ((403, told(403, "x", "forbidden")), Refused),
    ],
)
def test_trouble_is_raised_after_what_came(lasting: Inner, kind: type[ProviderError]) -> None:
    got: list[str] = []
    with reader(each(Gmail(a1=[lasting]))) as made, pytest.raises(kind):
        got.extend(one.remote_id for one in made.fetch(SINGLES))
    assert sorted(got) == ["a0", "a2", "a3", "a4"]


def test_a_call_left_unanswered_is_asked_again() -> None:
    gmail = Gmail()
    rounds: list[int] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        inner = [gmail(path) for path in paths(request)]
        rounds.append(len(inner))
        return batch(inner[:-1]) if len(inner) > 1 else httpx2.Response(200, content=inner[0][1])

    with reader(say) as made:
        assert len(list(made.fetch(SINGLES))) == 5
    assert rounds == [5, 1]


def test_too_many_at_once_makes_smaller_requests_from_then_on() -> None:
    sizes: list[int] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        asked = paths(request)
        sizes.append(len(asked))
        if len(asked) == 1:
            return each(Gmail())(request)
        return batch(
            [found(message(wanted_id(p))) if n < 10 else CROWDED for n, p in enumerate(asked)]
        )

    wanted = [Listed(f"c{n}", f"c{n}") for n in range(60)]
    with reader(say) as made:
        got = [one.remote_id for one in made.fetch(wanted)]
        assert sorted(got) == sorted(one.remote_id for one in wanted)
        again = len(sizes)
        assert len(list(made.fetch(wanted))) == 60
    assert sizes[0] == 50
    assert max(sizes[again:]) <= 12


def test_a_batch_that_is_too_large_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = http.chunks
    monkeypatch.setattr(http, "chunks", lambda response: chunks(response, cap=10_000))
    heavy = found(message("a3", snippet="x" * 20_000))
    gmail = Gmail(a3=[heavy])
    got = answers(gmail, SINGLES)
    assert isinstance(got["a3"], Unreadable)
    assert sum(isinstance(one, Fetched) for one in got.values()) == 4


def test_a_text_too_large_to_come_along_is_fetched() -> None:
    big = {"mimeType": "text/plain", "body": {"size": 9_000_000, "attachmentId": "big"}}
    purse = budget()

    def answer(path: str) -> Inner:
        if "/attachments/" in path:
            assert path.startswith("/gmail/v1/users/me/messages/a0/attachments/big?")
            return found({"data": sealed("the text")})
        return found(message("a0", payload=big))

    with reader(each(answer), purse) as made:
        (got,) = made.fetch(SINGLES[:1])
    assert isinstance(got, Fetched)
    assert (got.text, got.truncated, purse.spent) == ("the text", False, 40)


@pytest.mark.parametrize(("failure", "kind"), [(NOT_FOUND, None), (QUOTA, RateLimited)])
def test_a_text_that_cannot_be_fetched(failure: Inner, kind: type[ProviderError] | None) -> None:
    big = {"mimeType": "text/plain", "body": {"size": 9_000_000, "attachmentId": "big"}}
    gmail = Gmail(a0=[found(message("a0", payload=big))], big=[failure])
    if kind is None:
        (got,) = answers(gmail, SINGLES[:1]).values()
        assert isinstance(got, Fetched)
        assert (got.text, got.truncated) == (None, True)
        return
    with reader(each(gmail)) as made, pytest.raises(kind):
        list(made.fetch(SINGLES[:1]))


def test_an_unfit_tree_says_why() -> None:
    tree: dict[str, Any] = {"mimeType": "text/plain"}
    for _ in range(payload.DEPTH + 2):
        tree = {"mimeType": "multipart/mixed", "parts": [tree]}
    got = answers(Gmail(a0=[found(message("a0", payload=tree))]), SINGLES)
    assert got["a0"] == Unreadable("a0", "Gmail's answer cannot be used: it is nested too deeply")


def test_the_budget_is_charged_before_the_call_and_keeps_the_pace(hands: clock.Hands) -> None:
    purse = budget(rate=97, burst=180)
    levels: list[float] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        levels.append(purse.level)
        return each(Gmail())(request)

    wanted = [Listed(f"c{n}", f"c{n}") for n in range(20)]
    got: list[str] = []
    with reader(say, purse) as made:
        with pytest.raises(OverBudget) as caught:
            got.extend(one.remote_id for one in made.fetch(wanted))
        assert len(got) == 9
        assert levels == [0]
        hands.at = caught.value.retry_at
        with pytest.raises(OverBudget):
            got.extend(one.remote_id for one in made.fetch(wanted[9:]))
    assert len(got) == 13
    assert 0 < (caught.value.retry_at - NOW).total_seconds() < 1


def test_a_call_dearer_than_a_full_budget_goes_when_it_is_full() -> None:
    purse = budget(rate=10, burst=30)
    with reader(each(Gmail()), purse) as made:
        assert len(list(made.fetch(THREAD))) == 3
        with pytest.raises(OverBudget) as caught:
            list(made.fetch(THREAD))
    assert (caught.value.retry_at - NOW).total_seconds() == pytest.approx(4, abs=0.01)


def test_a_grant_that_ends_in_the_middle_asks_to_reconnect() -> None:
    stale = (401, told(401, "Invalid Credentials", "authError"))
    got: list[str] = []
    with reader(each(Gmail(a1=[stale]))) as made, pytest.raises(AuthExpired):
        got.extend(one.remote_id for one in made.fetch(SINGLES))
    assert sorted(got) == ["a0", "a2", "a3", "a4"]
