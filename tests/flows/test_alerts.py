"""Each class of fault, with the sandbox's switches: who is told, once, and that it is over."""

from datetime import timedelta
from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.mail.models import Mailbox
from mailweave.people import notifications
from mailweave.people.access import Member
from mailweave.people.models import Membership, Notification, Role
from mailweave.sync import clients, connecting, engine, health, tasks
from mailweave.sync.models import Sync
from tests.flows.checks import inside, poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.test_trouble import slice_
from tests.flows.world import World
from tests.makers import make_member
from tests.makers_mail import join

BEN = "ben@northwind.example"


@pytest.fixture
def ben(world: World) -> Member:
    """A plain member: he owns the mailbox that breaks; Ada is the workspace's owner."""
    with inside(world):
        user = join("Ben")
    return Member(world.member.workspace_id, user.pk, Role.MEMBER, "Ben", "UTC")


@pytest.fixture
def box(world: World, ben: Member, settings: Any) -> int:
    """Ben's mailbox, connected and idle."""
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(BEN, "Ben")
    world.sandbox.deliver_many(BEN, [(letter(n), ("INBOX",), None) for n in range(3)])
    mailbox = world.connect(BEN, ben)
    world.work(mailbox)
    return mailbox


def told(world: World, member: Member | None = None) -> list[Notification]:
    """What a member has been told, oldest first."""
    who = member or world.member
    with inside(world):
        return list(reversed(notifications.told(who.user_id).rows))


def open_titles(world: World, member: Member | None = None) -> list[str]:
    return [row.title for row in told(world, member) if row.ended_at is None]


def fail(world: World, box: int, times: int) -> Sync:
    """So many slices, each when it is due."""
    for _ in range(times):
        sync = slice_(world, box)
        assert sync.held_until
        world.hands.at = sync.held_until
    return sync_of(world, box)


@pytest.mark.parametrize("kind", ["server_error", "reset", "html", "malformed"])
def test_three_tries_then_owner_and_admins_are_told_once_and_that_it_works_again(
    world: World, box: int, ben: Member, kind: str
) -> None:
    world.sandbox.faults.add(kind, times=None, path="/gmail/")
    with inside(world):
        engine.want(box)
    fail(world, box, 2)
    assert told(world) == told(world, ben) == []
    fail(world, box, 4)
    for who in (world.member, ben):
        (row,) = told(world, who)
        assert row.title == "Email sync failed. Please check your connection"
        assert row.text.startswith(f"{BEN}: ")
        assert "nothing was lost" in row.text
        assert row.ended_at is None
    world.sandbox.faults.clear()
    world.work(box)
    for who in (world.member, ben):
        (row,) = told(world, who)
        assert row.ended_at == sync_of(world, box).last_synced_at
        assert row.ended_text == "It works again; nothing was lost."


def test_a_dead_grant_is_told_at_once_each_in_their_words(
    world: World, box: int, ben: Member
) -> None:
    world.sandbox.revoke(BEN)
    world.hands.at += timedelta(hours=2)
    poll(world, box)
    (his,), (hers,) = told(world, ben), told(world)
    assert his.title == hers.title == f"Reconnect {BEN}"
    assert "Reconnect it to resume" in his.text
    assert "Ben has been told" in hers.text
    assert "Reconnect it" not in hers.text
    for _ in range(3):
        world.hands.at += timedelta(hours=5)
        poll(world, box)
        tasks.watch(0)
    assert len(told(world, ben)) == 1
    world.connect(BEN, ben)
    assert open_titles(world, ben) == open_titles(world) == []
    assert told(world, ben)[0].ended_text == "It is connected again; nothing was lost."


def test_disconnecting_ends_it_too(world: World, box: int, ben: Member) -> None:
    world.sandbox.revoke(BEN)
    world.hands.at += timedelta(hours=2)
    poll(world, box)
    connecting.disconnect(world.member.workspace_id, box)
    assert open_titles(world, ben) == []
    assert "disconnected" in told(world, ben)[0].ended_text


def test_another_trouble_ends_the_first(world: World, box: int, ben: Member) -> None:
    world.sandbox.faults.add("server_error", times=None, path="/gmail/")
    with inside(world):
        engine.want(box)
    fail(world, box, 3)
    world.sandbox.faults.clear()
    world.sandbox.revoke(BEN)
    world.hands.at += timedelta(hours=2)
    slice_(world, box)
    assert [row.ended_at is None for row in told(world, ben)] == [False, True]
    assert open_titles(world, ben) == [f"Reconnect {BEN}"]


@pytest.fixture
def both(world: World, box: int) -> list[int]:
    """Ben's mailbox and one of Ada's."""
    world.sandbox.add_account(ADA, "Ada")
    mine = world.connect(ADA)
    world.work(mine)
    return [box, mine]


