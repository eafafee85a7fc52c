"""Rounds of changes that take long, and batches that end early: nobody waits for the other."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailweave.mail.models import Copy
from mailweave.providers import kinds
from mailweave.providers.base import (
    Changes,
    Fetched,
    Listed,
    Missing,
    Page,
    Provider,
    StateChange,
    Unreadable,
    Window,
)
from mailweave.providers.gmail import calls
from mailweave.providers.gmail.reader import GmailReader
from mailweave.sync import backfill, connecting, engine, fetching, listing
from mailweave.sync.models import Backfill, Sync
from tests.flows.checks import copies, inside, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import NOW, World

MANY, PAGE = 60, 10


class Enumerating(GmailReader):
    """A provider that can tell what changed only after it has told what there is."""

    pages: list[Changes] = []
    asked: list[str] = []
    on_fetch: Callable[[int], None] = staticmethod(lambda _: None)

    def changes(self, cursor: str) -> Changes:
        self.asked.append("changes")
        return self.pages.pop(0) if self.pages else super().changes(cursor)

    def page(self, window: Window, token: str | None) -> Page:
        self.asked.append("page")
        return super().page(window, token)

    def fetch(self, wanted: Sequence[Listed]) -> Iterator[Fetched | Missing | Unreadable]:
        self.asked.append(f"fetch {len(wanted)}")
        for number, answer in enumerate(super().fetch(wanted), 1):
            self.on_fetch(number)
            yield answer


@pytest.fixture
def box(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """Ada's mailbox, connected, its first round still to come."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    monkeypatch.setattr(calls, "PAGE", 2 * PAGE)
    monkeypatch.setattr(fetching, "PAGE", PAGE)
    monkeypatch.setattr(fetching, "FIRST", PAGE)
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    days = [(letter(n), ("INBOX",), NOW - timedelta(days=n, minutes=1)) for n in range(MANY)]
    world.sandbox.deliver_many(ADA, days)
    real = kinds.connect

    def connect(*args: Any, **more: Any) -> Provider:
        made = real(*args, **more)
        assert isinstance(made.reader, GmailReader)
        return Provider(Enumerating(made.reader.client, made.reader.account_id), made.writer)

    monkeypatch.setattr(kinds, "connect", connect)
    monkeypatch.setattr(Enumerating, "pages", [])
    monkeypatch.setattr(Enumerating, "asked", [])
    return world.connect(ADA)


def enumerate_(
    world: World, ids: Sequence[str], *, seen: bool = True, more: bool = True
) -> Changes:
    """A page that merely says what there is."""
    there = tuple(state(one, seen=seen) for one in ids)
    cursor = str(world.sandbox.account(ADA).history_id)
    return Changes((), (), (), cursor, has_more=more, present=there)


def state(remote_id: str, *, seen: bool = True, received_at: datetime | None = None) -> StateChange:
    return StateChange(
        remote_id, remote_id, ("INBOX",), seen, flagged=False, received_at=received_at
    )


def step(world: World, mailbox: int) -> None:
    sync = sync_of(world, mailbox)
    engine.advance(world.member.workspace_id, sync.pk, limit=timedelta(microseconds=1))


