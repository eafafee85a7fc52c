"""What the provider says is gone is made sure of before it counts; a move is never a deletion."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailweave.linking import addresses
from mailweave.linking.models import Link
from mailweave.mail import policy
from mailweave.mail.models import Copy, Message, ThreadMailbox
from mailweave.providers.base import Changes, StateChange, Unreadable
from mailweave.providers.gmail.reader import GmailReader
from mailweave.sync import deletions, engine
from sandbox.microsoft.ids import Ids
from tests.flows.checks import copies, derived, exact, glance, inside, missing, poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import World

BEN = "ben@northwind.example"


@pytest.fixture
def box(world: World, settings: Any) -> int:
    """Ada's mailbox at Google with six letters, all taken in."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    for number in range(6):
        world.sandbox.deliver(ADA, letter(number))
    return connected(world, ADA)


@pytest.fixture
def outlook(world: World) -> int:
    """Ben's mailbox at Microsoft with six letters, all taken in."""
    world.sandbox.add_account(BEN, "Ben", company="microsoft")
    for number in range(6):
        world.sandbox.deliver(BEN, letter(number))
    return connected(world, BEN)


def connected(world: World, address: str) -> int:
    mailbox = world.connect(address)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def told(monkeypatch: pytest.MonkeyPatch, **entries: Any) -> None:
    """The next answer about changes also says this."""
    ask, rest = GmailReader.changes, [entries]

    def changes(reader: GmailReader, cursor: str) -> Changes:
        found = ask(reader, cursor)
        return replace(found, **rest.pop()) if rest else found

    monkeypatch.setattr(GmailReader, "changes", changes)


def state(remote_id: str) -> StateChange:
    return StateChange(remote_id, remote_id, ("INBOX",), seen=True, flagged=False)


@pytest.mark.parametrize("kind", ["gmail", "outlook"])
def test_a_deletion_counts_after_a_while(world: World, request: Any, kind: str) -> None:
    box, address = (request.getfixturevalue("box"), ADA) if kind == "gmail" else (
        request.getfixturevalue("outlook"), BEN)  # fmt: skip
    with inside(world):
        addresses.set_addresses("test.thing", 1, [("mara@acme.example", "primary")])
        before = (Message.objects.count(), Link.objects.count(), ThreadMailbox.objects.count())
    world.sandbox.delete(address, world.sandbox.message_ids(address)[:2])
    glance(world, box)
    assert (len(copies(world, box)), len(missing(world, box))) == (6, 2), "nothing shows yet"
    glance(world, box)
    assert len(copies(world, box)) == 6
    glance(world, box)
    assert (len(copies(world, box)), len(copies(world, box, "gone"))) == (4, 2)
    assert missing(world, box) == set()
    with inside(world):
        assert before == (
            Message.objects.count(),
            Link.objects.count(),
            ThreadMailbox.objects.count(),
        )
        derived()


def test_it_is_asked_for_no_sooner_and_hardly_later(world: World, box: int) -> None:
    world.sandbox.delete(ADA, world.sandbox.message_ids(ADA)[:1])
    glance(world, box)
    with inside(world):
        since = Copy.objects.get(missing_since__isnull=False).missing_since
    while missing(world, box):
        assert world.hands.at - since < deletions.GRACE + timedelta(seconds=2)
        sync = sync_of(world, box)
        with inside(world):
            due = engine.next_due(sync)
        assert due
        world.hands.at = max(world.hands.at, due)
        world.work(box)
    assert world.hands.at - since >= deletions.GRACE


