"""Linked mail opens by the doors of what it is about, on every way that mail is read."""

import pytest

from mailweave.kit import scope
from mailweave.linking import flat, history, matching, owners
from mailweave.linking.models import Link, RecordOwner, Relinking
from mailweave.mail import inbox, opening, reading, search
from mailweave.mail.models import Message, ThreadMailbox
from mailweave.mail.visibility import Level, NotFound, Viewer, viewer_for
from mailweave.people.access import Member, Scopes
from mailweave.people.models import Membership, Role, Scope, Team, User
from tests.makers_mail import Archive

pytestmark = pytest.mark.sql

OWN = Scopes(Scope.OWN, Scope.OWN, Scope.OWN, Scope.NONE)
TEAM = Scopes(Scope.TEAM, Scope.TEAM, Scope.TEAM, Scope.NONE)
MODULES = frozenset({"crm", "recruiting"})


def put(archive: Archive, box: int, *records: tuple[str, int], thread: int | None = None) -> int:
    """A message in a mailbox that is about these records."""
    message_id = archive.message(
        thread or archive.thread(), minute=len(archive.messages), text="walrus", subject="Offer"
    )
    archive.copy(message_id, box)
    for kind, pk in records:
        by_hand = {"reason": "manual", "pinned": True}
        Link.objects.create(message_id=message_id, kind=kind, record_id=pk, **by_hand)
    archive.settle()
    return message_id


def eyes(user: User, scopes: Scopes | None = None, modules: frozenset[str] = MODULES) -> Viewer:
    row = Membership.objects.get(user=user)
    member = Member(
        scope.current(),
        user.pk,
        Role.MEMBER,
        modules=modules,
        team_id=row.team_id,
        scopes=scopes,
    )
    return viewer_for(member)


def ways(viewer: Viewer, message_id: int, records: list[tuple[str, int]]) -> dict[str, bool]:
    """By which ways of reading this viewer comes to a message, which is alone in its thread."""
    thread_id = Message.objects.get(pk=message_id).thread_id
    asked = {
        "inbox": lambda: [row.thread_id for row in inbox.page(viewer).rows],
        "by address": lambda: [
            row.thread_id
            for row in inbox.page(viewer, inbox.Filters(address="ann@client.example")).rows
        ],
        "search": lambda: [row.thread_id for row in search.search(viewer, "walrus").rows],
        "panel": lambda: [row.thread_id for row in history.threads_of(viewer, records).rows],
        "flat": lambda: [row.thread_id for row in flat.messages_of(viewer, records, "").rows],
        "thread": lambda: [opening.open_thread(viewer, thread_id) and thread_id],
        "message": lambda: [reading.message(viewer, message_id) and thread_id],
        "body": lambda: [reading.body(viewer, message_id) and thread_id],
        "headers": lambda: [reading.headers(viewer, message_id) is not None and thread_id],
    }
    found = {}
    for name, ask in asked.items():
        try:
            found[name] = thread_id in ask()
        except NotFound:
            found[name] = False
    return found


def sees(viewer: Viewer, message_id: int, *records: tuple[str, int]) -> bool:
    found = ways(viewer, message_id, list(records))
    assert len(set(found.values())) == 1, found
    return found["thread"]


def test_what_is_about_applicants_is_closed_to_those_without_the_module(
    archive: Archive, sam: User, kim: User
) -> None:
    box = archive.mailbox(sam)
    record, other = ("recruiting.candidate", 1), ("crm.contact", 1)
    alone, both = put(archive, box, record), put(archive, box, record, other)
    crm = eyes(kim, modules=frozenset({"crm"}))
    assert not sees(crm, alone, record)
    assert sees(crm, both, record, other)
    assert sees(eyes(kim), alone, record)
    assert sees(eyes(sam, modules=frozenset()), alone, record), "one's own mail needs no door"
    admin = viewer_for(Member(scope.current(), kim.pk, Role.ADMIN, modules=frozenset()))
    assert sees(admin, alone, record)
    none = eyes(kim, Scopes(*[Scope.NONE] * 4))
    assert not sees(none, both, record, other)


