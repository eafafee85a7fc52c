"""Every call is booked, prefers ids that stay, and goes to nobody but the configured address."""

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    Misconfigured,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.providers.graph import batch, calls, wire
from mailweave.providers.graph.calls import Call
from mailweave.providers.graph.failures import Crowded, Faulty, Gone
from tests.providers.graph import stub
from tests.providers.graph.stub import API, NOW, Inner, budget, client, each, reply

CALL = Call("/v1.0/me")


@pytest.fixture(autouse=True)
def hands() -> Iterator[clock.Hands]:
    with clock.use(clock.Hands(NOW)) as held:
        yield held


class Script:
    """Answers one after the other, the last one for ever; remembers what it was asked."""

    def __init__(self, *answers: Inner | httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.seen: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else reply(answer)


def test_a_call_is_booked_and_carries_token_and_preference() -> None:
    script, purse = Script((200, {"id": "a"})), budget()
    with client(script, purse) as made:
        assert made.ask(CALL, wire.NAMED).id == "a"
    (request,) = script.seen
    assert str(request.url) == f"{API}/v1.0/me"
    assert request.headers["authorization"] == "Bearer t0"
    assert request.headers["prefer"] == 'IdType="ImmutableId"'
    assert purse.spent == 1


def test_a_token_not_accepted_is_replaced_once() -> None:
    script, purse = Script(stub.STALE, (200, {"id": "a"})), budget()
    with client(script, purse) as made:
        assert made.ask(CALL, wire.NAMED).id == "a"
        assert made.ask(CALL, wire.NAMED).id == "a"
    assert [one.headers["authorization"] for one in script.seen] == [
        "Bearer t0",
        "Bearer t1",
        "Bearer t1",
    ]
    assert purse.spent == 3


def test_a_fresh_token_not_accepted_asks_to_reconnect() -> None:
    with client(Script(stub.STALE)) as made, pytest.raises(AuthExpired):
        made.ask(CALL, wire.NAMED)


def test_a_401_that_names_no_token_is_no_reason_to_reconnect() -> None:
    script = Script(stub.refusal(401, "UnknownError", ""))
    with client(script) as made, pytest.raises(Unavailable):
        made.ask(CALL, wire.NAMED)


@pytest.mark.parametrize("passing", [stub.BROKEN, stub.SLOW, stub.CROWDED, (502, "<html>")])
def test_what_passes_is_waited_out(passing: Inner, hands: clock.Hands) -> None:
    script, purse = Script(passing, passing, (200, {"id": "a"})), budget()
    with client(script, purse) as made:
        assert made.ask(CALL, wire.NAMED).id == "a"
    assert purse.spent == 3
    assert hands.at >= NOW + timedelta(seconds=1.5)


def test_what_does_not_pass_is_told() -> None:
    script = Script(stub.BROKEN)
    with client(script) as made, pytest.raises(Unavailable):
        made.ask(CALL, wire.NAMED)
    assert len(script.seen) == 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (stub.QUOTA, RateLimited),
        (stub.DENIED, ConsentNeeded),
        (stub.NOT_FOUND, Gone),
        ((200, "<html>Sign in</html>"), Unavailable),
        ((200, '{"id":'), Unavailable),
        ((200, {"id": 7}), Unavailable),
        ((200, "[" * 100_000), Unavailable),
        (httpx2.ConnectError("no"), Unavailable),
        (httpx2.ReadTimeout("no"), Unavailable),
        (httpx2.Response(200, content=b"x", headers={"content-encoding": "gzip"}), Unavailable),
        (httpx2.Response(301, headers={"location": "https://evil.example"}), Unavailable),
    ],
    ids=str,
)
def test_bad_answers_are_sorted(
    answer: Inner | httpx2.Response | Exception, kind: type[Exception]
) -> None:
    with client(Script(answer)) as made, pytest.raises(kind):
        made.ask(CALL, wire.NAMED)


def test_an_answer_past_its_cap_is_refused() -> None:
    with client(Script((200, "x" * 2000))) as made, pytest.raises(Refused):
        made.get(Call("/v1.0/me", cap=1000))


def test_mail_is_not_asked_for_in_the_clear() -> None:
    with client(Script((200, {"id": "a"}))) as made:
        made._root = "http://graph.example"
        with pytest.raises(Misconfigured):
            made.ask(CALL, wire.NAMED)


# Links


@pytest.mark.parametrize(
    "rest",
    [
        "/v1.0/me/messages?$skip=10&$select=subject%2cisRead",
        "/v1.0/me/mailFolders('x')/messages/delta?$skiptoken=a%2Bb%3D+c",
    ],
)
def test_a_link_is_followed_word_for_word(rest: str) -> None:
    script = Script((200, {"id": "a"}))
    with client(script) as made:
        for address in (API, "HTTPS://Graph.Example", f"{API}:443"):
            path = made.link(address + rest)
            assert path == rest
            made.ask(calls.changes(path), wire.NAMED)
    assert {one.url.raw_path.decode() for one in script.seen} == {rest}
    assert {one.headers["prefer"] for one in script.seen} == {
        'IdType="ImmutableId", odata.maxpagesize=500'
    }


