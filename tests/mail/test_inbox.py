"""Lists: pages that join without gap or double, hostile cursors, foreign mailboxes."""

import base64
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailweave.kit.errors import Expected
from mailweave.mail import cursors, inbox
from mailweave.mail.cursors import Place
from mailweave.mail.inbox import Filters
from mailweave.mail.visibility import NotFound, Viewer
from mailweave.people.models import User
from tests import database
from tests.makers_mail import START, Archive, eyes

pytestmark = pytest.mark.sql


def pages(viewer: Viewer, filters: Filters, limit: int) -> list[list[int]]:
    found, after = [], None
    while True:
        page = inbox.page(viewer, filters, after, limit)
        found.append([row.thread_id for row in page.rows])
        after = page.next
        if after is None:
            return found


def test_mail_of_one_second_is_paged_without_gap_or_double(archive: Archive, sam: User) -> None:
    box = archive.mailbox(sam)
    threads = [archive.thread() for _ in range(7)]
    for thread_id in threads:
        archive.copy(archive.message(thread_id), box)
    archive.settle()
    newest_first = sorted(threads, reverse=True)
    assert pages(eyes(sam), Filters(), 3) == [
        newest_first[:3],
        newest_first[3:6],
        newest_first[6:],
    ]


def test_threads_that_stand_higher_in_another_mailbox_are_passed_over(
    archive: Archive, sam: User
) -> None:
    """One mailbox holds the old part of every thread, the other the new part."""
    old, new = archive.mailbox(sam), archive.mailbox(sam)
    threads = [archive.thread() for _ in range(12)]
    for number, thread_id in enumerate(threads):
        archive.copy(archive.message(thread_id, minute=number), old)
        archive.copy(archive.message(thread_id, minute=100 + number), new)
    alone = archive.thread()
    archive.copy(archive.message(alone, minute=-1), old)
    archive.settle()
    found = [*chain(*pages(eyes(sam), Filters(), 2))]
    assert found == [*reversed(threads), alone]


def test_the_merge_stops_where_one_mailbox_was_cut(archive: Archive, sam: User) -> None:
    """The newest forty threads lie in one mailbox, of which the first look takes only some."""
    boxes = [archive.mailbox(sam) for _ in range(13)]
    for number in range(40):
        archive.copy(archive.message(archive.thread(), minute=1000 - number), boxes[0])
    for number in range(24):
        archive.copy(archive.message(archive.thread(), minute=-number), boxes[1 + number % 12])
    archive.settle()
    assert [*chain(*pages(eyes(sam), Filters(), 45))] == sorted(
        {fact.thread_id for fact in archive.messages.values()}
    )


def test_the_last_page_has_no_next(archive: Archive, sam: User) -> None:
    box = archive.mailbox(sam)
    for _ in range(2):
        archive.copy(archive.message(archive.thread()), box)
    archive.settle()
    assert inbox.page(eyes(sam), limit=2).next is None
    assert inbox.page(eyes(sam), limit=1).next is not None


def test_certain_threads_can_be_asked_for(archive: Archive, sam: User, kim: User) -> None:
    mine, yours = archive.mailbox(sam), archive.mailbox(kim)
    first, second, foreign = archive.thread(), archive.thread(), archive.thread()
    for thread_id, box in ((first, mine), (second, mine), (foreign, yours)):
        archive.copy(archive.message(thread_id), box)
    archive.settle()
    filters = Filters(thread_ids=(first, foreign, 2**40))
    assert pages(eyes(sam), filters, 5) == [[first]]
    filters = Filters(thread_ids=(first,), address="ann@client.example")
    assert pages(eyes(sam), filters, 5) == [[first]]


@pytest.mark.parametrize("address", ["nobody@x.example", "", "a\0b@x.example", "%", "x" * 5000])
def test_an_unknown_address_finds_nothing_or_filters_nothing(
    archive: Archive, sam: User, address: str
) -> None:
    archive.copy(archive.message(archive.thread()), archive.mailbox(sam))
    archive.settle()
    found = inbox.page(eyes(sam), Filters(address=address)).rows
    assert len(found) == (0 if address else 1)


@pytest.mark.parametrize("unread", [True, False])
@pytest.mark.parametrize("address", [None, "ann@client.example"])
def test_a_mailbox_one_sees_nothing_of_is_not_found(
    archive: Archive, sam: User, kim: User, address: str | None, unread: bool
) -> None:
    private = archive.mailbox(kim, "private")
    for foreign in (private, private + 1000, -1, 2**62):
        with pytest.raises(NotFound):
            inbox.page(eyes(sam), Filters(foreign, address, unread))


def test_one_page_is_a_fixed_number_of_queries(
    archive: Archive, sam: User, django_assert_num_queries: Any
) -> None:
    box = archive.mailbox(sam)
    for number in range(6):
        archive.copy(archive.message(archive.thread(), minute=number), box)
    archive.settle()
    viewer = eyes(sam)
    for limit in (1, 5):
        with django_assert_num_queries(2):
            inbox.page(viewer, limit=limit)


def test_a_line_shows_three_people_newest_first(archive: Archive, sam: User) -> None:
    box, thread_id = archive.mailbox(sam), archive.thread()
    senders = ["a@x.example", "b@x.example", "a@x.example", "c@x.example", "d@x.example"]
    for minute, sender in enumerate(senders):
        archive.copy(archive.message(thread_id, minute=minute, sender=sender), box, seen=minute > 1)
    archive.settle()
    (row,) = inbox.page(eyes(sam)).rows
    assert [one.address for one in row.people] == ["d@x.example", "c@x.example", "a@x.example"]
    assert [one.name for one in row.people] == ["D", "C", "A"]
    assert (row.message_count, row.unread_count, row.kinds) == (5, 2, ("gmail",))


def test_mail_deleted_at_the_provider_is_not_unread(archive: Archive, sam: User) -> None:
    box = archive.mailbox(sam)
    archive.copy(archive.message(archive.thread()), box, seen=False, state="gone")
    archive.settle()
    assert inbox.page(eyes(sam), Filters(unread=True)).rows == ()
    (row,) = inbox.page(eyes(sam)).rows
    assert row.unread_count == 0


def test_attachments_are_counted_where_they_may_be_seen(
    archive: Archive, sam: User, kim: User
) -> None:
    message_id = archive.message(archive.thread(), attachment_count=2)
    archive.copy(message_id, archive.mailbox(sam, "subject"))
    archive.link(message_id, 1)
    archive.settle()
    assert [row.attachment_count for row in inbox.page(eyes(sam)).rows] == [2]
    assert [row.attachment_count for row in inbox.page(eyes(kim)).rows] == [0]


places = st.builds(
    Place, st.datetimes(timezones=st.just(START.tzinfo)), st.integers(-(2**63), 2**63 - 1)
)


@given(places)
def test_a_cursor_comes_back_as_it_was(place: Place) -> None:
    assert cursors.parse(cursors.write(place)) == place


@given(st.text() | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
@example("é")
@example("=" * 100)
@example(base64.urlsafe_b64encode(b"\xff" * 16).decode())
@example(base64.urlsafe_b64encode(b"\x7f" + b"\xff" * 15).decode())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=database.fewer(60),
    deadline=None,
)
def test_a_hostile_cursor_is_a_broken_link_or_a_place(archive: Archive, text: str) -> None:
    viewer = Viewer(1, 1, (1,), {})
    for filters in (Filters(), Filters(address="a@x.example")):
        try:
            page = inbox.page(viewer, filters, text)
        except Expected:
            continue
        assert page.rows == ()
