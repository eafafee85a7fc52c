"""Reading the past: newest first, steered at any moment, nothing twice and nothing left out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.mail.models import Copy, Mailbox, Message
from mailweave.providers.gmail import calls
from mailweave.sync import backfill, engine, fetching, stuck
from mailweave.sync.models import Backfill, Sync
from tests.flows.checks import copies, exact, inside, poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import NOW, World

MANY = 140
PAGE = 20


@pytest.fixture
def box(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """Ada's mailbox, connected and idle, with a letter every three days; pages are small."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    monkeypatch.setattr(calls, "PAGE", 3 * PAGE)
    monkeypatch.setattr(fetching, "PAGE", PAGE)
    monkeypatch.setattr(fetching, "FIRST", PAGE)
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    days = [(letter(n), ("INBOX",), NOW - timedelta(days=3 * n, minutes=1)) for n in range(MANY)]
    world.sandbox.deliver_many(ADA, days)
    mailbox = world.connect(ADA)
    world.work(mailbox)
    return mailbox


def progress(world: World, mailbox: int) -> backfill.Progress:
    with inside(world):
        found = Backfill.objects.filter(mailbox_id=mailbox).order_by("pk").last()
        assert found
        return backfill.progress(found)


def steer(world: World, does: Callable[[int], None], mailbox: int) -> None:
    with inside(world):
        does(mailbox)


def step(world: World, mailbox: int) -> None:
    """One slice that ends after its first step; waits for the pace if it must."""
    sync = sync_of(world, mailbox)
    world.hands.at = max(world.hands.at, sync.held_until or world.hands.at)
    engine.advance(world.member.workspace_id, sync.pk, limit=timedelta(microseconds=1))


@pytest.fixture
def ticking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step takes a second, so that slices end in the middle."""
    went_well = engine._went_well

    def tick(*args: Any) -> None:
        world.hands.advance(1)
        went_well(*args)

    monkeypatch.setattr(engine, "_went_well", tick)


def oldest(world: World, mailbox: int) -> datetime:
    with inside(world):
        found = Copy.objects.filter(mailbox_id=mailbox, state="stored").order_by("received_at")
        return datetime.fromtimestamp(found[0].received_at.timestamp(), UTC)


def test_before_a_range_is_chosen_only_new_mail_comes(world: World, box: int) -> None:
    assert world.states(box) == {}
    new = world.sandbox.deliver(ADA, letter(9000))
    poll(world, box)
    assert copies(world, box) == {new}


@pytest.mark.usefixtures("ticking")
def test_the_first_page_is_there_before_the_listing_ends(world: World, box: int) -> None:
    world.backfill(box)
    seen: list[tuple[int, bool]] = []
    for _ in range(12):
        step(world, box)
        with inside(world):
            row = Backfill.objects.get()
            done = Copy.objects.filter(state="stored").count()
        seen.append((done, row.listing_done))
    assert (PAGE, False) in seen
    newest = world.sandbox.message_ids(ADA)
    assert set(newest[:PAGE]) <= copies(world, box)
    world.work(box)
    exact(world, box, ADA)


@pytest.mark.usefixtures("ticking")
def test_progress_only_grows_and_ends_at_a_hundred(world: World, box: int) -> None:
    world.backfill(box)
    shown: list[int] = []
    for _ in range(40):
        step(world, box)
        now = progress(world, box)
        shown.append(now.percent)
        assert now.done <= now.total
        assert (now.percent == 100) == (now.backfill.state == "done")
    assert shown == sorted(shown)
    end = progress(world, box)
    assert (end.done, end.total, end.exact, end.waiting) == (MANY, MANY, True, 0)
    assert end.backfill.ended_at


@pytest.mark.usefixtures("ticking")
def test_pause_and_resume(world: World, box: int) -> None:
    world.backfill(box)
    for _ in range(4):
        step(world, box)
    steer(world, backfill.pause, box)
    before = copies(world, box)
    assert 0 < len(before) < MANY
    world.work(box)
    assert copies(world, box) == before
    new = world.sandbox.deliver(ADA, letter(9000))
    poll(world, box)
    assert copies(world, box) == before | {new}
    assert progress(world, box).backfill.state == "paused"
    steer(world, backfill.resume, box)
    world.work(box)
    exact(world, box, ADA)
    assert progress(world, box).percent == 100


@pytest.mark.usefixtures("ticking")
def test_new_mail_goes_first(world: World, box: int) -> None:
    world.backfill(box)
    for _ in range(3):
        step(world, box)
    new = world.sandbox.deliver(ADA, letter(9000))
    with inside(world):
        engine.want(box)
    for _ in range(2):
        step(world, box)
    assert new in copies(world, box)
    assert len(copies(world, box)) < MANY


@pytest.mark.usefixtures("ticking")
def test_cancel_keeps_what_came_and_forgets_the_list(world: World, box: int) -> None:
    world.backfill(box)
    for _ in range(4):
        step(world, box)
    before = copies(world, box)
    steer(world, backfill.cancel, box)
    world.work(box)
    assert world.states(box) == {"stored": len(before)}
    assert progress(world, box).backfill.state == "canceled"
    steer(world, backfill.cancel, box)
    world.backfill(box)
    world.work(box)
    exact(world, box, ADA)


def test_a_range_reaches_as_far_as_it_says_and_widens(world: World, box: int) -> None:
    for name, days in (("30d", 30), ("90d", 90), ("12m", 366)):
        world.backfill(box, name)
        world.work(box)
        assert len(copies(world, box)) == days // 3
        assert oldest(world, box) >= NOW - timedelta(days=days)
    world.backfill(box, "30d")
    world.work(box)
    assert len(copies(world, box)) == 122
    since = sync_of(world, box).since
    assert since
    assert since <= world.hands.at - timedelta(days=366), "a shorter range takes nothing back"
    world.backfill(box, "all")
    world.work(box)
    exact(world, box, ADA)
    with inside(world):
        assert Message.objects.count() == Copy.objects.count() == MANY


@pytest.mark.usefixtures("ticking")
def test_a_range_chosen_while_a_worker_is_at_it(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slice that follows changes goes on with the past: by the range as it is by then."""
    went_well = engine._went_well

    def choose(*args: Any) -> None:
        went_well(*args)
        with inside(world):
            chosen = Backfill.objects.exists()
        if not chosen:
            world.backfill(box, "all")

    monkeypatch.setattr(engine, "_went_well", choose)
    with inside(world):
        engine.want(box)
    world.work(box)
    exact(world, box, ADA)