def test_an_address_may_have_a_path() -> None:
    with client(Script((200, {"id": "a"}))) as made:
        made._root = f"{API}/graph"
        assert made.link(f"{API}/graph/v1.0/me?x=/y") == "/v1.0/me?x=/y"
        with pytest.raises(Unavailable):
            made.link(f"{API}/v1.0/me")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/messages",
        "http://graph.example/v1.0/me/messages",
        "https://graph.example.evil.example/v1.0/me",
        "https://graph.example@evil.example/v1.0/me",
        "https://graph.example:444/v1.0/me",
        "https://graph.example\\@evil.example/v1.0/me",
        "https://graph.example",
        "https://[graph.example/v1.0",
        "https://graph.example:x/v1.0",
        "//graph.example/v1.0/me",
        "/v1.0/me",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_link_to_anywhere_else_is_not_followed(link: str) -> None:
    with client(Script((200, {}))) as made, pytest.raises(Unavailable, match="address"):
        made.link(link)


# Batches


def test_a_batch_has_at_most_twenty_calls_and_each_its_preference() -> None:
    sizes: list[int] = []
    purse = budget()

    def say(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/v1.0/$batch"
        assert request.method == "POST"
        assert request.headers["prefer"] == 'IdType="ImmutableId"'
        inner = json.loads(request.content)["requests"]
        assert all(one["headers"] == {"Prefer": 'IdType="ImmutableId"'} for one in inner)
        assert all(one["url"].startswith("/me/messages/") for one in inner)
        sizes.append(len(inner))
        return stub.batch([(200, {"id": one["url"][-3:]}) for one in inner])

    wanted = [Call(f"/v1.0/me/messages/m{n:02}") for n in range(45)]
    with client(say, purse) as made:
        outcomes = made.ask_all(wanted)
    assert sizes == [20, 20, 5]
    assert purse.spent == 45
    assert [json.loads(bytes(one))["id"] for one in outcomes if isinstance(one, bytes)] == [
        f"m{n:02}" for n in range(45)
    ]


def test_each_call_of_a_batch_has_its_own_outcome(hands: clock.Hands) -> None:
    rounds: list[list[str]] = []

    def say(request: httpx2.Request) -> httpx2.Response:
        asked = stub.calls(request)
        rounds.append(asked)
        answers = {
            "/gone": stub.NOT_FOUND,
            "/denied": stub.DENIED,
            "/broken": stub.BROKEN if len(rounds) == 1 else (200, {"id": "late"}),
            "/stale": stub.STALE if len(rounds) == 1 else (200, {"id": "new"}),
            "/crowd": stub.CROWDED,
        }
        return stub.batch([answers[path] for path in asked])

    paths = ["/gone", "/denied", "/broken", "/stale", "/crowd"]
    with client(say) as made:
        outcomes = made.ask_all([Call(f"/v1.0{path}") for path in paths])
    assert isinstance(outcomes[0], Gone)
    assert isinstance(outcomes[1], ConsentNeeded)
    assert outcomes[2] == b'{"id": "late"}'
    assert outcomes[3] == b'{"id": "new"}'
    assert isinstance(outcomes[4], Crowded)
    assert rounds[1:] == [["/stale"], ["/broken", "/crowd"], ["/crowd"]]
    assert hands.at > NOW


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, "<html>"), Faulty),
        ((200, {"responses": []}), Faulty),
        ((200, {"responses": [{"id": "7", "status": 200}]}), Faulty),
        ((200, {"responses": [{"id": "x", "status": 200}, {"id": "-1", "status": 200}]}), Faulty),
        ((200, {"responses": 7}), Faulty),
        (stub.BROKEN, Faulty),
        (stub.STALE, AuthExpired),
    ],
    ids=str,
)
def test_a_batch_that_is_no_batch(answer: Inner, kind: type[Exception]) -> None:
    with client(Script(answer)) as made:
        (outcome,) = made.ask_all([CALL])
    assert isinstance(outcome, kind)


def test_a_quota_concerns_the_whole_batch() -> None:
    with client(Script(stub.QUOTA)) as made, pytest.raises(RateLimited):
        made.ask_all([CALL])


def test_answers_come_by_number_and_the_first_counts() -> None:
    body = json.dumps(
        {
            "responses": [
                {"id": "1", "status": 200, "body": {"id": "b"}},
                {"id": "0", "status": 200, "body": {"id": "a"}},
                {"id": "0", "status": 404, "body": {}},
            ]
        }
    )
    assert batch.parse(body.encode(), 2) == [b'{"id": "a"}', b'{"id": "b"}']


def test_a_batch_tells_how_long_one_must_wait() -> None:
    inner = {"id": "0", "status": 429, "headers": {"Retry-After": "4"}, "body": stub.QUOTA[1]}
    (outcome,) = batch.parse(json.dumps({"responses": [inner]}).encode(), 1)
    assert isinstance(outcome, RateLimited)
    assert outcome.retry_at == NOW + timedelta(seconds=4)


# Streams


def test_a_stream_replaces_its_token_and_gives_the_bytes() -> None:
    script = Script(stub.STALE, (200, "bytes"))
    with client(script) as made:
        assert b"".join(made.stream(CALL)) == b"bytes"
    with client(Script(stub.STALE)) as made, pytest.raises(AuthExpired):
        list(made.stream(CALL))
    with client(Script(stub.NOT_FOUND)) as made, pytest.raises(Gone):
        list(made.stream(CALL))


def test_the_stub_answers_batches() -> None:
    with client(each(lambda path: (200, {"id": path}))) as made:
        assert made.ask_all([Call("/v1.0/me/a")]) == [b'{"id": "/me/a"}']
