"""Notices by the control API and on the control page; the way out; the command that sends them."""

import html
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from werkzeug.wrappers import Request, Response

from sandbox import hooks
from sandbox.google import pubsub, tokens
from sandbox.hooks import Reply, UnansweredError
from sandbox.microsoft import tokens as graph_tokens
from sandbox.postman import Postman
from sandbox.server import Server
from tests.sandbox.hooks import Listener

ANA, EVA = "ana@company.example", "eva@contoso.example"
APP = "6f1c7d2e-0000-4000-8000-00000000a99a"
MODIFY = "https://www.googleapis.com/auth/gmail.modify"
URL, LIFE = "https://mail.example/hooks/", "https://mail.example/life/"


class Hook:
    """A hook on a real port; ``delay`` in seconds before it answers."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.delay = 0.0
        self.status = 202
        self.rang = threading.Event()
        self.server = Server(self).start()
        self.url = self.server.url

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        time.sleep(self.delay)
        token = request.args.get("validationToken")
        if token is not None:
            return Response(token, content_type="text/plain")(environ, start_response)
        self.paths.append(request.path)
        self.rang.set()
        return Response(status=self.status)(environ, start_response)


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.stop()


# -- the way out ---------------------------------------------------------------------------


def test_an_answer_is_an_answer(hook: Hook) -> None:
    reply = hooks.post(f"{hook.url}a?validationToken=%C3%A9%20x", b"", {}, 5)
    assert (reply.status, reply.body.decode()) == (200, "é x")
    assert reply.headers["content-type"].startswith("text/plain")
    hook.status = 301
    assert hooks.post(f"{hook.url}a", b"x", {}, 5).status == 301


def test_who_takes_too_long_has_not_answered(hook: Hook) -> None:
    hook.delay = 1.0
    with pytest.raises(UnansweredError) as caught:
        hooks.post(hook.url, b"x", {}, 0.1)
    assert caught.value.late


def test_who_drips_has_not_answered_either() -> None:
    def drip(environ: dict[str, Any], start_response: Any) -> Any:
        pieces = (time.sleep(0.15) or b"x" for _ in range(3))
        return Response(pieces, headers={"Content-Length": "3"})(environ, start_response)

    server = Server(drip).start()
    with pytest.raises(UnansweredError) as caught:
        hooks.post(server.url, b"x", {}, 0.25)
    server.stop()
    assert caught.value.late


def test_nobody_at_home() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnansweredError) as caught:
        hooks.post(f"http://127.0.0.1:{port}/", b"x", {}, 1)
    assert not caught.value.late


@pytest.mark.parametrize(
    ("url", "plain", "fits"),
    [
        ("https://mail.example/hooks/?a=b", False, True),
        ("http://127.0.0.1:8000/hooks/", False, False),
        ("http://127.0.0.1:8000/hooks/", True, True),
        ("http://[::1]:8000/", True, True),
        ("http://localhost/", True, True),
        ("http://127.0.0.1.evil.example/", True, False),
        ("http://10.0.0.1/", True, False),
        ("ftp://mail.example/", True, False),
        ("https://mail.example:port/", True, False),
        ("https://mail.example/a b", True, False),
        ("", True, False),
    ],
)
def test_addresses(url: str, plain: bool, fits: bool) -> None:
    assert (hooks.refusal(url, plain=plain) == "") is fits


# -- by the control API and on its page ----------------------------------------------------


@pytest.fixture
def hand(world: Any) -> Any:
    """A browser at the root of a sandbox where one mailbox of each company is watched."""
    browser = world.browser()
    world.closing.append(browser.close)
    world.state.send = world.listener = Listener()
    pubsub.set_topic(world.state, push_url=URL)
    account = world.state.add_account(EVA, company="microsoft")
    given = (world.state, account, APP, frozenset({"Mail.Read"}))
    token, _ = graph_tokens.make_access_token(*given)
    ends = (datetime.now(UTC) + timedelta(days=6)).isoformat()
    asked = {"changeType": "created", "resource": "me/messages", "notificationUrl": URL,
             "lifecycleNotificationUrl": LIFE, "expirationDateTime": ends}  # fmt: skip
    bearer = {"Authorization": f"Bearer {token}"}
    assert browser.post("/v1.0/subscriptions", json=asked, headers=bearer).status_code == 201
    world.gmail().users().watch(userId="me", body={"topicName": pubsub.TOPIC}).execute()
    Postman(world.state).work()
    world.listener.requests.clear()
    return browser


def look(hand: Any) -> Any:
    return hand.get("/sandbox/api/notices").json()


def test_who_is_told_what(world: Any, hand: Any) -> None:
    now = look(hand)
    standing = {one["mailbox"]: one["what"] for one in now["subscriptions"]}
    assert standing == {ANA: pubsub.TOPIC, EVA: "me/messages"}
    assert [one["name"] for one in now["topics"]] == [pubsub.TOPIC]
    assert now["waiting"] == 0
    world.listener.answers = [Reply(500)]
    world.state.deliver(EVA, world.letter())
    Postman(world.state).work()
    now = look(hand)
    assert now["waiting"] == 1
    last = now["deliveries"][0]
    assert (last["mailbox"], last["what"], last["answer"]) == (EVA, "created", "500")


def test_accidents_by_the_control_api(world: Any, hand: Any) -> None:
    path = f"/sandbox/api/mailboxes/{EVA}"
    hand.post(f"{path}/lifecycle", json={"event": "reauthorizationRequired"})
    Postman(world.state).work()
    url, *_ = world.listener.requests[0]
    assert url == LIFE
    assert world.listener.told()[0]["lifecycleEvent"] == "reauthorizationRequired"
    assert hand.post(f"{path}/lifecycle", json={"event": "party"}).status_code == 400
    hand.post(f"{path}/lifecycle", json={"event": "subscriptionRemoved"})
    assert [one["mailbox"] for one in look(hand)["subscriptions"]] == [ANA]
    assert hand.post(f"/sandbox/api/mailboxes/{ANA}/retire", json={}).status_code == 200
    assert look(hand)["subscriptions"] == []
    topic = {"push_url": "https://new.example/", "publisher": False}
    (made,) = hand.post("/sandbox/api/topics", json=topic).json()["topics"]
    assert (made["push_url"], made["publisher"]) == ("https://new.example/", False)
    assert hand.post("/sandbox/api/reset").status_code == 200
    assert look(hand)["deliveries"] == []


def test_the_page_shows_and_does_it(world: Any, hand: Any) -> None:
    page = hand.get("/sandbox/").text
    assert f"<td>{EVA}</td><td>(all)</td><td>{URL}</td>" in page
    assert URL in page.partition("Last deliveries")[2]
    pattern = r'<form method="post" action="(/sandbox/do/mailbox/[^"]*)"[^>]*>(.*?)</form>'
    forms = re.findall(pattern, page)
    for name in ("lifecycle", "retire"):
        action, inside = next(one for one in forms if one[0].endswith(f"{EVA}/{name}"))
        fields = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', html.unescape(inside)))
        assert (name == "lifecycle") == ("<option>missed</option>" in inside)
        answer = hand.post(action, data=fields | {"event": "missed"})
        assert "said=Done" in answer.headers["location"]
    assert EVA not in {one["mailbox"] for one in look(hand)["subscriptions"]}
    given = {"name": pubsub.TOPIC, "push_url": URL, "audience": "", "publisher": "false"}
    assert "said=Done" in hand.post("/sandbox/do/topics", data=given).headers["location"]
    assert look(hand)["topics"][0]["publisher"] is False


def test_history_may_come_after_its_notice(world: Any) -> None:
    gmail = world.gmail()
    start = gmail.users().getProfile(userId="me").execute()["historyId"]
    world.state.deliver(ANA, world.letter())
    world.state.faults.add("late_history")
    asked = gmail.users().history().list(userId="me", startHistoryId=start)
    assert asked.execute() == {"historyId": start}
    assert len(asked.execute()["history"]) == 1


def test_a_postman_survives_what_he_carries(
    world: Any, hand: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = threading.Event()

    def explode(*_: Any) -> Reply:
        if not broken.is_set():
            broken.set()
            raise RuntimeError("no such thing")
        return Reply(202)

    world.state.send = explode
    postman = Postman(world.state).start()
    world.state.deliver(EVA, world.letter())
    until = time.monotonic() + 10
    while time.monotonic() < until and not (broken.is_set() and look(hand)["waiting"] == 0):
        time.sleep(0.02)
    postman.stop()
    assert look(hand)["waiting"] == 0
    assert "no such thing" in capsys.readouterr().err


# -- the command ---------------------------------------------------------------------------


@contextmanager
def running(data: Path, *more: str) -> Iterator[httpx2.Client]:
    """The command, killed at the end without mercy."""
    command = [sys.executable, "-m", "sandbox", "--data", str(data), "--port", "0",
               "--account", ANA, "--client-id", "mine", "--client-secret", "s", *more]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+?/", process.stdout.readline())
        assert found
        with httpx2.Client(base_url=found[0], trust_env=False) as client:
            yield client
    finally:
        process.kill()
        process.communicate()


def test_killed_and_started_again_it_tells_what_it_owed(tmp_path: Path, hook: Hook) -> None:
    from sandbox.state import Sandbox

    more = ("--allow-http-hooks", "--push-url", f"{hook.url}hooks/gmail/")
    hook.status = 503
    with running(tmp_path, *more) as client:
        state = Sandbox(tmp_path / "sandbox.sqlite3")
        access = tokens.make_access_token(state, state.account(ANA).id, "mine", frozenset({MODIFY}))
        state.close()
        answer = client.post(
            "/gmail/v1/users/me/watch", json={"topicName": pubsub.TOPIC},
            headers={"Authorization": f"Bearer {access}"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        assert hook.rang.wait(10)
    hook.status = 204
    hook.rang.clear()
    with running(tmp_path, *more) as client:
        assert hook.rang.wait(10)
        until = time.monotonic() + 10
        while client.get("/sandbox/api/notices").json()["waiting"] and time.monotonic() < until:
            time.sleep(0.05)
        assert client.get("/sandbox/api/notices").json()["waiting"] == 0
    assert set(hook.paths) == {"/hooks/gmail/"}