def test_a_reach_opens_what_is_ones_own_ones_teams_and_nobodys(
    archive: Archive, sam: User, kim: User, lee: User
) -> None:
    box = archive.mailbox(sam)
    owners.tell("crm.contact", {1: kim.pk, 2: lee.pk, 3: sam.pk})
    mine, lees, sams, nobodys = (put(archive, box, ("crm.contact", pk)) for pk in (1, 2, 3, 4))
    found = {name: eyes(kim, scopes) for name, scopes in (("own", OWN), ("all", None))}
    team = Team.objects.create(name="Sales")
    Membership.objects.filter(user__in=[kim.pk, lee.pk]).update(team=team)
    found["team"] = eyes(kim, TEAM)
    seen = {
        name: [sees(viewer, pk, ("crm.contact", at)) for at, pk in enumerate(given, 1)]
        for name, viewer in found.items()
        for given in [(mine, lees, sams, nobodys)]
    }
    assert seen == {
        "own": [True, False, False, True],
        "team": [True, True, False, True],
        "all": [True] * 4,
    }


def test_a_new_owner_moves_the_mail_with_the_record(
    archive: Archive, sam: User, kim: User, lee: User
) -> None:
    box, record = archive.mailbox(sam), ("crm.deal", 7)
    owners.tell("crm.deal", {7: lee.pk})
    message_id = put(archive, box, record)
    assert not sees(eyes(kim, OWN), message_id, record)
    owners.tell("crm.deal", {7: kim.pk})
    assert sees(eyes(kim, OWN), message_id, record)
    owners.tell("crm.deal", {7: lee.pk})
    assert not sees(eyes(kim, OWN), message_id, record)
    owners.tell("crm.deal", {7: None})
    assert not RecordOwner.objects.exists()
    assert Message.objects.get(pk=message_id).doors == ["crm", "crm:0"]
    assert sees(eyes(kim, OWN), message_id, record)


def test_much_mail_of_a_record_follows_in_the_background(
    archive: Archive, sam: User, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailweave.linking.relinking.AT_ONCE", 0)
    put(archive, archive.mailbox(sam), ("crm.deal", 7))
    owners.tell("crm.deal", {7: kim.pk})
    assert Relinking.objects.get().state == Relinking.State.APPLYING


def test_the_doors_of_a_thread_are_those_of_its_messages_in_that_mailbox(
    archive: Archive, sam: User, lee: User, kim: User
) -> None:
    one, two, thread = archive.mailbox(sam), archive.mailbox(lee), archive.thread()
    put(archive, one, ("crm.contact", 1), thread=thread)
    put(archive, two, ("recruiting.candidate", 1), thread=thread)
    put(archive, two, thread=thread)
    found = dict(ThreadMailbox.objects.values_list("mailbox_id", "doors"))
    assert found == {one: ["crm", "crm:0"], two: ["recruiting", "recruiting:0"]}
    viewer = eyes(kim, modules=frozenset({"crm"}))
    (row,) = inbox.page(viewer).rows
    assert (row.message_count, row.mailbox_ids) == (1, (one,))
    assert [row.thread_id for row in inbox.page(viewer, inbox.Filters(mailbox_id=two)).rows] == []
    Link.objects.all().delete()
    matching.derive([thread])
    assert not ThreadMailbox.objects.exclude(doors=[]).exists()
    assert not Message.objects.exclude(doors=[], linked=False).exists()


def test_a_page_is_filled_past_what_stays_shut(archive: Archive, sam: User, kim: User) -> None:
    box = archive.mailbox(sam)
    for number in range(40):
        put(archive, box, ("recruiting.job" if number % 10 else "crm.contact", 1))
    viewer = eyes(kim, modules=frozenset({"crm"}))
    first = inbox.page(viewer, limit=3)
    assert len(first.rows) == 3
    assert first.next
    assert len(inbox.page(viewer, after=first.next, limit=3).rows) == 1


def test_levels_are_as_before_behind_an_open_door(archive: Archive, sam: User, kim: User) -> None:
    box = archive.mailbox(sam, "metadata")
    message_id = put(archive, box, ("crm.contact", 1))
    shown = reading.message(eyes(kim), message_id)
    assert (shown.level, shown.subject) == (Level.METADATA, None)