def test_one_more_round_comes_first(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where mailboxes are looked at once an hour, a deletion does not wait for two hours."""
    monkeypatch.setattr(policy.Standing, "pause", lambda *_, **__: timedelta(hours=1))
    world.sandbox.delete(ADA, world.sandbox.message_ids(ADA)[:1])
    world.hands.at += timedelta(hours=1, seconds=1)
    world.work(box)
    polled = sync_of(world, box).polled_at
    assert polled
    world.hands.at += deletions.GRACE + timedelta(seconds=1)
    world.work(box)
    assert sync_of(world, box).polled_at > polled
    assert len(copies(world, box, "gone")) == 1


def test_what_is_there_after_all_stays(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = world.sandbox.message_ids(ADA)[:2]
    told(monkeypatch, destroyed=(one, other))
    glance(world, box)
    assert missing(world, box) == {one, other}
    world.sandbox.modify(ADA, other, add=["STARRED"])
    glance(world, box)
    assert missing(world, box) == {one}, "what is told of again is there"
    poll(world, box)
    exact(world, box, ADA)


def test_what_was_gone_and_is_told_of_again(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Providers repeat what is long over: it is believed, and made sure of."""
    one = world.sandbox.message_ids(ADA)[0]
    world.sandbox.delete(ADA, one)
    poll(world, box)
    assert copies(world, box, "gone") == {one}
    told(monkeypatch, updated=(state(one),))
    glance(world, box)
    assert one in copies(world, box)
    assert missing(world, box) == {one}
    poll(world, box)
    assert copies(world, box, "gone") == {one}
    exact(world, box, ADA)


def test_gone_before_it_was_fetched_and_then_back(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = world.sandbox.deliver(ADA, letter(50))
    with inside(world):
        Copy.objects.create(mailbox_id=box, remote_id=new, remote_thread_id=new, state="gone")
    poll(world, box)
    assert new in copies(world, box)


def test_a_provider_that_is_away_deletes_nothing(world: World, box: int) -> None:
    one = world.sandbox.message_ids(ADA)[0]
    world.sandbox.delete(ADA, one)
    glance(world, box)
    world.sandbox.faults.add("server_error", times=None)
    for _ in range(4):
        glance(world, box)
    assert (missing(world, box), copies(world, box, "gone")) == ({one}, set())
    world.sandbox.faults.clear()
    world.hands.at += timedelta(hours=1)
    poll(world, box)
    exact(world, box, ADA)


def test_what_nobody_can_tell_is_asked_for_again(
    world: World, box: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, asked, ask = world.sandbox.message_ids(ADA)[0], list[str](), GmailReader.states

    def states(reader: GmailReader, remote_ids: Any) -> Any:
        asked.extend(remote_ids)
        return ask(reader, remote_ids) if len(asked) > 1 else [Unreadable(one, "odd")]

    monkeypatch.setattr(GmailReader, "states", states)
    world.sandbox.delete(ADA, one)
    poll(world, box)
    assert asked == [one, one]
    assert copies(world, box, "gone") == {one}


@pytest.mark.sql
def test_very_many_at_once(world: World, box: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    ask = GmailReader.states

    def states(reader: GmailReader, remote_ids: Any) -> Any:
        sizes.append(len(remote_ids))
        return ask(reader, remote_ids)

    monkeypatch.setattr(GmailReader, "states", states)
    world.sandbox.deliver_many(ADA, [(letter(100 + n), ("INBOX",), None) for n in range(250)])
    poll(world, box)
    world.sandbox.delete(ADA, world.sandbox.message_ids(ADA)[:250])
    poll(world, box)
    assert sizes == [deletions.MOST, 50]
    exact(world, box, ADA)


def test_a_move_is_never_a_deletion(world: World, outlook: int) -> None:
    """From folder to folder, and back between two rounds, and on before the first was told."""
    numbers = world.sandbox.message_ids(BEN)
    ids = Ids(world.sandbox.account(BEN))
    remote = {number: ids.message(int(number, 16), None) for number in numbers}
    moves = [
        [(0, "Customers")],
        [(1, "Customers"), (1, "INBOX")],
        [(0, "Partners"), (2, "ARCHIVE")],
        [(0, "INBOX"), (2, "Customers"), (2, "Partners")],
    ]
    for round_ in moves:
        for number, folder in round_:
            world.sandbox.modify(BEN, numbers[number], add=[folder])
        glance(world, outlook)
        assert missing(world, outlook) == set()
        assert copies(world, outlook) == set(remote.values())
    for _ in range(3):
        glance(world, outlook)
    assert copies(world, outlook) == set(remote.values())
    with inside(world):
        where = dict(Copy.objects.values_list("remote_id", "folder_ids"))
    assert where[remote[numbers[0]]] == where[remote[numbers[1]]] == where[remote[numbers[5]]]
    assert where[remote[numbers[2]]] != where[remote[numbers[0]]]


@pytest.mark.parametrize("kind", ["gmail", "outlook"])
def test_the_bin_is_no_deletion(world: World, request: Any, kind: str) -> None:
    box, address = (request.getfixturevalue("box"), ADA) if kind == "gmail" else (
        request.getfixturevalue("outlook"), BEN)  # fmt: skip
    world.sandbox.trash(address, world.sandbox.message_ids(address)[0])
    for _ in range(4):
        glance(world, box)
    assert len(copies(world, box)) == 6
