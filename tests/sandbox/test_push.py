"""Gmail's notices: watched with Google's own client, pushed by Pub/Sub, believed by google-auth."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from googleapiclient.errors import HttpError
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from sandbox.clock import Clock
from sandbox.google import pubsub
from sandbox.hooks import Reply, UnansweredError
from sandbox.postman import Postman
from sandbox.server import Server
from sandbox.state import Sandbox
from tests.sandbox.hooks import Listener

ANA, BEN = "ana@company.example", "ben@company.example"
URL = "https://mail.example/hooks/gmail/"
OTHER = f"projects/{pubsub.PROJECT}/topics/other"


@pytest.fixture
def listener(world: Any) -> Listener:
    world.state.send = made = Listener()
    world.state.change_settings(notices_per_second=0)
    pubsub.set_topic(world.state, push_url=URL)
    return made


def watch(service: Any, topic: str = pubsub.TOPIC, **more: Any) -> Any:
    return service.users().watch(userId="me", body={"topicName": topic, **more}).execute()


def happen(world: Any, listener: Listener) -> list[Any]:
    Postman(world.state).work()
    return listener.pushed()


def test_the_vendors_client_watches_and_stops(world: Any, listener: Listener) -> None:
    gmail = world.gmail()
    answer = watch(gmail)
    assert answer["historyId"] == gmail.users().getProfile(userId="me").execute()["historyId"]
    lasts = datetime.fromtimestamp(int(answer["expiration"]) / 1000, UTC) - datetime.now(UTC)
    assert timedelta(days=7) - timedelta(minutes=1) < lasts <= timedelta(days=7)
    assert [str(one["historyId"]) for one in happen(world, listener)] == [answer["historyId"]]
    world.state.deliver(ANA, world.letter())
    (told,) = happen(world, listener)
    now = gmail.users().getProfile(userId="me").execute()["historyId"]
    assert told == {"emailAddress": ANA, "historyId": told["historyId"]}
    assert str(told["historyId"]) == now
    watch(gmail)
    for _ in range(2):
        assert gmail.users().stop(userId="me").execute() == ""
    world.state.deliver(ANA, world.letter(number="2"))
    assert happen(world, listener) == []


@pytest.mark.parametrize(
    ("topic", "status", "words"),
    [
        ("projects/another/topics/mail", 400, "Invalid topicName does not match"),
        ("mail", 400, "Invalid topicName"),
        (None, 400, "Invalid topicName"),
        (f"{pubsub.TOPIC}-not-there", 404, "Resource not found (resource=mail-not-there)"),
        (OTHER, 403, "User not authorized to perform this action."),
    ],
)
def test_topics_that_cannot_be(
    world: Any, listener: Listener, topic: Any, status: int, words: str
) -> None:
    pubsub.set_topic(world.state, OTHER, URL, publisher=False)
    with pytest.raises(HttpError) as caught:
        watch(world.gmail(), topic)
    assert caught.value.status_code == status
    assert words in str(caught.value)


def test_one_topic_for_each_mailbox(world: Any, listener: Listener) -> None:
    pubsub.set_topic(world.state, OTHER, URL)
    gmail = world.gmail()
    watch(gmail)
    with pytest.raises(HttpError, match="Only one user push notification client") as caught:
        watch(gmail, OTHER)
    assert caught.value.status_code == 400
    gmail.users().stop(userId="me").execute()
    watch(gmail, OTHER)
    watch(world.gmail(account=BEN))


def test_a_watch_ends_after_a_week_and_with_its_grant(world: Any, listener: Listener) -> None:
    for account in (ANA, BEN):
        watch(world.gmail(account=account))
    happen(world, listener)
    world.state.revoke(BEN)
    for account in (ANA, BEN):
        world.state.deliver(account, world.letter())
    assert [one["emailAddress"] for one in happen(world, listener)] == [ANA]
    world.state.clock.advance(timedelta(days=7))
    world.state.deliver(ANA, world.letter(number="2"))
    assert happen(world, listener) == []


def test_positions_are_numbers_or_text(world: Any, listener: Listener) -> None:
    watch(world.gmail())
    kinds = set()
    for number in range(40):
        world.state.deliver(ANA, world.letter(number=str(number)))
        kinds |= {type(one["historyId"]) for one in happen(world, listener)}
    assert kinds == {int, str}


def test_more_than_one_a_second_is_not_told(world: Any, listener: Listener) -> None:
    world.state.change_settings(notices_per_second=1)
    world.state.clock = Clock(frozen_at=datetime.now(UTC))
    watch(world.gmail())
    counts = []
    for number in range(4):
        world.state.deliver(ANA, world.letter(number=str(number)))
        counts.append(len(happen(world, listener)))
        world.state.clock.advance(0.6)
    assert counts == [2, 0, 1, 0]  # the first one with the word that the watch has begun


@pytest.mark.parametrize(("behaviour", "count"), [("include", 1), ("EXCLUDE", 2)])
def test_labels_narrow_a_watch(world: Any, listener: Listener, behaviour: str, count: int) -> None:
    watch(world.gmail(), labelIds=["SENT"], labelFilterBehavior=behaviour)
    happen(world, listener)
    found = 0
    for number, label in enumerate(("INBOX", "SENT", "Customers")):
        world.state.deliver(ANA, world.letter(number=str(number)), [label])
        found += len(happen(world, listener))
    assert found == count


def test_the_envelope(world: Any, listener: Listener) -> None:
    watch(world.gmail())
    Postman(world.state).work()
    url, body, headers, seconds = listener.requests[0]
    envelope = json.loads(body)
    message = envelope.pop("message")
    assert (url, seconds) == (URL, 10.0)
    assert headers["Content-Type"] == "application/json"
    assert envelope == {"subscription": f"projects/{pubsub.PROJECT}/subscriptions/mail-push"}
    assert set(message) == {"data", "messageId", "message_id", "publishTime", "publish_time"}
    assert message["messageId"] == message["message_id"]
    assert datetime.fromisoformat(message["publishTime"]).tzinfo == UTC
    base64.urlsafe_b64decode(message["data"])


def believed(world: Any, token: str) -> dict[str, Any]:
    """What google-auth makes of a token, with the sandbox's certificates in Google's place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(id_token, "_GOOGLE_OAUTH2_CERTS_URL", f"{world.url}oauth2/v1/certs")
        return dict(id_token.verify_oauth2_token(token, Request(), audience=URL))


