"""Unlinked mail by person: whose it is, who it is with, newest first, dismissed and shown again."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.linking import addresses, links, unlinked
from mailweave.linking.models import Unlinked
from mailweave.linking.unlinked import Group
from mailweave.mail.models import Copy, Mailbox, Message, Policy
from mailweave.mail.visibility import Viewer
from mailweave.people import workspaces
from mailweave.people.models import User
from tests.makers_arrivals import ADA, BEN, BOB, MARA, by_key, fetch, put
from tests.makers_mail import Archive, eyes

pytestmark = pytest.mark.sql
THING = "test.thing"
ZOE, KAI = "zoe@far.example", "kai@far.example"


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


def groups(viewer: Viewer, **more: Any) -> list[Group]:
    return list(unlinked.page(viewer, **more).groups)


def people(viewer: Viewer, **more: Any) -> list[str]:
    return [one.address for one in groups(viewer, **more)]


def person(viewer: Viewer, address: str) -> int:
    return next(one.person_id for one in groups(viewer) if one.address == address)


def waits(viewer: Viewer, address: str) -> set[str]:
    """The Message-IDs of what waits with a person."""
    found = unlinked.messages(viewer, person(viewer, address))
    return set(Message.objects.filter(pk__in=found).values_list("message_id", flat=True))


def test_each_person_at_their_newest(box: int, sam: User) -> None:
    put(
        box,
        fetch("a", f"Zoe Far <{ZOE}>", [ADA], minute=1, subject="First"),
        fetch("b", MARA, [ADA], minute=2, subject="Only"),
        fetch("c", f"Zoë Far <{ZOE}>", [ADA], minute=3, subject="Second"),
    )
    zoe, mara = groups(eyes(sam))
    assert (zoe.address, zoe.name, zoe.count, zoe.subject) == (ZOE, "Zoë Far", 2, "Second")
    assert zoe.inbound
    assert (mara.address, mara.count, mara.subject) == (MARA, 1, "Only")
    shown = unlinked.letters(eyes(sam), zoe.person_id)
    assert shown
    assert [one.subject for one in shown.letters] == ["Second", "First"]


def test_sent_mail_stands_under_whom_it_went_to(box: int, sam: User) -> None:
    """Who is one of us does not count, wherever they stand."""
    put(
        box,
        fetch("a", ADA, [BEN, ZOE], cc=[MARA], sent=True),
        fetch("b", BEN, [ADA], cc=[KAI], minute=1),
        fetch("c", ADA, [], headers=[("Bcc", BOB)], sent=True, minute=2),
    )
    assert {one.address: one.inbound for one in groups(eyes(sam))} == {ZOE: False, KAI: True}
    addresses.set_addresses(THING, 1, [(BOB, "primary")])
    addresses.set_addresses(THING, 1, [])
    assert set(people(eyes(sam))) == {ZOE, KAI, BOB}


def test_mail_among_colleagues_waits_only_where_it_is_shown(box: int, sam: User) -> None:
    put(box, fetch("a", BEN, [ADA]), fetch("b", ADA, [BEN], sent=True))
    assert people(eyes(sam)) == []
    Policy.objects.update_or_create(defaults={"internal_mail": Policy.Internal.SHOW})
    unlinked.derive(Message.objects.values_list("thread_id", flat=True))
    assert people(eyes(sam)) == [BEN]


def test_somebody_who_became_a_colleague_is_gone(box: int, sam: User, archive: Archive) -> None:
    put(box, fetch("a", MARA, [ADA]), fetch("b", ZOE, [ADA]))
    Mailbox.objects.create(kind="gmail", owner=sam, address=MARA, remote_account_id="x")
    assert people(eyes(sam)) == [ZOE]


def test_linked_mail_goes_and_comes_back(box: int, sam: User) -> None:
    put(box, fetch("a", MARA, [ADA]), fetch("b", ZOE, [ADA]))
    addresses.set_addresses(THING, 1, [(MARA, "primary")])
    assert people(eyes(sam)) == [ZOE]
    addresses.forget(THING, 1)
    assert set(people(eyes(sam))) == {MARA, ZOE}
    links.link([by_key()["b"].pk], (THING, 1), sam.pk)
    assert people(eyes(sam)) == [MARA]
    links.unlink([by_key()["b"].pk], (THING, 1), sam.pk)
    assert set(people(eyes(sam))) == {MARA, ZOE}


@pytest.mark.parametrize("sharing", ["full", "subject", "metadata", "private"])
def test_nobody_but_the_owner_sees_it(archive: Archive, sam: User, kim: User, sharing: str) -> None:
    """Whatever the sharing; an owner of the workspace is no exception."""
    put(archive.mailbox(kim, sharing), fetch("a", MARA, [ADA]))
    mine, theirs = eyes(kim), eyes(sam)
    pk = person(mine, MARA)
    assert people(theirs) == []
    assert unlinked.letters(theirs, pk) is None
    assert unlinked.messages(theirs, pk) == []
    assert unlinked.messages(theirs, pk, [by_key()["a"].pk]) == []
    assert unlinked.waiting(theirs) == 0
    assert unlinked.waiting(mine) == 1


def test_a_shared_mailbox_is_everybodys(archive: Archive, sam: User, kim: User, box: int) -> None:
    common = archive.mailbox(sam)
    Mailbox.objects.filter(pk=common).update(delegate_id=box)
    put(common, fetch("a", MARA, [ADA]))
    assert people(eyes(kim)) == [MARA]
    act = unlinked.dismiss(eyes(kim), person(eyes(kim), MARA))
    assert people(eyes(sam)) == []
    (line,), older = unlinked.dismissed(eyes(sam))
    assert (line.by, line.count, older) == ("Kim", 0, None)
    assert unlinked.restore(eyes(sam), act)
    assert people(eyes(kim)) == [MARA]


def test_other_workspaces_see_nothing(db: None) -> None:
    """Not even with the ids of what they have no part in."""
    foreign = workspaces.open_workspace("South", "Eve", "eve@south.example", "x", "UTC")
    own = workspaces.open_workspace("North", "Sam", "sam@north.example", "x", "UTC")
    with scope.workspace(workspaces.memberships(own)[0].workspace_id):
        mine = Archive().mailbox(own)
        put(mine, fetch("a", MARA, [ADA]))
        pk, message = person(eyes(own), MARA), by_key()["a"].pk
    with scope.workspace(workspaces.memberships(foreign)[0].workspace_id):
        thief = replace(eyes(foreign), own=(mine,))
        assert people(thief) == []
        assert unlinked.messages(thief, pk) == []
        with pytest.raises(IntegrityError), transaction.atomic():
            unlinked.dismiss(thief, pk)
        with pytest.raises(Expected):
            links.link([message], (THING, 1), foreign.pk)


def test_the_same_message_in_two_mailboxes_counts_once(
    box: int, sam: User, archive: Archive
) -> None:
    letter = fetch("a", MARA, [ADA, BEN])
    put(box, letter)
    put(archive.mailbox(sam), letter)
    assert Unlinked.objects.count() == 2
    (group,) = groups(eyes(sam))
    assert group.count == 1
    shown = unlinked.letters(eyes(sam), group.person_id)
    assert shown
    assert len(shown.letters) == 1


def test_pages_hold_everybody_once(box: int, sam: User, archive: Archive) -> None:
    """Whoever wrote before a page's end and after it stands on the earlier page only."""
    other = archive.mailbox(sam)
    for minute in range(24):
        sender = f"p{minute % 7}@far.example"
        put(box if minute % 3 else other, fetch(f"m{minute}", sender, [ADA], minute=minute))
    seen: list[str] = []
    after: str | None = None
    while True:
        found = unlinked.page(eyes(sam), after, limit=2)
        seen += [one.address for one in found.groups]
        after = found.next
        if after is None:
            break
    assert seen == [f"p{n % 7}@far.example" for n in range(23, 16, -1)]