@pytest.fixture(autouse=True)
def ticking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step takes a second, so that a slice is a few steps."""
    went_well = engine._went_well

    def tick(*args: Any) -> None:
        world.hands.advance(1)
        went_well(*args)

    monkeypatch.setattr(engine, "_went_well", tick)


def test_a_long_first_round_takes_turns_with_the_past(world: World, box: int) -> None:
    ids = world.sandbox.message_ids(ADA)
    Enumerating.pages.extend(
        enumerate_(world, ids[n : n + 5], more=n < 55) for n in range(0, 60, 5)
    )
    world.backfill(box)
    world.work(box, until=lambda: len(copies(world, box)) >= 3 * PAGE)
    assert sync_of(world, box).following_since
    assert sync_of(world, box).polled_at is None
    assert Enumerating.asked.count("changes") > 3
    world.work(box)
    assert (copies(world, box), sync_of(world, box).following_since) == (set(ids), None)


def test_what_moves_in_behind_the_listing_while_we_are_deaf_is_found(
    world: World, box: int
) -> None:
    ids = world.sandbox.message_ids(ADA)
    Enumerating.pages.extend(enumerate_(world, ids, more=n < 39) for n in range(40))
    world.backfill(box)

    def is_listed() -> bool:
        with inside(world):
            return Backfill.objects.get().listing_done

    world.work(box, until=is_listed)
    assert sync_of(world, box).following_since, "the round must outlast the listing"
    back = world.sandbox.deliver(ADA, letter(900), ("INBOX",), NOW - timedelta(days=30))
    Enumerating.pages[-1] = enumerate_(world, [*ids, back], more=False)  # enumerated, not news
    world.work(box)
    assert copies(world, box) == {*ids, back}
    with inside(world):
        assert Backfill.objects.get().state == "done"


def test_what_is_merely_there_is_news_only_of_what_we_know(world: World, box: int) -> None:
    world.backfill(box, "30d")
    world.work(box)
    ids = world.sandbox.message_ids(ADA)
    known = copies(world, box)
    assert known == set(ids[:30])
    Enumerating.pages.append(enumerate_(world, ids[:29], more=True))
    Enumerating.pages.append(enumerate_(world, ids[29:], seen=False, more=False))
    with inside(world):
        engine.want(box)
    world.work(box)
    assert copies(world, box) == known
    with inside(world):
        unread = Copy.objects.filter(seen=False)
        assert [one.remote_id for one in unread] == [ids[29]]
    assert sync_of(world, box).last_changed == 1


def test_changes_of_mail_too_old_cost_nothing(world: World, box: int) -> None:
    world.backfill(box, "30d")
    world.work(box)
    ids, known = world.sandbox.message_ids(ADA), copies(world, box)
    old = tuple(state(one, received_at=NOW - timedelta(days=50)) for one in ids[50:])
    cursor = str(world.sandbox.account(ADA).history_id)
    Enumerating.pages.append(Changes((), old, (), cursor, has_more=False))
    Enumerating.asked.clear()
    with inside(world):
        engine.want(box)
    world.work(box)
    assert copies(world, box) == known
    assert Enumerating.asked == ["changes"]
    assert world.states(box) == {"stored": len(known)}


def test_a_wish_during_a_long_round_is_kept(world: World, box: int) -> None:
    ids = world.sandbox.message_ids(ADA)
    Enumerating.pages.extend([enumerate_(world, ids), enumerate_(world, ids, more=False)])
    step(world, box)  # the folders
    step(world, box)
    world.hands.advance(1)
    with inside(world):
        engine.want(box)
    step(world, box)
    assert not Enumerating.pages
    assert sync_of(world, box).wanted_at
    world.work(box)
    assert sync_of(world, box).wanted_at is None
    asked = Enumerating.asked
    assert asked[: asked.index("page")] == ["changes"] * 3, "before the audit"


@pytest.mark.parametrize("wish", ["pause", "cancel", "disconnect", "want"])
def test_a_batch_ends_early_when_somebody_steers(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    world.work(box)
    world.backfill(box)

    def is_listed() -> bool:
        with inside(world):
            return Backfill.objects.get().listing_done

    while not is_listed():
        step(world, box)
    before = len(copies(world, box))
    steers: dict[str, Callable[[int], Any]] = {
        "pause": backfill.pause,
        "cancel": backfill.cancel,
        "want": engine.want,
        "disconnect": lambda one: connecting.disconnect(world.member.workspace_id, one),
    }

    def steer(number: int) -> None:
        if number == PAGE // 2:
            if wish == "disconnect":
                steers[wish](box)
            else:
                with inside(world):
                    steers[wish](box)

    monkeypatch.setattr(Enumerating, "on_fetch", staticmethod(steer))
    step(world, box)
    assert Enumerating.asked[-1] == f"fetch {MANY - before}", "it was one batch"
    assert len(copies(world, box)) == before + PAGE
    assert not copies(world, box, "stuck")
    monkeypatch.setattr(Enumerating, "on_fetch", staticmethod(lambda _: None))
    if wish == "want":
        world.work(box)
        assert len(copies(world, box)) == MANY


def test_the_list_keeps_when_a_message_was_received(world: World, box: int) -> None:
    with inside(world):
        listing.add(box, [Listed("a", "t", NOW), Listed("b", "u")], place=0)
        found = listing.next_batch(box, below=listing.EVERYTHING_BELOW, limit=10)
    assert found == [Listed("a", "t", NOW), Listed("b", "u")]


def test_the_rest_of_a_thread_comes_along_where_that_costs_less(world: World, box: int) -> None:
    with inside(world):
        listing.add(box, [Listed(f"m{n}", f"t{n % 4}") for n in range(12)], place=0)
        below = listing.EVERYTHING_BELOW
        some = listing.next_batch(box, below=below, limit=2)
        more = listing.next_batch(box, below=below, limit=2, whole_threads=True)
    assert [one.remote_id for one in some] == ["m0", "m1"]
    assert [one.remote_id for one in more] == ["m0", "m4", "m1", "m5"]


def test_repair_catches_up_before_it_lists(world: World, box: int) -> None:
    world.backfill(box)
    world.work(box)
    ids = world.sandbox.message_ids(ADA)
    with inside(world):
        Sync.objects.update(cursor="1")  # long forgotten
        engine.want(box)
    Enumerating.asked.clear()
    world.sandbox.expire_history(ADA)
    world.work(box)
    assert Enumerating.asked[:2] == ["changes", "changes"]
    assert Enumerating.asked.index("page") == 2
    assert copies(world, box) == set(ids)
    assert sync_of(world, box).reconcile_cursor == ""