def test_a_second_import_has_to_wait(world: World, box: int) -> None:
    world.backfill(box)
    with pytest.raises(Expected, match="under way"):
        world.backfill(box, "30d")
    with inside(world), pytest.raises(Expected):
        backfill.start(Mailbox.objects.get(pk=box), "forever")


def test_the_listing_begins_again_when_its_place_is_forgotten(world: World, box: int) -> None:
    with inside(world):
        backfill.start(Mailbox.objects.get(pk=box), "all")
        Backfill.objects.update(page_token="3:rubbish", listed_count=5)
    world.work(box)
    exact(world, box, ADA)
    end = progress(world, box)
    assert (end.done, end.backfill.state) == (MANY, "done")
    assert sync_of(world, box).reconcile_cursor == ""


def test_what_was_gone_and_is_listed_again_keeps_its_message(world: World, box: int) -> None:
    world.backfill(box, "30d")
    world.work(box)
    with inside(world):
        Copy.objects.update(state="gone")
        backfill.start(Mailbox.objects.get(pk=box), "all")
        Copy.objects.update(state="listed", place=5)
        backfill.cancel(box)
        assert set(Copy.objects.values_list("state", flat=True)) == {"gone"}
        assert Message.objects.count() == Copy.objects.count() == 10


def test_what_no_rule_takes_in(world: World, box: int) -> None:
    """Drafts, spam, trash and unfollowed mail in a thread that is fetched whole."""
    for labels in (("SENT",), ("SPAM",), ("TRASH",), ("DRAFT",), ()):
        world.sandbox.deliver(ADA, letter(1, subject="x", refs=f"X-Tag: {labels}\r\n"), labels)
    world.backfill(box, "30d")
    world.work(box)
    assert world.states(box)["stored"] == 11
    assert copies(world, box, "stuck") == set()


def test_quota_is_kept_to(world: World, box: int, settings: Any) -> None:
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 6000}
    world.sandbox.change_settings(quota_profile="new")
    world.hands.advance(60)
    world.backfill(box, "90d")
    world.work(box)
    assert len(copies(world, box)) == 30
    assert not world.sandbox.quota.rejected
    assert world.hands.at > NOW + timedelta(seconds=60 + 3)


def test_a_page_that_is_empty_and_a_list_out_of_order(world: World, box: int) -> None:
    world.sandbox.faults.add("empty_page", times=1)
    world.sandbox.faults.add("list_noise", times=None)
    world.backfill(box)
    world.work(box)
    exact(world, box, ADA)


def test_messages_that_vanish_between_list_and_get(world: World, box: int) -> None:
    gone = world.sandbox.message_ids(ADA)[5]
    world.sandbox.faults.add("vanish", times=None, id=gone)
    world.backfill(box, "30d")
    world.work(box)
    assert copies(world, box, "gone") == {gone}
    assert world.states(box) == {"stored": 9, "gone": 1}


def test_retrying_without_anything_set_aside(world: World, box: int) -> None:
    with scope.workspace(world.member.workspace_id):
        assert stuck.retry(box) == []
        assert Sync.objects.get().wanted_at is None
