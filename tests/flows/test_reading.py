"""Read here and read there: both ways, at both providers, on bad days, and at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.mail import policy
from mailweave.mail.models import Copy
from mailweave.mail.visibility import viewer_for
from mailweave.providers.base import NotWritten
from mailweave.providers.gmail import singles
from mailweave.providers.gmail.writing import GmailWriter
from mailweave.providers.graph.writing import GraphWriter
from mailweave.sync import connecting, marks
from mailweave.sync.models import SeenMark
from tests.flows.checks import derived, exact, glance, inside, labels, missing, poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import World

BEN = "ben@northwind.example"


@pytest.fixture(params=["gmail", "outlook"])
def address(world: World, settings: Any, request: Any) -> str:
    """A mailbox with six unread letters, at one provider or the other."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0, "outlook": 0}
    world.sandbox.change_settings(quota_profile="off", graph_requests=0)
    there = ADA if request.param == "gmail" else BEN
    company = "google" if there == ADA else "microsoft"
    world.sandbox.add_account(there, "Somebody", company=company)
    for number in range(6):
        world.sandbox.deliver(there, letter(number))
    return there


@pytest.fixture
def box(world: World, address: str) -> int:
    mailbox = world.connect(address)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def mark(world: World, *numbers: int, seen: bool) -> int:
    """Mark these copies here, in the order they came in; without numbers all."""
    with inside(world):
        ids = list(Copy.objects.order_by("received_at", "pk").values_list("message_id", flat=True))
        which = marks.of_messages([ids[n] for n in numbers]) if numbers else marks.everything()
        return marks.mark(viewer_for(world.member), which, seen=seen).count


def unread_here(world: World) -> int:
    with inside(world):
        derived()
        return Copy.objects.filter(seen=False, state="stored").count()


def unread_there(world: World, address: str) -> int:
    return sum("UNREAD" in named for named in labels(world.sandbox, address).values())


def waiting(world: World) -> int:
    with inside(world):
        return SeenMark.objects.count()


def both(world: World, address: str) -> tuple[int, int, int]:
    """What is unread here and there, and how many marks wait."""
    return unread_here(world), unread_there(world, address), waiting(world)


def broken_writer(monkeypatch: pytest.MonkeyPatch, does: Callable[..., Any]) -> None:
    """Whatever is written goes through ``does(real, remote_ids, seen)``."""
    for kind in (GmailWriter, GraphWriter):
        real = kind.mark_seen

        def mark_seen(self: Any, remote_ids: Any, *, seen: bool, real: Any = real) -> Any:
            return does(lambda: real(self, remote_ids, seen=seen), remote_ids, seen)

        monkeypatch.setattr(kind, "mark_seen", mark_seen)


def test_read_here_is_read_there(world: World, box: int, address: str) -> None:
    assert both(world, address) == (6, 6, 0)
    assert mark(world, 0, 1, seen=True) == 2
    assert both(world, address) == (4, 6, 2)
    world.work(box)
    assert both(world, address) == (4, 4, 0)
    mark(world, 0, seen=False)
    world.work(box)
    poll(world, box)
    assert both(world, address) == (5, 5, 0)
    if address == ADA:
        exact(world, box, ADA)


def test_read_there_is_read_here(world: World, box: int, address: str) -> None:
    world.sandbox.modify(address, world.sandbox.message_ids(address)[:4], remove=["UNREAD"])
    poll(world, box)
    assert both(world, address) == (2, 2, 0)


def test_phone_and_here_within_one_round(world: World, box: int, address: str) -> None:
    """The phone read one and then marked it unread again; here it was read last."""
    ids = world.sandbox.message_ids(address)
    world.sandbox.modify(address, ids, remove=["UNREAD"])
    world.sandbox.modify(address, ids, add=["UNREAD"])
    mark(world, seen=True)
    poll(world, box)
    assert both(world, address) == (0, 0, 0)
    mark(world, seen=False)
    world.sandbox.modify(address, ids[:2], remove=["UNREAD"])
    poll(world, box)
    assert both(world, address) == (6, 6, 0), "what waited here was decided last"
    world.sandbox.modify(address, ids[:2], remove=["UNREAD"])
    poll(world, box)
    assert both(world, address) == (4, 4, 0), "written, the provider's word counts again"