def test_google_auth_believes_who_pushes(world: Any, listener: Listener) -> None:
    watch(world.gmail())
    Postman(world.state).work()
    claims = believed(world, bearer(listener))
    assert claims["email"] == pubsub.SIGNER
    assert claims["email_verified"] is True
    assert claims["iss"] == "https://accounts.google.com"
    assert claims["exp"] == claims["iat"] + 3600


@pytest.mark.parametrize(
    "form", ["signature", "audience", "expired", "unsigned", "missing", "issuer"]
)
def test_google_auth_believes_no_forger(world: Any, listener: Listener, form: str) -> None:
    world.state.faults.add("notice_forged", form=form)
    watch(world.gmail())
    Postman(world.state).work()
    with pytest.raises(
        (ValueError, GoogleAuthError), match=r"Token|segments|signature|audience|issuer"
    ):
        believed(world, bearer(listener))


@pytest.mark.parametrize(("form", "claim"), [("email", "email"), ("unverified", "email_verified")])
def test_who_signs_well_may_still_be_another(
    world: Any, listener: Listener, form: str, claim: str
) -> None:
    watch(world.gmail())
    Postman(world.state).work()
    good = believed(world, bearer(listener))
    listener.requests.clear()
    world.state.faults.add("notice_forged", form=form)
    watch(world.gmail())
    Postman(world.state).work()
    bad = believed(world, bearer(listener))
    assert {name for name in good if good[name] != bad[name]} - {"iat", "exp"} == {claim}


def bearer(listener: Listener) -> str:
    return listener.requests[0][2].get("Authorization", "").removeprefix("Bearer ")


@pytest.mark.parametrize("taken", [102, 200, 201, 202, 204])
def test_pushed_until_it_is_taken(world: Any, listener: Listener, taken: int) -> None:
    world.state.clock = Clock(frozen_at=datetime.now(UTC))
    listener.answers = [Reply(500), Reply(203), UnansweredError("gone"), Reply(taken)]
    watch(world.gmail())
    postman, waits = Postman(world.state), [0.1, 0.2, 0.4]
    for wait in waits:
        assert (postman.work(), postman.work()) == (1, 0)
        world.state.clock.advance(wait)
    assert (postman.work(), postman.work()) == (1, 0)
    numbers = {json.loads(body)["message"]["messageId"] for _, body, _, _ in listener.requests}
    assert len(numbers) == 1


def test_what_waits_survives(world: Any, listener: Listener, tmp_path: Any) -> None:
    state = Sandbox(tmp_path / "sandbox.sqlite3")
    state.send = listener
    pubsub.set_topic(state, push_url=URL)
    account = state.add_account(ANA)
    with state.db.write() as connection:
        connection.execute(
            "INSERT INTO watches VALUES (?, ?, '[]', 0, 1e12, ?, 0)",
            (account.id, pubsub.TOPIC, account.history_id),
        )
        connection.execute(
            "INSERT INTO refresh_tokens VALUES ('t', 'app', ?, '', 0, 0)", (account.id,)
        )
    listener.answers = [UnansweredError("killed")]
    state.deliver(ANA, world.letter())
    assert Postman(state).work() == 1
    state.close()
    again = Sandbox(tmp_path / "sandbox.sqlite3")
    again.send = listener
    again.clock.advance(1)
    listener.requests.clear()
    assert Postman(again).work() == 1
    assert [one["emailAddress"] for one in listener.pushed()] == [ANA]
    again.close()


def test_a_topic_without_an_address_pushes_nothing(world: Any, listener: Listener) -> None:
    pubsub.set_topic(world.state, push_url="")
    watch(world.gmail())
    assert happen(world, listener) == []


def test_no_topic_is_pushed_in_the_clear(world: Any, listener: Listener) -> None:
    with pytest.raises(ValueError, match="https"):
        pubsub.set_topic(world.state, push_url="http://127.0.0.1/hooks/")
    with pytest.raises(ValueError, match="name of a topic"):
        pubsub.set_topic(world.state, "mail", URL)


@pytest.fixture
def hook() -> Iterator[tuple[str, list[WebRequest], threading.Event]]:
    """A real listener on loopback: its address, what it got, and a bell."""
    got: list[WebRequest] = []
    bell = threading.Event()

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        got.append(WebRequest(environ))
        bell.set()
        return Response(status=204)(environ, start_response)

    server = Server(app).start()
    yield f"{server.url}hooks/gmail/", got, bell
    server.stop()


def test_over_the_network_within_a_moment(
    world: Any, hook: tuple[str, list[WebRequest], threading.Event]
) -> None:
    url, got, bell = hook
    world.state.change_settings(http_hooks=True)
    pubsub.set_topic(world.state, push_url=url)
    postman = Postman(world.state).start()
    try:
        started = time.monotonic()
        watch(world.gmail())
        assert bell.wait(5)
        assert time.monotonic() - started < 5
    finally:
        postman.stop()
    assert got[0].path == "/hooks/gmail/"
    assert got[0].method == "POST"
