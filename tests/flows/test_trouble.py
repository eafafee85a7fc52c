"""What a provider, a network, a message or a second worker can do to an import, and what then."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, InterfaceError, OperationalError, ProgrammingError, connection
from psycopg import errors as postgres

from mailweave.kit import clock, http, scope
from mailweave.mail import arrival, store
from mailweave.mail.arrival import Arrival
from mailweave.mail.models import Copy, Credential, Mailbox, Message
from mailweave.sync import engine, grants, hands, health, stuck, trouble
from mailweave.sync.models import Sync
from tests.flows.checks import copies, exact, inside, poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import World


@pytest.fixture
def box(world: World, settings: Any) -> int:
    """A mailbox with forty letters, connected and idle."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver_many(ADA, [(letter(n), ("INBOX",), None) for n in range(40)])
    mailbox = world.connect(ADA)
    world.work(mailbox)
    return mailbox


def slice_(world: World, mailbox: int) -> Sync:
    """One slice of work, now; the row after it."""
    engine.advance(world.member.workspace_id, sync_of(world, mailbox).pk)
    return sync_of(world, mailbox)


def wait(world: World, mailbox: int) -> timedelta:
    held = sync_of(world, mailbox).held_until
    assert held
    return timedelta(seconds=(held - world.hands.at).total_seconds())


@pytest.mark.parametrize("kind", ["retry_after", "quota", "rate"])
def test_throttling_waits_and_is_no_failure(world: World, box: int, kind: str) -> None:
    world.backfill(box)
    more = {"seconds": 600} if kind == "retry_after" else {}
    world.sandbox.faults.add(kind, times=30, path="/messages", **more)
    sync = slice_(world, box)
    if kind == "retry_after":
        assert timedelta(seconds=590) <= wait(world, box) <= timedelta(seconds=610)
    assert sync.held_until
    assert (sync.failures, sync.problem) == (0, "")
    calls = world.sandbox.quota.calls[ADA]
    with inside(world):
        engine.want(box)
    slice_(world, box)
    assert world.sandbox.quota.calls[ADA] == calls, "a wait the provider asked for stands"
    world.sandbox.faults.clear()
    world.hands.at = sync.held_until
    world.work(box)
    exact(world, box, ADA)


def test_a_wait_asked_for_after_failures_stands_too(world: World, box: int) -> None:
    world.backfill(box)
    world.sandbox.faults.add("server_error", times=None, path="/gmail/")
    slice_(world, box)
    world.sandbox.faults.clear()
    world.sandbox.faults.add("retry_after", times=None, path="/gmail/", seconds=600)
    world.hands.at += timedelta(seconds=60)
    assert slice_(world, box).failures == 1
    with inside(world):
        engine.want(box)
    assert wait(world, box) > timedelta(seconds=500)


@pytest.mark.parametrize("kind", ["server_error", "reset", "html", "malformed", "gzip_bomb"])
def test_three_tries_with_back_off_then_failed_then_well(world: World, box: int, kind: str) -> None:
    world.sandbox.faults.add(kind, times=None, path="/gmail/", megabytes=80)
    world.backfill(box)
    waits, failed = [], []
    for _ in range(4):
        sync = slice_(world, box)
        waits.append(wait(world, box))
        failed.append(sync.problem)
        assert sync.held_until
        world.hands.at = sync.held_until
    assert failed == ["", "", "failed", "failed"]
    assert waits == sorted(waits)
    assert waits[1] == 2 * waits[0]
    with inside(world):
        judged = health.judge(Mailbox.objects.get(), Sync.objects.get())
        assert (judged.name, judged.label) == ("error", "Sync failed")
        assert set(Copy.objects.values_list("state", flat=True)) <= {"listed"}
    world.sandbox.faults.clear()
    world.work(box)
    sync = sync_of(world, box)
    assert (sync.problem, sync.failures, sync.held_reason) == ("", 0, "")
    exact(world, box, ADA)


def test_somebody_who_wants_to_know_need_not_wait_out_our_back_off(world: World, box: int) -> None:
    world.sandbox.faults.add("server_error", times=None, path="/gmail/")
    world.backfill(box)
    slice_(world, box)
    world.sandbox.faults.clear()
    with inside(world):
        engine.want(box)
    slice_(world, box)
    exact(world, box, ADA)


def test_a_long_outage_sets_nothing_aside(world: World, box: int) -> None:
    world.backfill(box)
    world.work(box, until=lambda: bool(copies(world, box, "listed")))
    for path in ("/messages", "/threads", "/profile"):  # while changes still answer
        world.sandbox.faults.add("server_error", times=None, path=path)
    for _ in range(12):
        world.hands.at += timedelta(hours=1)
        slice_(world, box)
    assert copies(world, box, "stuck") == set()
    world.sandbox.faults.clear()
    world.hands.at += timedelta(hours=1)
    world.work(box)
    exact(world, box, ADA)


