"""A worker that dies at any moment of an import loses nothing and doubles nothing.

Every moment in turn; and faults sown on purpose, to see that this would notice.
"""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailweave.kit import lease
from mailweave.mail.models import Copy, Message
from mailweave.mail.visibility import viewer_for
from mailweave.providers.gmail import calls
from mailweave.sync import backfill, changes, fetching, listing, marks
from mailweave.sync.models import Backfill, Finding, SeenMark, Sync
from tests.flows.checks import exact, inside, labels, poll, sync_of
from tests.flows.crashing import Bomb, Crash
from tests.flows.test_backfill import letter
from tests.flows.world import World
from tests.makers import make_member

LETTERS = 6
EVERY = int(os.environ.get("MAILWEAVE_TEST_MOMENTS", "24"))
"""One moment in so many, others in each run; 1 tries all of them, which takes minutes."""


@pytest.fixture
def bomb(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Bomb:
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    world.sandbox.change_settings(quota_profile="off")
    monkeypatch.setattr(calls, "PAGE", 5)
    monkeypatch.setattr(fetching, "PAGE", 3)
    return Bomb(monkeypatch)


def survive(world: World, bomb: Bomb, does: Callable[[], None], at: int) -> bool:
    """Do it, dying at moment ``at``; then a new worker goes on. Whether there was that moment."""
    bomb.arm(at)
    try:
        does()
    except Crash:
        bomb.arm(0)
        world.hands.at += lease.TERM + timedelta(seconds=1)
        does()
        return True
    return False


def live(world: World, bomb: Bomb, at: int, *, lost: bool = False) -> bool:
    """The past and a day of a mailbox of its own, with one death; whether there was that moment.

    Mail comes, goes and changes between connecting and the import, and after it.
    """
    address = f"user{at}{lost}@northwind.example"
    world.member = make_member()
    sandbox = world.sandbox
    sandbox.add_account(address, "Somebody")
    ids = [sandbox.deliver(address, letter(100 * at + n)) for n in range(LETTERS)]
    mailbox = world.connect(address)
    world.backfill(mailbox)
    ids.append(sandbox.deliver(address, letter(100 * at + 50)))
    sandbox.delete(address, ids[0])
    if lost:
        sandbox.expire_history(address)

    def work() -> None:
        world.work(mailbox)
        if not happened:
            happened.append(True)
            sandbox.deliver(address, letter(100 * at + 60), labels=("SENT",))
            sandbox.modify(address, ids[3], remove=["UNREAD"])
            sandbox.delete(address, ids[4:6])
            read_here(world, [ids[1], ids[2], ids[4]])
            if lost:
                sandbox.expire_history(address)
        poll(world, mailbox)

    happened: list[bool] = []
    died = survive(world, bomb, work, at)
    check(world, mailbox, address, lost=lost)
    there = labels(sandbox, address)
    assert not any("UNREAD" in there[one] for one in ids[1:3]), "what was read here is lost"
    return died


def read_here(world: World, remote_ids: list[str]) -> None:
    """Somebody reads these in the product."""
    with inside(world):
        copies = Copy.objects.filter(remote_id__in=remote_ids)
        which = marks.of_messages(list(copies.values_list("message_id", flat=True)))
        marks.mark(viewer_for(world.member), which, seen=True)


def live_every_life(world: World, bomb: Bomb, *, lost: bool, begin: int = 1, every: int = 1) -> int:
    """One life for each moment there is to die at; how many there were."""
    for at in range(begin, 400, every):
        if not live(world, bomb, at, lost=lost):
            return at
    raise RuntimeError("the work never ends")


def check(world: World, mailbox: int, address: str, *, lost: bool) -> None:
    exact(world, mailbox, address, repaired=lost)
    sync = sync_of(world, mailbox)
    assert (sync.problem, sync.failures, sync.reconcile_cursor) == ("", 0, "")
    assert (sync.lease_token, sync.lease_until) == ("", None)
    with inside(world):
        found = Finding.objects.filter(confirmed_at__isnull=False)
        assert not found.exists(), "it was lost, and only an audit has brought it back"
        row = Backfill.objects.get()
        shown = backfill.progress(row)
        assert (row.state, shown.percent, shown.waiting) == ("done", 100, 0)
        assert shown.done == shown.total == row.listed_count
        assert not SeenMark.objects.exists()
        stored = Copy.objects.filter(state="stored")
        assert (
            Message.objects.count()
            == stored.count() + Copy.objects.filter(state="gone", message__isnull=False).count()
        )


@pytest.mark.parametrize("lost", [False, True], ids=["history kept", "history lost"])
def test_dying_at_every_moment(world: World, bomb: Bomb, lost: bool) -> None:
    begin = random.randrange(EVERY) + 1
    assert live_every_life(world, bomb, lost=lost, begin=begin, every=EVERY) > 50


def cursor_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor moves in a transaction before the one that stores what it covers. (Made-up lives
    find it sooner than one death after the other would.)"""

    good = changes.follow

    def follow(hands: Any, cursor: str, **how: Any) -> None:
        found = hands.reader.changes(cursor)
        with hands.transaction():
            Sync.objects.filter(pk=hands.sync_id).update(cursor=found.cursor)
        good(hands, cursor, **how)

    monkeypatch.setattr(changes, "follow", follow)


def off_the_list_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is fetched is taken off the list before it is stored."""
    good = fetching._take_all

    def take(hands: Any, wanted: Any, *rest: Any) -> bool:
        with hands.transaction():
            fetching._unanswered(hands, wanted).delete()
        return good(hands, wanted, *rest)

    monkeypatch.setattr(fetching, "_take_all", take)


def place_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The listing's next place is kept before the page itself is."""
    good = listing.add

    def add(mailbox_id: int, *args: Any, **more: Any) -> int:
        return good(mailbox_id, *args, **more)

    def list_page(hands: Any, row: Backfill) -> None:
        page = hands.reader.page(backfill.Window(row.since, hands.followed), row.page_token or None)
        with hands.transaction():
            Backfill.objects.update(
                page_token=page.next_token or "",
                listing_done=page.next_token is None,
                listed_count=row.listed_count + len(page.listed),
            )
        with hands.transaction():
            add(hands.mailbox_id, page.listed, place=row.listed_count)

    monkeypatch.setattr(backfill, "list_page", list_page)


def no_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks for what was deleted while the history was lost."""
    monkeypatch.setattr(listing, "unlisted", lambda *_, **__: [])


@pytest.mark.parametrize(
    ("fault", "lost", "begin"),
    [
        (off_the_list_first, False, 35),
        (place_first, False, 30),
        (no_repair, True, 1),
    ],
)
def test_faults_sown_on_purpose_are_found(
    world: World,
    bomb: Bomb,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[pytest.MonkeyPatch], None],
    lost: bool,
    begin: int,
) -> None:
    fault(monkeypatch)
    if not lost:
        assert not live(world, bomb, 999), "without a death this fault does no harm"
    with pytest.raises(AssertionError):
        live_every_life(world, bomb, lost=lost, begin=begin)