def test_a_refused_client_is_the_operators_move_and_told_once(
    world: World, both: list[int], ben: Member, settings: Any, caplog: Any
) -> None:
    settings.PROVIDER_CLIENTS = {"gmail": ("client-1", "wrong")}
    world.hands.at += timedelta(hours=2)
    for _ in range(3):
        for box in both:
            slice_(world, box)
        world.hands.at += timedelta(minutes=6)
    (row,) = told(world)
    assert row.title == "Google does not accept the OAuth client"
    assert "Whoever runs this installation" in row.text
    assert row.path.endswith("/gmail/client/")
    assert told(world, ben) == [], "he cannot do anything about it"
    with inside(world):
        for mailbox in Mailbox.objects.all():
            judged = health.judge(mailbox, Sync.objects.get(mailbox_id=mailbox.pk))
            assert (judged.name, judged.label) == ("waiting", "Waiting")
            assert "Google does not accept this installation's OAuth client" in judged.text
    assert caplog.text.count("refuses the OAuth client") == 1
    settings.PROVIDER_CLIENTS = {"gmail": ("client-1", "secret-1")}
    world.hands.at += timedelta(minutes=6)
    world.work(both[0])
    assert told(world)[0].ended_at is None, "the other one has not been let in yet"
    world.work(both[1])
    assert told(world)[0].ended_at
    assert [sync_of(world, box).problem for box in both] == ["", ""]


def test_the_operators_fix_is_found_within_five_minutes(
    world: World, box: int, settings: Any
) -> None:
    settings.PROVIDER_CLIENTS = {"gmail": ("client-1", "wrong")}
    world.hands.at += timedelta(hours=2)
    slice_(world, box)
    settings.PROVIDER_CLIENTS = {"gmail": ("client-1", "secret-1")}
    before = world.hands.at
    due = sync_of(world, box).due_at
    assert due
    assert due - before <= timedelta(minutes=5)


def test_a_client_entered_anew_is_tried_at_once(
    world: World, both: list[int], settings: Any
) -> None:
    settings.PROVIDER_CLIENTS = {"gmail": ("client-1", "wrong")}
    world.hands.at += timedelta(hours=2)
    for box in both:
        slice_(world, box)
    with inside(world):
        clients.save("gmail", "client-1", "secret-1", world.member.user_id)
    for box in both:
        assert sync_of(world, box).due_at == world.hands.at
        assert slice_(world, box).problem == ""
    assert open_titles(world) == []


def test_throttling_is_a_state_with_its_end_and_told_only_after_a_day(
    world: World, box: int, ben: Member
) -> None:
    world.sandbox.faults.add("retry_after", times=None, path="/gmail/", seconds=3600)
    with inside(world):
        engine.want(box)
    for hours in range(30):
        sync = slice_(world, box)
        assert (sync.failures, sync.problem) == (0, "")
        with inside(world):
            judged = health.judge(Mailbox.objects.get(pk=box), sync)
        assert judged.name == ("waiting" if hours < 25 else "stale")
        if judged.name == "waiting":
            assert judged.until == sync.held_until
        tasks.watch(0)
        assert len(told(world, ben)) == (hours >= 24), hours
        world.hands.at += timedelta(hours=1, seconds=1)
    (row,) = told(world, ben)
    assert row.title == f"{BEN} has not been synced for a day"
    assert "Gmail asks us to wait." in row.text
    world.sandbox.faults.clear()
    world.work(box)
    tasks.watch(0)
    assert told(world, ben)[0].ended_text == "It is synced again; nothing was lost."


def test_a_mailbox_nobody_worked_on_for_long_is_told_once(
    world: World, box: int, ben: Member
) -> None:
    world.hands.at += timedelta(hours=24)
    tasks.watch(0)
    assert told(world, ben) == []
    world.hands.at += timedelta(hours=2)
    for _ in range(3):
        tasks.watch(0)
    (row,) = told(world, ben)
    assert "perhaps no worker was running" in row.text
    assert len(told(world)) == 1
    world.work(box)
    tasks.watch(0)
    assert open_titles(world, ben) == []


def test_a_permission_for_days_only_is_told_before_it_ends(
    world: World, box: int, ben: Member
) -> None:
    world.sandbox.change_settings(testing_app=True)
    world.connect(BEN, ben)
    world.work(box)
    tasks.watch(0)
    assert told(world, ben) == []
    for _ in range(5):
        world.hands.at += timedelta(days=1, minutes=1)
        poll(world, box)
        tasks.watch(0)
    (row,) = told(world, ben)
    assert row.title == f"The permission for {BEN} ends soon"
    assert "ends on 9 March. Reconnect before then" in row.text
    assert "seven days while its app is in Testing" in row.text
    assert "Publish app" in row.text
    assert "Ben is told" in told(world)[0].text
    world.sandbox.change_settings(testing_app=False)
    world.connect(BEN, ben)
    assert told(world, ben)[0].ended_text == "The permission was given anew."


def test_one_message_that_cannot_be_had_is_no_notification(
    world: World, box: int, ben: Member
) -> None:
    bad = world.sandbox.message_ids(BEN)[0]
    world.sandbox.faults.add("server_error", times=None, path=f"/messages/{bad}")
    world.backfill(box)
    for _ in range(12):
        world.hands.at += timedelta(hours=1)
        world.work(box)
    assert world.states(box)["stuck"] == 1
    assert open_titles(world, ben) == open_titles(world) == []


def test_who_left_is_not_told_and_other_workspaces_hear_nothing(
    world: World, box: int, ben: Member
) -> None:
    other = make_member()
    with inside(world):
        Membership.objects.filter(user_id=ben.user_id).delete()
    world.sandbox.revoke(BEN)
    world.hands.at += timedelta(hours=2)
    poll(world, box)
    tasks.watch(0)
    assert told(world, ben) == []
    assert len(told(world)) == 1
    with scope.workspace(other.workspace_id):
        assert notifications.unseen(other.user_id) == 0