def test_one_message_the_provider_never_gives_is_set_aside(world: World, box: int) -> None:
    bad = world.sandbox.message_ids(ADA)[7]
    world.sandbox.faults.add("server_error", times=None, path=f"/messages/{bad}")
    world.backfill(box)
    for _ in range(12):
        world.hands.at += timedelta(hours=1)
        world.work(box)
    assert copies(world, box, "stuck") == {bad}
    assert len(copies(world, box)) == 39
    with inside(world):
        assert "provider failed" in Copy.objects.get(state="stuck").reason
    world.sandbox.faults.clear()
    with inside(world):
        assert len(stuck.retry(box)) == 1
    world.work(box)
    exact(world, box, ADA)


def test_the_operators_client_is_broken(world: World, box: int, settings: Any) -> None:
    settings.PROVIDER_CLIENTS = {"gmail": ("client-1", "wrong")}
    world.hands.at += timedelta(hours=2)
    sync = slice_(world, box)
    assert sync.problem == "operator"
    settings.PROVIDER_CLIENTS = {"gmail": ("client-1", "secret-1")}
    world.hands.at += timedelta(minutes=6)
    world.work(box)
    assert sync_of(world, box).problem == ""


def poison(monkeypatch: pytest.MonkeyPatch, subject: str, error: Exception) -> None:
    """Whatever page has a message of this subject cannot be stored."""
    good = store.store

    def fails(mailbox_id: int, page: Sequence[Arrival]) -> store.Stored:
        if any(one.subject == subject for one in page):
            raise error
        return good(mailbox_id, page)

    monkeypatch.setattr(store, "store", fails)


def too_big() -> OperationalError:
    error = OperationalError("string is too long for tsvector (9999 bytes, max 1 bytes)")
    error.__cause__ = postgres.ProgramLimitExceeded()
    return error


@pytest.mark.parametrize(
    "error",
    [ValueError("NUL"), DataError("x"), RuntimeError("surprise"), KeyError("k"), too_big()],
    ids=["value", "data", "runtime", "key", "limit"],
)
def test_a_poison_message_is_set_aside_and_the_rest_goes_on(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch, error: Exception, caplog: Any
) -> None:
    with monkeypatch.context() as patch:
        poison(patch, "Letter 17", error)
        world.backfill(box)
        world.work(box)
    assert len(copies(world, box)) == 39
    assert len(copies(world, box, "stuck")) == 1
    with inside(world):
        reason = Copy.objects.get(state="stuck").reason
        assert reason == f"It could not be stored ({type(error).__name__})."
        assert not Message.objects.filter(subject="Letter 17").exists()
    assert sync_of(world, box).problem == ""
    assert "tsvector" not in caplog.text
    with inside(world):
        assert len(stuck.retry(box)) == 1
    world.work(box)
    exact(world, box, ADA)


