"""The timeline read without pages: the order, the places, and who sees what of it."""

from datetime import timedelta

import pytest

from mailweave.journal import entries, timeline
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking import addresses
from mailweave.people.access import Member, Scopes
from mailweave.people.models import Scope, User
from mailweave.records.crm import contacts, deals
from mailweave.records.crm.models import Contact, Deal
from tests.makers_mail import START, Archive, eyes

pytestmark = pytest.mark.sql


def make_deal(owner: User) -> tuple[entries.Record, entries.Record]:
    """A deal that is everybody's, and its contact, who is Sam's."""
    ann = Contact(name="Ann", owner=owner)
    contacts.store(ann, ["ann@client.example"])
    deal = Deal(name="Renewal")
    deals.store(deal, [ann.pk])
    return ("crm.deal", deal.pk), ("crm.contact", ann.pk)


def test_a_walk_meets_everything_once_however_moments_fall_together(
    owner: Member, archive: Archive, sam: User
) -> None:
    _, ann = make_deal(sam)
    box = archive.mailbox(sam)
    for minute in range(4):
        for _ in range(3):
            archive.copy(archive.message(archive.thread(), minute=minute), box)
            entries.write(owner, [ann], "note", "x", START + timedelta(minutes=minute))
    for limit in (1, 4, 7):
        met, after = [], ""
        while True:
            page = timeline.page(eyes(sam), owner, ann, "", after, limit)
            met += [(one.at, one.message is not None) for one in page.items]
            if page.next is None:
                break
            after = page.next
        assert len(met) == 24
        assert met == sorted(met, reverse=True)


def test_what_is_about_a_contact_one_does_not_see_is_not_on_its_deal(
    owner: Member, colleague: Member, sam: User, kim: User
) -> None:
    deal, ann = make_deal(sam)
    entries.write(owner, [ann], "note", "About Ann")
    entries.write(owner, [deal], "note", "About the deal")
    narrow = Member(
        colleague.workspace_id,
        colleague.user_id,
        colleague.role,
        scopes=Scopes(see=Scope.OWN),
    )
    assert len(timeline.page(eyes(sam), owner, deal).items) == 2
    (only,) = timeline.page(eyes(kim), narrow, deal).items
    assert only.entry is not None
    assert only.entry.text == "About the deal"


def test_what_is_planned_stands_first_and_a_deleted_entry_nowhere(owner: Member, sam: User) -> None:
    _, ann = make_deal(sam)
    now = clock.now()
    entries.write(owner, [ann], "meeting", "Planned", now + timedelta(days=2))
    gone = entries.write(owner, [ann], "call", "Gone", now)
    entries.delete(owner, gone.pk)
    entries.write(owner, [ann], "note", "Now", now)
    found = timeline.page(eyes(sam), owner, ann).items
    assert [one.entry and one.entry.text for one in found] == ["Planned", "Now"]


def test_a_list_that_is_too_long_to_show_again_begins_anew(owner: Member, sam: User) -> None:
    _, ann = make_deal(sam)
    for minute in range(timeline.MAX_LIMIT + 2):
        entries.write(owner, [ann], "note", "x", START + timedelta(minutes=minute))
    first = timeline.page(eyes(sam), owner, ann, limit=timeline.MAX_LIMIT)
    assert timeline.until(eyes(sam), owner, ann, "", first.last) is not None
    assert first.next is not None
    rest = timeline.page(eyes(sam), owner, ann, "", first.next)
    assert timeline.until(eyes(sam), owner, ann, "", rest.last) is None
    with pytest.raises(Expected):
        timeline.page(eyes(sam), owner, ann, "", "x" + first.last[1:])


def test_mail_without_a_link_yet_is_there(owner: Member, archive: Archive, sam: User) -> None:
    ann = ("crm.contact", Contact.objects.create(name="Ann").pk)
    addresses.set_addresses(*ann, [("ann@client.example", "primary")])
    archive.copy(archive.message(archive.thread()), archive.mailbox(sam))
    (only,) = timeline.page(eyes(sam), owner, ann).items
    assert only.message is not None
