"""What happens to mail after it is here: new, read, labelled, moved, deleted; and lost cursors."""

import random
from typing import Any

import pytest

from mailweave.linking import addresses
from mailweave.linking.models import Link
from mailweave.mail.models import Copy, Message, ThreadMailbox
from mailweave.sync import changes, engine, reconcile
from tests.flows.checks import copies, exact, inside, labels, poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import World

pytestmark = pytest.mark.sql


@pytest.fixture
def ids(world: World, settings: Any) -> list[str]:
    """Twelve letters, newest first, of which three are unread."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    for number in range(12):
        world.sandbox.deliver(
            ADA, letter(number), ("INBOX", "UNREAD") if number < 3 else ("INBOX",)
        )
    return world.sandbox.message_ids(ADA)


@pytest.fixture
def box(world: World, ids: list[str]) -> int:
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def test_the_cursor_was_taken_before_the_first_page(world: World, ids: list[str]) -> None:
    """Mail that comes after connecting and before the listing is told by changes."""
    mailbox = world.connect(ADA)
    new = world.sandbox.deliver(ADA, letter(50))
    world.work(mailbox)
    assert copies(world, mailbox) == {new}


def test_new_mail(world: World, box: int) -> None:
    new = world.sandbox.deliver(ADA, letter(50))
    world.sandbox.deliver(ADA, letter(51), labels=("SPAM",))
    poll(world, box)
    assert new in copies(world, box)
    exact(world, box, ADA)
    sync = sync_of(world, box)
    assert (sync.last_new, sync.wanted_at, sync.problem) == (1, None, "")


def test_read_starred_and_labelled(world: World, box: int, ids: list[str]) -> None:
    world.sandbox.modify(ADA, ids[:6], remove=["UNREAD"])
    world.sandbox.modify(ADA, ids[6:9], add=["UNREAD", "STARRED", "Customers"])
    world.sandbox.modify(ADA, ids[8], remove=["STARRED"])
    poll(world, box)
    exact(world, box, ADA)
    with inside(world):
        assert sum(ThreadMailbox.objects.values_list("unread_count", flat=True)) == 6


def test_archived_mail_stays(world: World, box: int, ids: list[str]) -> None:
    world.sandbox.modify(ADA, ids[0], remove=["INBOX"])
    poll(world, box)
    with inside(world):
        copy = Copy.objects.get(remote_id=ids[0])
        assert (copy.state, set(copy.folder_ids)) == ("stored", labels(world.sandbox, ADA)[ids[0]])


def test_the_bin_is_no_deletion(world: World, box: int, ids: list[str]) -> None:
    world.sandbox.trash(ADA, ids[0])
    poll(world, box)
    with inside(world):
        copy = Copy.objects.get(remote_id=ids[0])
        assert copy.state == "stored"
        assert "TRASH" in copy.folder_ids


def test_out_of_spam_comes_in(world: World, box: int) -> None:
    spam = world.sandbox.deliver(ADA, letter(50), labels=("SPAM",))
    poll(world, box)
    assert copies(world, box, "skipped") == {spam}
    world.sandbox.modify(ADA, spam, add=["INBOX"], remove=["SPAM"])
    poll(world, box)
    exact(world, box, ADA)


def test_a_deletion_marks_the_copy_and_keeps_the_rest(
    world: World, box: int, ids: list[str]
) -> None:
    with inside(world):
        addresses.set_addresses("test.thing", 1, [("mara@acme.example", "primary")])
        before = (Message.objects.count(), Link.objects.count(), ThreadMailbox.objects.count())
    world.sandbox.delete(ADA, ids[:3])
    poll(world, box)
    assert copies(world, box, "gone") == set(ids[:3])
    exact(world, box, ADA)
    with inside(world):
        gone = Copy.objects.filter(state="gone")
        assert set(gone.values_list("reason", flat=True)) == {"It was deleted at the provider."}
        assert (
            (
                Message.objects.count(),
                Link.objects.count(),
                ThreadMailbox.objects.count(),
            )
            == before
            == (12, 12, 12)
        )


def test_gone_before_it_was_fetched(world: World, box: int) -> None:
    new = world.sandbox.deliver(ADA, letter(50))
    world.sandbox.delete(ADA, new)
    poll(world, box)
    assert new not in copies(world, box)
    exact(world, box, ADA)


def test_drafts_leave_no_trace(world: World, box: int) -> None:
    for number in range(5):
        draft = world.sandbox.deliver(ADA, letter(60 + number), labels=("DRAFT",))
        world.sandbox.delete(ADA, draft)
    poll(world, box)
    assert world.states(box) == {"stored": 12}


def test_records_that_come_twice_or_say_nothing(world: World, box: int, ids: list[str]) -> None:
    world.sandbox.change_settings(bare_records=True)
    world.sandbox.faults.add("duplicate_history", times=None)
    world.sandbox.deliver(ADA, letter(50))
    world.sandbox.modify(ADA, ids[0], add=["STARRED"])
    world.sandbox.delete(ADA, ids[1])
    poll(world, box)
    exact(world, box, ADA)


def test_a_wish_that_comes_while_we_ask_is_kept(world: World, box: int, monkeypatch: Any) -> None:
    follow, asked = changes.follow, []

    def slow(hands: Any, cursor: str) -> bool:
        more = follow(hands, cursor)
        asked.append(cursor)
        if len(asked) == 1:
            world.hands.advance(1)
            world.sandbox.deliver(ADA, letter(50))
            with inside(world):
                engine.want(box)
        return more

    monkeypatch.setattr(changes, "follow", slow)
    poll(world, box)
    assert len(asked) == 2
    exact(world, box, ADA)


def test_a_lost_cursor_is_repaired_without_hole_or_double(
    world: World, box: int, ids: list[str]
) -> None:
    """Everything that can happen while nobody looks, and then the history is gone."""
    sandbox = world.sandbox
    sandbox.delete(ADA, ids[:2])
    sandbox.modify(ADA, ids[2:4], add=["UNREAD", "STARRED"])
    sandbox.modify(ADA, ids[-3:], remove=["UNREAD"])
    sandbox.trash(ADA, ids[4])
    sandbox.modify(ADA, ids[5], remove=["INBOX"], add=["UNREAD"])
    for number in range(3):
        sandbox.deliver(ADA, letter(50 + number))
    sandbox.expire_history(ADA)
    poll(world, box)
    assert copies(world, box, "gone") == set(ids[:2])
    assert len(copies(world, box)) == 13
    there = labels(sandbox, ADA)
    with inside(world):
        for copy in Copy.objects.filter(state="stored"):
            assert set(copy.folder_ids) - {"UNREAD", "STARRED"} == there[copy.remote_id] - {
                "UNREAD",
                "STARRED",
            }
            assert copy.seen == ("UNREAD" not in there[copy.remote_id])
            assert copy.flagged == ("STARRED" in there[copy.remote_id])
        for row in ThreadMailbox.objects.all():
            unread = Copy.objects.filter(thread=row.thread_id, seen=False, state="stored")
            assert row.unread_count == unread.count()
        assert Message.objects.count() == 15
    sync = sync_of(world, box)
    assert (sync.reconcile_cursor, sync.problem) == ("", "")
    assert sync.cursor == str(sandbox.account(ADA).history_id)
    new = sandbox.deliver(ADA, letter(99))
    poll(world, box)
    assert new in copies(world, box)


def test_what_happens_during_repair_is_not_lost(
    world: World, box: int, ids: list[str], monkeypatch: Any
) -> None:
    step, happened = reconcile.step, []

    def meanwhile(hands: Any, sync: Any) -> None:
        step(hands, sync)
        if not happened:
            happened.append(world.sandbox.deliver(ADA, letter(70)))
            world.sandbox.delete(ADA, ids[3])
            world.sandbox.modify(ADA, ids[4], add=["UNREAD"])

    monkeypatch.setattr(reconcile, "step", meanwhile)
    world.sandbox.expire_history(ADA)
    poll(world, box)
    assert happened
    exact(world, box, ADA)


def test_a_lost_cursor_twice_in_a_row(world: World, box: int, ids: list[str]) -> None:
    for number in range(2):
        world.sandbox.deliver(ADA, letter(50 + number))
        world.sandbox.delete(ADA, ids[number])
        world.sandbox.expire_history(ADA)
        poll(world, box)
        exact(world, box, ADA)
    assert sync_of(world, box).listing == 3, "an audit after the import, and two repairs"


def test_a_repair_reaches_only_as_far_as_the_range(world: World, ids: list[str]) -> None:
    world.hands.advance(60)
    mailbox = world.connect(ADA)
    world.work(mailbox)
    new = world.sandbox.deliver(ADA, letter(50))
    world.sandbox.expire_history(ADA)
    poll(world, mailbox)
    assert copies(world, mailbox) == {new}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_it_agrees_in_the_end(
    world: World, box: int, ids: list[str], seed: int
) -> None:
    """Random days of a mailbox, with polls, lost histories and faults in between."""
    chance, sandbox = random.Random(seed), world.sandbox
    faults = ["server_error", "reset", "malformed", "quota", "precondition", "html", "rate"]
    for number in range(40):
        alive = sandbox.message_ids(ADA)
        one = chance.choice(alive)
        match chance.randrange(7):
            case 0:
                sandbox.deliver(ADA, letter(100 + number), chance.choice([("INBOX",), ("SENT",)]))
            case 1:
                sandbox.modify(ADA, one, add=["UNREAD"])
            case 2:
                sandbox.modify(ADA, one, remove=["UNREAD"])
            case 3:
                sandbox.modify(ADA, one, add=[chance.choice(["STARRED", "Customers"])])
            case 4 if len(alive) > 5:
                sandbox.delete(ADA, one)
            case 5:
                sandbox.faults.add(chance.choice(faults), path="/gmail/")
            case 6:
                poll(world, box)
    sandbox.faults.clear()
    for _ in range(3):
        poll(world, box)
    exact(world, box, ADA)
