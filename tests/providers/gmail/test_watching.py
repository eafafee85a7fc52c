"""What Gmail may answer when it is asked to tell us."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.base import Hook
from mailweave.providers.errors import AuthExpired, ConsentNeeded, Misconfigured, RateLimited
from mailweave.providers.gmail.watching import GmailWatcher
from tests.providers.stub import NOT_FOUND, NOW, QUOTA, Inner, Say, reader, told

TOPIC = "projects/mailweave/topics/mail"
HOOK = Hook("https://mail.example/hooks/gmail/", topic=TOPIC)
ENDS = NOW + timedelta(days=7)
GOOD = (200, json.dumps({"historyId": "7", "expiration": f"{ENDS.timestamp():.0f}000"}).encode())
DONE = (204, b"")
ONE_ONLY = (
    "Only one user push notification client allowed per developer (call /stop then try again)"
)
FORBIDDEN = "User not authorized to perform this action."


def answers(*inner: Inner) -> tuple[Say, list[tuple[str, bytes]]]:
    """Answers in turn, and what was asked."""
    waiting, asked = list(inner), list[tuple[str, bytes]]()

    def say(request: httpx2.Request) -> httpx2.Response:
        asked.append((f"{request.method} {request.url.path}", request.content))
        status, body = waiting.pop(0)
        return httpx2.Response(status, content=body)

    return say, asked


@contextmanager
def watcher(say: Say) -> Iterator[GmailWatcher]:
    with clock.use(clock.Hands(NOW)), reader(say) as made:
        yield GmailWatcher(made.client)


def test_a_mailbox_is_watched_as_one() -> None:
    say, asked = answers(GOOD)
    with watcher(say) as gmail:
        assert gmail.resources(frozenset({"inbox", "sent"})) == [""]
        watch = gmail.watch("", HOOK)
        assert gmail._client.budget.spent == 100
    assert (watch.resource, watch.remote_id, watch.expires_at) == ("", "", ENDS)
    assert asked[0][0] == "POST /gmail/v1/users/me/watch"
    assert json.loads(asked[0][1]) == {"topicName": TOPIC}


def test_another_topic_gives_way() -> None:
    refused = (400, told(400, ONE_ONLY, "invalidArgument"))
    say, asked = answers(refused, DONE, GOOD)
    with watcher(say) as gmail:
        assert gmail.watch("", HOOK).expires_at == ENDS
    assert [one.rpartition("/")[2] for one, _ in asked] == ["watch", "stop", "watch"]


def test_stopping_costs_half_and_says_nothing() -> None:
    say, asked = answers(GOOD, DONE, DONE)
    with watcher(say) as gmail:
        watch = gmail.watch("", HOOK)
        gmail.unwatch(watch)
        gmail.unwatch(watch)
        assert gmail._client.budget.spent == 200
    assert asked[-1] == ("POST /gmail/v1/users/me/stop", b"")


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ((403, told(403, f"Error sending test message: {FORBIDDEN}", "forbidden")), "Publisher"),
        ((400, told(400, "Invalid topicName does not match", "invalidArgument")), "project"),
        (NOT_FOUND, "There is no topic"),
    ],
)
def test_a_wrong_topic_is_the_operators(answer: Inner, word: str) -> None:
    say, _ = answers(answer)
    with watcher(say) as gmail, pytest.raises(Misconfigured, match=word) as caught:
        gmail.watch("", HOOK)
    assert TOPIC in str(caught.value)


def test_no_topic_is_asked_for_nothing() -> None:
    say, asked = answers()
    with watcher(say) as gmail, pytest.raises(Misconfigured):
        gmail.watch("", Hook("https://mail.example/hooks/gmail/"))
    assert asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (QUOTA, RateLimited),
        ((403, told(403, "Insufficient Permission", "insufficientPermissions")), ConsentNeeded),
    ],
)
def test_what_is_about_the_grant_or_the_quota_stays_so(
    answer: Inner, error: type[Exception]
) -> None:
    say, _ = answers(answer)
    with watcher(say) as gmail, pytest.raises(error):
        gmail.watch("", HOOK)


def test_a_grant_that_is_gone_is_no_fault_of_the_topic() -> None:
    stale = (401, told(401, "Invalid Credentials", "authError"))
    say, _ = answers(stale, stale)
    with watcher(say) as gmail, pytest.raises(AuthExpired):
        gmail.watch("", HOOK)


@pytest.mark.parametrize("expiration", ["soon", "9" * 30, "-1e9"])
def test_an_end_nobody_can_read_is_a_week_away(expiration: str) -> None:
    say, _ = answers((200, json.dumps({"historyId": "7", "expiration": expiration}).encode()))
    with watcher(say) as gmail:
        assert gmail.watch("", HOOK).expires_at == NOW + timedelta(days=7)


def test_an_end_may_be_a_number() -> None:
    say, _ = answers((200, b'{"historyId": 7, "expiration": 1777982400000}'))
    with watcher(say) as gmail:
        assert gmail.watch("", HOOK).expires_at == datetime(2026, 5, 5, 12, tzinfo=UTC)