def test_a_message_that_cannot_be_read(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = arrival.read

    def fails(fetched: Any, **more: Any) -> Arrival:
        if ("Subject", "Letter 3") in fetched.headers:
            raise RecursionError("secret words")
        return good(fetched, **more)

    with monkeypatch.context() as patch:
        patch.setattr(arrival, "read", fails)
        world.backfill(box)
        world.work(box)
    with inside(world):
        assert Copy.objects.get(state="stuck").reason == "It could not be read (RecursionError)."
        stuck.retry(box)
    world.work(box)
    exact(world, box, ADA)


@pytest.mark.parametrize(
    "error",
    [OperationalError("gone"), InterfaceError("closed"), ProgrammingError("no such column")],
    ids=["operational", "interface", "programming"],
)
def test_a_fault_of_ours_sets_nothing_aside(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as patch:
        poison(patch, "Letter 17", error)
        world.backfill(box)
        slice_(world, box)
    assert copies(world, box, "stuck") == set()
    assert sync_of(world, box).failures == 1
    world.hands.at += timedelta(minutes=1)
    world.work(box)
    exact(world, box, ADA)


def test_somebody_else_took_over(world: World, box: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lost the lease writes nothing more, and nothing about it."""
    went_well = engine._went_well

    def lose(*args: Any) -> None:
        went_well(*args)
        with inside(world):
            Sync.objects.update(lease_token="other")

    world.backfill(box)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "_went_well", lose)
        sync = slice_(world, box)
    assert (sync.lease_token, sync.failures, sync.problem) == ("other", 0, "")
    assert copies(world, box) == set()
    world.hands.at += timedelta(minutes=15)
    world.work(box)
    exact(world, box, ADA)


def test_an_error_after_the_lease_is_lost_says_nothing(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        with inside(world):
            Sync.objects.update(lease_token="other")
        raise RuntimeError("late")

    monkeypatch.setattr(engine.changes, "follow", fail)
    with inside(world):
        engine.want(box)
    sync = slice_(world, box)
    assert (sync.lease_token, sync.failures, sync.held_until) == ("other", 0, None)


def test_while_one_is_at_it_others_leave(world: World, box: int) -> None:
    with inside(world):
        Sync.objects.update(
            lease_token="other", lease_until=world.hands.at + timedelta(days=1), wanted_at=None
        )
        taken = engine.lease.is_alive("other")
    assert not taken
    calls = world.sandbox.quota.calls[ADA]
    with inside(world):
        token = engine.lease.take(Sync.objects.all(), sync_of_inside())
    assert token
    engine.advance(world.member.workspace_id, sync_of(world, box).pk)
    assert world.sandbox.quota.calls[ADA] == calls


def sync_of_inside() -> int:
    return int(Sync.objects.get().pk)


def refreshes(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes each refresh the sandbox answers."""
    asked: list[str] = []
    send = world.transport.handle_request

    def noted(request: Any) -> Any:
        if request.url.path == "/token":
            asked.append("token")
        return send(request)

    monkeypatch.setattr(world.transport, "handle_request", noted)
    return asked


def open_grant(world: World, box: int, web: Any) -> grants.Grant:
    return grants.open_grant(world.member.workspace_id, box, "gmail", web)


def test_a_token_is_renewed_before_it_expires(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = refreshes(world, monkeypatch)
    poll(world, box)
    assert asked == []
    world.hands.at += timedelta(minutes=53)
    poll(world, box)
    assert asked == ["token"]


def test_two_at_once_refresh_once(world: World, box: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = refreshes(world, monkeypatch)
    with http.client(transport=hands.NETWORK) as web:
        both = [open_grant(world, box, web) for _ in range(2)]
        old = both[0].tokens.access_token
        start, found = threading.Barrier(2), list[str]()

        def ask(grant: grants.Grant) -> None:
            start.wait(5)
            found.append(grant.refresh(old))
            connection.close()

        threads = [threading.Thread(target=ask, args=(one,)) for one in both]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
    assert len(found) == 2
    assert len(set(found)) == 1
    assert found[0] != old
    assert asked == ["token"]


def test_who_died_refreshing_holds_nobody_up_for_long(world: World, box: int) -> None:
    with inside(world):
        Credential.objects.update(refreshing_until=clock.now() + grants.CLAIM)
    with http.client(transport=hands.NETWORK) as web:
        grant = open_grant(world, box, web)
        before = world.hands.at
        assert grant.refresh(grant.tokens.access_token)
    assert world.hands.at - before <= grants.CLAIM + timedelta(seconds=1)


def test_a_refresh_never_overwrites_a_newer_grant(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reconnected, or disconnected, while the provider was asked."""
    good = grants.oauth.refresh
    with http.client(transport=hands.NETWORK) as web:
        grant = open_grant(world, box, web)

        def slow(*args: Any, **more: Any) -> Any:
            fresh = good(*args, **more)
            world.connect(ADA)
            return fresh

        with monkeypatch.context() as patch:
            patch.setattr(grants.oauth, "refresh", slow)
            found = grant.refresh(grant.tokens.access_token)
        now = open_grant(world, box, web)
        assert (found, grant.version) == (now.tokens.access_token, now.version)
        assert now.version == 2

        def cut(*args: Any, **more: Any) -> Any:
            fresh = good(*args, **more)
            with inside(world):
                Credential.objects.all().delete()
            return fresh

        monkeypatch.setattr(grants.oauth, "refresh", cut)
        with pytest.raises(grants.AuthExpired):
            now.refresh(now.tokens.access_token)
    with inside(world):
        assert Credential.objects.count() == 0


def test_a_dead_token_of_an_older_grant_is_no_reason_to_give_up(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http.client(transport=hands.NETWORK) as web:
        grant = open_grant(world, box, web)

        def dead(*_: Any, **__: Any) -> Any:
            world.connect(ADA)
            raise grants.AuthExpired("The permission has ended.")

        monkeypatch.setattr(grants.oauth, "refresh", dead)
        assert grant.refresh(grant.tokens.access_token) == grant.tokens.access_token
        assert grant.version == 2


def test_a_token_refused_early_is_replaced(world: World, box: int) -> None:
    with world.sandbox.db.write() as store_:
        store_.execute("DELETE FROM access_tokens")
    new = world.sandbox.deliver(ADA, letter(90))
    poll(world, box)
    assert new in copies(world, box)
    assert sync_of(world, box).problem == ""


def test_words_for_every_problem() -> None:
    assert {problem.value for problem in Sync.Problem} == {one.value for one in health._PROBLEMS}
    assert set(Sync.Problem) > trouble.PERSONS_MOVE


def test_the_next_alarm_is_one(world: World, box: int) -> None:
    """However often a mailbox is woken, it keeps one alarm for its next poll."""
    for _ in range(5):
        with inside(world):
            engine.want(box)
        slice_(world, box)
        slice_(world, box)
    with scope.workspace(world.member.workspace_id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at > %s"
            " AND (args ->> 'workspace_id')::bigint = %s",
            [world.hands.at, world.member.workspace_id],
        )
        assert cursor.fetchone() == (1,)
