"""The mail of a record: by links, by addresses not linked yet, and never against a decision."""

from typing import Any

import pytest

from mailweave.kit.errors import Expected
from mailweave.linking import history
from mailweave.people.models import User
from tests.makers_mail import KIND, Archive, address_id, eyes

pytestmark = pytest.mark.sql
ONE = [(KIND, 1)]


def threads(user: User, records: list[tuple[str, int]] = ONE) -> list[int]:
    return [row.thread_id for row in history.threads_of(eyes(user), records).rows]


def test_newest_mail_about_the_record_first(archive: Archive, sam: User) -> None:
    box = archive.mailbox(sam)
    made = [archive.thread() for _ in range(3)]
    for thread_id, minute in zip(made, (5, 9, 7), strict=True):
        message_id = archive.message(thread_id, minute=minute)
        archive.copy(message_id, box)
        archive.link(message_id, 1)
    later = archive.message(made[0], minute=20, sender="else@x.example")
    archive.copy(later, box)
    archive.settle()
    assert threads(sam) == [made[1], made[2], made[0]]


def test_mail_not_linked_yet_shows_by_its_addresses(archive: Archive, sam: User, kim: User) -> None:
    thread_id = archive.thread()
    archive.copy(archive.message(thread_id, sender="ann@client.example"), archive.mailbox(sam))
    archive.record_address(1, "ann@client.example")
    archive.settle()
    assert threads(sam) == [thread_id]
    assert threads(kim) == [], "unlinked mail is its owner's alone"
    assert threads(sam, [(KIND, 2)]) == threads(sam, [("test.else", 1)]) == []


@pytest.mark.parametrize(("direction", "shown"), [("in", True), ("out", False)])
def test_the_fallback_follows_the_policy(
    archive: Archive, sam: User, direction: str, shown: bool
) -> None:
    """Who sent it counts for received mail only."""
    thread_id = archive.thread()
    message_id = archive.message(thread_id, sender="ann@client.example", direction=direction)
    archive.copy(message_id, archive.mailbox(sam))
    archive.record_address(1, "ann@client.example")
    archive.settle()
    assert threads(sam) == ([thread_id] if shown else [])


def test_a_pinned_unlink_wins(archive: Archive, sam: User) -> None:
    box, thread_id = archive.mailbox(sam), archive.thread()
    kept = archive.message(thread_id, minute=1, text="kept")
    unlinked = archive.message(thread_id, minute=2, text="unlinked")
    for message_id in (kept, unlinked):
        archive.copy(message_id, box)
    archive.record_address(1, "ann@client.example")
    archive.link(unlinked, 1, linked=False, pinned=True)
    archive.settle()
    (row,) = history.threads_of(eyes(sam), ONE).rows
    assert (row.preview, row.message_count) == ("kept", 1)
    archive.link(kept, 1, linked=False, pinned=True)
    archive.settle()
    assert threads(sam) == []


def test_mail_hidden_in_a_private_mailbox_does_not_move_a_thread(
    archive: Archive, sam: User, kim: User
) -> None:
    """The place of a thread would tell when the hidden mail came."""
    shared, private = archive.mailbox(sam), archive.mailbox(sam, "private")
    moved, still = archive.thread(), archive.thread()
    for thread_id, minute, box in ((moved, 1, shared), (moved, 50, private), (still, 9, shared)):
        message_id = archive.message(thread_id, minute=minute)
        archive.copy(message_id, box)
        archive.link(message_id, 1)
    archive.settle()
    assert threads(sam) == [moved, still]
    assert threads(kim) == [still, moved]
    page = history.threads_of(eyes(kim), ONE, limit=1)
    page = history.threads_of(eyes(kim), ONE, page.next, limit=1)
    assert [row.thread_id for row in page.rows] == [moved]


