"""Quota, concurrency and every switch for trouble, as a client meets them."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from googleapiclient.errors import HttpError

from sandbox.app import build
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.quota import TooManyConcurrentError
from sandbox.state import Sandbox

ANA, BEN = "ana@company.example", "ben@company.example"


@pytest.fixture
def mail(world: Any) -> Any:
    """Ana's mailbox with one message, through the vendor's client."""
    world.number = world.state.deliver(ANA, world.letter())
    world.users = world.gmail().users()
    return world


def get(mail: Any) -> Any:
    return mail.users.messages().get(userId="me", id=mail.number)


def raw(world: Any, path: str = "profile", **options: Any) -> Any:
    token = world.credentials().token
    with world.browser() as browser:
        return browser.get(
            f"gmail/v1/users/me/{path}", headers={"Authorization": f"Bearer {token}"}, **options
        )


def refused(call: Any) -> Any:
    with pytest.raises(HttpError) as caught:
        call.execute()
    return caught.value


def test_units_are_counted_and_run_out_with_the_documented_answer(mail: Any) -> None:
    clock = mail.state.clock
    clock.freeze()
    mail.state.change_settings(units_per_minute=100)
    for _ in range(5):
        get(mail).execute()
    error = refused(get(mail))
    assert error.status_code == 403
    assert error.error_details == [
        {
            "message": "Quota exceeded for quota metric 'Total Query Cost' and limit 'Units per"
            " minute per user' of service 'gmail.googleapis.com' for consumer"
            " 'project_number:123456789012'.",
            "domain": "usageLimits", "reason": "rateLimitExceeded",
        }
    ]  # fmt: skip
    assert mail.state.quota.units[ANA] == 100, "a refused call costs nothing"
    assert mail.state.quota.left(ANA) == 0
    clock.advance(59)
    assert refused(get(mail)).status_code == 403
    clock.advance(2)
    assert get(mail).execute()["id"] == mail.number
    assert sum(mail.state.quota.minutes[ANA].values()) == 120
    assert mail.state.quota.rejected[ANA] == 2


def test_units_follow_the_table_of_the_profile(mail: Any) -> None:
    quota = mail.state.quota

    def cost(call: Any) -> int:
        before = quota.units[ANA]
        call.execute()
        return quota.units[ANA] - before

    users = mail.users
    thread = users.threads().get(userId="me", id=mail.number)
    calls = [get(mail), thread, users.messages().list(userId="me"), users.getProfile(userId="me")]
    assert [cost(call) for call in calls] == [20, 40, 5, 1]
    mail.state.change_settings(quota_profile="legacy")
    assert [cost(call) for call in calls] == [5, 10, 5, 1]
    assert quota.limit() == 15_000
    mail.state.change_settings(quota_profile="off", units_per_minute=1)
    assert [cost(call) for call in calls] == [20, 40, 5, 1]


def test_one_mailbox_does_not_spend_anothers_units(mail: Any) -> None:
    mail.state.change_settings(units_per_minute=20)
    get(mail).execute()
    assert refused(get(mail)).status_code == 403
    assert mail.gmail(account=BEN).users().getProfile(userId="me").execute()["emailAddress"] == BEN


def test_more_calls_in_flight_than_allowed_get_a_429(mail: Any) -> None:
    mail.state.change_settings(concurrency=1)
    with mail.state.quota.flight(ANA):
        error = refused(get(mail))
        assert error.status_code == 429
        assert "Too many concurrent requests for user." in str(error)
        with pytest.raises(TooManyConcurrentError), mail.state.quota.flight(ANA):
            pass
        with mail.state.quota.flight(BEN):
            pass
    assert get(mail).execute()["id"] == mail.number


@pytest.mark.parametrize(
    ("kind", "options", "status", "reason"),
    [
        ("quota", {}, 403, "rateLimitExceeded"),
        ("rate", {}, 429, "rateLimitExceeded"),
        ("concurrent", {}, 429, "rateLimitExceeded"),
        ("server_error", {}, 503, "backendError"),
        ("server_error", {"status": 500}, 500, "backendError"),
        ("precondition", {}, 400, "failedPrecondition"),
        ("vanish", {}, 404, "notFound"),
    ],
)
def test_errors_on_demand_for_as_many_calls_as_asked(
    mail: Any, kind: str, options: dict[str, Any], status: int, reason: str
) -> None:
    mail.state.faults.add(kind, times=2, path="/messages/", mailbox=ANA, **options)
    mail.users.getProfile(userId="me").execute()
    for _ in range(2):
        error = refused(get(mail))
        assert (error.status_code, error.error_details[0]["reason"]) == (status, reason)
    assert get(mail).execute()["id"] == mail.number
    assert mail.state.faults.listed() == []


def test_the_official_client_retries_what_it_should(
    mail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for kind in ("quota", "rate", "server_error"):
        mail.state.faults.add(kind, times=2)
        call = get(mail)
        call._sleep = lambda _: None
        assert call.execute(num_retries=3)["id"] == mail.number
    mail.state.faults.add("precondition", times=1)
    with pytest.raises(HttpError):
        get(mail).execute(num_retries=3)


def test_an_expired_token_is_refreshed_by_the_official_client(mail: Any) -> None:
    mail.state.faults.add("unauthorized", times=1)
    assert get(mail).execute()["id"] == mail.number


def test_a_hard_block_names_the_moment_it_ends(mail: Any) -> None:
    mail.state.clock.freeze(datetime(2026, 11, 21, 10, 0, tzinfo=UTC))
    gmail = mail.gmail().users()
    mail.state.faults.add("retry_after", seconds=90)
    error = refused(gmail.getProfile(userId="me"))
    assert error.status_code == 429
    assert "User-rate limit exceeded.  Retry after 2026-11-21T10:01:30.000Z" in str(error)


def test_one_named_message_vanishes_and_the_others_stay(mail: Any) -> None:
    other = mail.state.deliver(ANA, mail.letter(number="2"))
    mail.state.faults.add("vanish", times=None, id=other)
    assert get(mail).execute()["id"] == mail.number
    messages = mail.users.messages()
    assert refused(messages.get(userId="me", id=other)).status_code == 404
    listed = messages.list(userId="me").execute()["messages"]
    assert other in [item["id"] for item in listed], "listed all the same"


def test_history_faults(mail: Any) -> None:
    start = str(mail.state.account(ANA).history_floor)
    history = mail.users.history()
    mail.state.faults.add("expired_history")
    assert refused(history.list(userId="me", startHistoryId=start)).status_code == 404
    mail.state.faults.add("duplicate_history")
    twice = history.list(userId="me", startHistoryId=start).execute()["history"]
    assert len(twice) == 2
    assert twice[0] == twice[1]
    mail.state.faults.add("empty_page", path="/history")
    page = history.list(userId="me", startHistoryId=start).execute()
    assert "history" not in page
    token = page["nextPageToken"]
    full = history.list(userId="me", startHistoryId=start, pageToken=token).execute()
    assert full["history"] == twice[:1]


def test_bare_records_say_only_which_message(mail: Any) -> None:
    mail.state.change_settings(bare_records=True)
    start = str(mail.state.account(ANA).history_id)
    mail.state.modify(ANA, mail.number, add=["STARRED"])
    history = mail.users.history()
    for kinds in (None, "messageDeleted"):
        records = history.list(userId="me", startHistoryId=start, historyTypes=kinds).execute()
        bare = records["history"][-1]
        ids = [{"id": mail.number, "threadId": mail.number}]
        assert bare == {"id": bare["id"], "messages": ids}


def test_listing_faults(mail: Any) -> None:
    for number in range(2, 22):
        mail.state.deliver(ANA, mail.letter(number=str(number)))
    listing = mail.users.messages().list(userId="me")
    right = listing.execute()["messages"]
    mail.state.faults.add("list_noise")
    noisy = listing.execute()["messages"]
    assert noisy != right
    assert sorted(noisy, key=str) == sorted(right, key=str)
    mail.state.faults.add("empty_page")
    page = listing.execute()
    assert "messages" not in page
    again = mail.users.messages().list(userId="me", pageToken=page["nextPageToken"]).execute()
    assert again["messages"] == right


def test_a_reset_connection(mail: Any) -> None:
    mail.state.faults.add("reset")
    with pytest.raises(ConnectionResetError):
        get(mail).execute()
    inside = httpx2.Client(
        transport=httpx2.WSGITransport(app=build(mail.state)), base_url="http://inside"
    )
    mail.state.faults.add("reset", path="/batch")
    with inside, pytest.raises(ConnectionResetError):
        inside.post("/batch", content=b"", headers={"Content-Type": "multipart/mixed; boundary=b"})


def test_spoiled_bodies(mail: Any) -> None:
    mail.state.faults.add("html", path="/gmail")
    assert "<html>" in raw(mail).text
    mail.state.faults.add("malformed")
    with pytest.raises(ValueError, match=r"[Uu]nterminated|[Ee]xpecting"):
        raw(mail).json()
    mail.state.faults.add("gzip_bomb", megabytes=3)
    bomb = raw(mail)
    assert bomb.headers["content-encoding"] == "gzip"
    assert int(bomb.headers["content-length"]) < 20_000
    assert len(bomb.content) > 3_000_000
    mail.state.faults.add("slow", seconds=0.3)
    started = time.monotonic()
    assert raw(mail).json()["emailAddress"] == ANA
    assert time.monotonic() - started > 0.25


def test_an_answer_takes_as_long_as_set_and_a_batch_only_once(mail: Any) -> None:
    mail.state.change_settings(latency_ms=300)
    gmail = mail.gmail()
    batch = gmail.new_batch_http_request()
    for _ in range(8):
        batch.add(gmail.users().getProfile(userId="me"))
    started = time.monotonic()
    batch.execute()
    assert 0.29 < time.monotonic() - started < 2


def test_sign_in_can_fail_too(world: Any) -> None:
    world.state.faults.add("server_error", path="/token")
    with world.browser() as browser:
        assert browser.post("/token").status_code == 503
        assert browser.post("/token").status_code == 400


def test_unknown_switches_are_refused(world: Any) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        world.state.faults.add("flood")
    for wrong in ({"nope": 1}, {"latency_ms": "5"}, {"quota_profile": "huge"}, {"latency_ms": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            world.state.change_settings(**wrong)


def test_many_threads_at_once_lose_nothing(tmp_path: Any, world: Any) -> None:
    state = Sandbox(tmp_path / "state.sqlite3", Clock())
    state.add_account(ANA)
    problems: list[Exception] = []

    def work(name: int) -> None:
        try:
            for n in range(10):
                number = state.deliver(ANA, world.letter(number=f"{name}-{n}"))
                state.modify(ANA, number, remove=["UNREAD"])
        except Exception as problem:  # noqa: BLE001 - shown below
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(state.message_ids(ANA)) == 60
    with state.db.read() as connection:
        assert connection.execute("SELECT COUNT(*), COUNT(DISTINCT id) FROM history").fetchone()[
            :
        ] == (120, 120)
    state.close()


@pytest.mark.parametrize(("share", "least", "most"), [(0, 0, 0), (0.5, 50, 150), (1, 200, 200)])
def test_a_share_of_calls_is_lost(share: float, least: int, most: int) -> None:
    faults = Faults()
    faults.add("lost_answer", None, path="/send", form="error", share=share)
    lost = [faults.lost("lost_answer", "/drafts/send", ANA) for _ in range(200)]
    kinds = [one.kind for one in lost if one]
    assert least <= len(kinds) <= most
    assert set(kinds) <= {"server_error"}
    assert faults.lost("lost_request", "/drafts/send", ANA) is None