def test_changed_back_while_it_is_written(
    world: World, box: int, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned: list[int] = []

    def does(real: Any, remote_ids: Any, seen: bool) -> Any:
        answers = list(real())
        if not turned:
            turned.append(mark(world, seen=False))
        return answers

    broken_writer(monkeypatch, does)
    mark(world, seen=True)
    world.work(box)
    assert turned == [6]
    assert both(world, address) == (6, 6, 0)


def test_a_provider_that_is_away_for_an_hour(world: World, box: int, address: str) -> None:
    world.sandbox.faults.add("server_error", times=None)
    mark(world, 0, 1, 2, seen=True)
    for _ in range(12):
        world.hands.at += timedelta(minutes=5)
        world.work(box)
    assert both(world, address) == (3, 6, 3)
    world.sandbox.faults.clear()
    world.hands.at += timedelta(minutes=31)
    world.work(box)
    assert both(world, address) == (3, 3, 0)
    assert sync_of(world, box).marks_refused == 0


def test_marks_that_fail_hold_up_nothing_else_and_end(
    world: World, box: int, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def does(real: Any, remote_ids: Any, seen: bool) -> Any:
        with inside(world):
            tried.append(Copy.objects.filter(state="stored").count())
        world.sandbox.faults.add("server_error", times=200, path="messages")
        try:
            yield from real()
        finally:
            world.sandbox.faults.clear()

    monkeypatch.setattr(singles, "TRIES", 1)
    broken_writer(monkeypatch, does)
    mark(world, 0, 1, seen=True)
    world.sandbox.deliver(address, letter(50))
    glance(world, box)
    assert len(tried) == marks.MOST_ATTEMPTS
    assert tried[1] == 7, "new mail comes in all the same"
    assert both(world, address) == (7, 7, 0)
    sync = sync_of(world, box)
    assert (sync.marks_refused, sync.problem, sync.failures) == (2, "", 0)


def test_what_is_refused_shows_the_providers_word(
    world: World, box: int, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def does(real: Any, remote_ids: Any, seen: bool) -> Any:
        return [NotWritten(remote_ids[0], "no"), *list(real())[1:]]

    broken_writer(monkeypatch, does)
    mark(world, 0, 1, 2, seen=False)
    assert mark(world, 0, 1, 2, seen=True) == 3
    world.work(box)
    assert unread_here(world) == 4
    assert (waiting(world), sync_of(world, box).marks_refused) == (0, 1)
    monkeypatch.undo()


@pytest.mark.sql
def test_what_was_deleted_meanwhile(world: World, box: int, address: str) -> None:
    world.sandbox.delete(address, world.sandbox.message_ids(address)[0])
    mark(world, seen=True)
    poll(world, box)
    assert both(world, address) == (0, 0, 0)
    assert missing(world, box) == set()
    with inside(world):
        assert Copy.objects.filter(state="gone").count() == 1


def test_a_lost_cursor_does_not_undo_marks(world: World, box: int, address: str) -> None:
    """The listing of what is unread comes while marks cannot be written."""
    with inside(world):
        policy.change({"read_writeback": "off"}, version=0, user_id=world.member.user_id)
    mark(world, 0, 1, seen=True)
    world.sandbox.expire_history(address)
    poll(world, box)
    assert both(world, address) == (4, 6, 2)
    with inside(world):
        policy.change({"read_writeback": "on"}, version=1, user_id=world.member.user_id)
    poll(world, box)
    assert both(world, address) == (4, 4, 0)


def test_marks_wait_for_a_mailbox_to_be_connected_again(
    world: World, box: int, address: str
) -> None:
    connecting.disconnect(world.member.workspace_id, box)
    mark(world, 0, seen=True)
    world.work(box)
    assert both(world, address) == (5, 6, 1)
    assert world.connect(address) == box
    world.work(box)
    assert both(world, address) == (5, 5, 0)


def test_very_many_take_turns_with_new_mail(
    world: World, box: int, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    seen_at: list[int] = []

    def does(real: Any, remote_ids: Any, seen: bool) -> Any:
        sizes.append(len(remote_ids))
        with scope.workspace(world.member.workspace_id):
            seen_at.append(Copy.objects.filter(state="stored").count())
        return real()

    monkeypatch.setattr(marks, "SLICE", 2)
    broken_writer(monkeypatch, does)
    mark(world, seen=True)
    world.sandbox.deliver(address, letter(50))
    glance(world, box)
    assert sizes == [2, 2, 2]
    assert seen_at[0] == 6
    assert 7 in seen_at, "new mail had its turn before the last marks"
    assert both(world, address) == (1, 1, 0)