def test_walks_further_than_one_query_looks(
    box: int, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unlinked, "WALK", 3)
    put(box, *[fetch(f"m{n}", f"p{n % 9}@far.example", [ADA], minute=n) for n in range(20)])
    first = unlinked.page(eyes(sam), limit=4)
    rest = unlinked.page(eyes(sam), first.next, limit=20)
    assert len(first.groups) == 4
    assert len({one.address for one in (*first.groups, *rest.groups)}) == 9
    assert rest.next is None


def test_letters_have_pages(box: int, sam: User) -> None:
    put(box, *[fetch(f"m{n}", MARA, [ADA], minute=n) for n in range(5)])
    pk = person(eyes(sam), MARA)
    seen: list[int] = []
    after: str | None = None
    while True:
        found = unlinked.letters(eyes(sam), pk, after, limit=2)
        assert found
        seen += [one.id for one in found.letters]
        after = found.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 5


def test_a_broken_place_is_told(box: int, sam: User) -> None:
    with pytest.raises(Expected):
        unlinked.page(eyes(sam), "nonsense")


def test_a_dismissed_sender_stays_dismissed(box: int, sam: User) -> None:
    put(box, fetch("a", MARA, [ADA]), fetch("b", ZOE, [ADA]))
    act = unlinked.dismiss(eyes(sam), person(eyes(sam), MARA))
    put(box, fetch("c", MARA, [ADA], minute=9))
    assert people(eyes(sam)) == [ZOE]
    assert unlinked.waiting(eyes(sam)) == 1
    assert unlinked.restore(eyes(sam), act)
    assert waits(eyes(sam), MARA) == {"a", "c"}
    assert not unlinked.restore(eyes(sam), act)


def test_a_dismissed_message_leaves_the_others(box: int, sam: User) -> None:
    put(box, fetch("a", MARA, [ADA]), fetch("b", MARA, [ADA], minute=1))
    pk = person(eyes(sam), MARA)
    act = unlinked.dismiss(eyes(sam), pk, [by_key()["b"].pk])
    assert waits(eyes(sam), MARA) == {"a"}
    (line,), _ = unlinked.dismissed(eyes(sam))
    assert (line.count, line.subject, line.address) == (1, "Offer", MARA)
    unlinked.restore(eyes(sam), act)
    assert waits(eyes(sam), MARA) == {"a", "b"}


def test_what_somebody_else_dismissed_is_theirs(
    archive: Archive, sam: User, kim: User, box: int
) -> None:
    put(box, fetch("a", MARA, [ADA]))
    act = unlinked.dismiss(eyes(sam), person(eyes(sam), MARA))
    assert not unlinked.restore(eyes(kim), act)
    assert unlinked.dismissed(eyes(kim)) == ([], None)
    assert not unlinked.restore(eyes(sam), uuid4())
    assert people(eyes(sam)) == []


def test_mail_that_was_taken_out_is_gone(box: int, sam: User) -> None:
    put(box, fetch("a", MARA, [ADA], minute=2), fetch("b", MARA, [ADA]), fetch("c", ZOE, [ADA]))
    newest = by_key()["a"]
    Copy.objects.filter(message=newest).update(state="skipped")
    assert waits(eyes(sam), MARA) == {"b"}
    assert set(people(eyes(sam))) == {MARA, ZOE}


def test_mail_that_names_nobody_does_no_harm(box: int, sam: User) -> None:
    put(box, fetch("a", "", [ADA]), fetch("b", MARA, []))
    assert people(eyes(sam)) == [MARA]