def test_many_hidden_threads_do_not_crowd_out_a_visible_one(
    archive: Archive, sam: User, kim: User
) -> None:
    """They come first by their rows, though what is visible of them is old."""
    shared, private = archive.mailbox(sam), archive.mailbox(sam, "private")
    crowd = [archive.thread() for _ in range(14)]
    for number, thread_id in enumerate(crowd):
        for minute, box in ((number, shared), (100 + number, private)):
            message_id = archive.message(thread_id, minute=minute)
            archive.copy(message_id, box)
            archive.link(message_id, 1)
    newest = archive.thread()
    message_id = archive.message(newest, minute=50)
    archive.copy(message_id, shared)
    archive.link(message_id, 1)
    archive.settle()
    found, after = [], None
    for _ in range(len(crowd) + 1):
        page = history.threads_of(eyes(kim), ONE, after, limit=1)
        found += [row.thread_id for row in page.rows]
        after = page.next
    assert found == [newest, *reversed(crowd)]
    assert after is None


def test_records_are_asked_for_together(archive: Archive, sam: User) -> None:
    box, thread_id = archive.mailbox(sam), archive.thread()
    for record_id in (1, 2):
        message_id = archive.message(thread_id, minute=record_id)
        archive.copy(message_id, box)
        archive.link(message_id, record_id)
    archive.settle()
    (row,) = history.threads_of(eyes(sam), [(KIND, 1), (KIND, 2), (KIND, 1)]).rows
    assert row.message_count == 2
    assert history.threads_of(eyes(sam), []).rows == ()


def test_a_broken_cursor_is_told(archive: Archive, sam: User) -> None:
    with pytest.raises(Expected):
        history.threads_of(eyes(sam), ONE, "nonsense")


def test_a_page_is_five_queries(
    archive: Archive, sam: User, django_assert_num_queries: Any
) -> None:
    box = archive.mailbox(sam)
    for minute in range(4):
        message_id = archive.message(archive.thread(), minute=minute)
        archive.copy(message_id, box)
        archive.link(message_id, 1)
    archive.settle()
    viewer = eyes(sam)
    with django_assert_num_queries(5):
        assert len(history.threads_of(viewer, ONE).rows) == 4


def test_reasons(archive: Archive, sam: User) -> None:
    message_id = archive.message(archive.thread(), sender="ann@client.example")
    ann = address_id("ann@client.example")
    archive.link(message_id, 1, reason="sender", address_id=ann)
    archive.link(message_id, 2, linked=False, pinned=True, made_by_id=sam.pk)
    found = history.reasons_for([message_id, message_id + 1])
    assert list(found) == [message_id]
    by_address, by_hand = found[message_id]
    assert (by_address.record_id, by_address.reason, by_address.address, by_address.made_by) == (
        1,
        "sender",
        "ann@client.example",
        "",
    )
    assert (by_hand.record_id, by_hand.linked, by_hand.pinned, by_hand.made_by) == (
        2,
        False,
        True,
        "Sam",
    )


@pytest.mark.parametrize("reason", ["recipient", "thread"])
def test_a_reason_does_not_tell_of_a_bcc(archive: Archive, sam: User, reason: str) -> None:
    message_id = archive.message(archive.thread())
    archive.copy(message_id, archive.mailbox(sam), bcc=["secret@x.example"])
    archive.link(message_id, 1, reason=reason, address_id=address_id("secret@x.example"))
    ((found,),) = history.reasons_for([message_id]).values()
    assert found.address == ""


def test_an_inherited_link_names_the_address_of_its_thread(archive: Archive, sam: User) -> None:
    thread_id = archive.thread()
    archive.message(thread_id, sender="ann@client.example")
    reply = archive.message(thread_id, sender="bob@client.example", to=())
    ann = address_id("ann@client.example")
    archive.link(reply, 1, reason="thread", address_id=ann)
    archive.link(reply, 2, reason="sender", address_id=ann)
    inherited, odd = history.reasons_for([reply])[reply]
    assert (inherited.address, odd.address) == ("ann@client.example", "")


def test_for_each_record_one_message_tells_most(archive: Archive, sam: User) -> None:
    thread_id = archive.thread()
    made = [archive.message(thread_id, minute=minute) for minute in range(5)]
    for place, record_id, reason in ((0, 1, "thread"), (2, 1, "sender"), (3, 1, "recipient")):
        archive.link(made[place], record_id, reason=reason)
    archive.link(made[1], 2)
    archive.link(made[4], 2)
    archive.link(made[4], 3, linked=False, pinned=True)
    assert history.telling(made) == {made[1], made[2]}
    assert history.telling(made[3:]) == {made[3], made[4]}
    assert history.telling([]) == set()
