"""Of one thread more or less is shared than of its mailbox."""

import dataclasses

import pytest
from django.db import connection

from mailweave.linking import flat, history
from mailweave.mail import inbox, opening, removal, search, sharing, threads
from mailweave.mail.inbox import Filters
from mailweave.mail.models import Copy, Mailbox, ThreadMailbox
from mailweave.mail.visibility import Level, NotFound, Viewer, compose, shade
from mailweave.people.models import User
from tests import makers_arrivals as arrivals
from tests.makers_mail import KIND, Archive, eyes

pytestmark = pytest.mark.sql


def put(archive: Archive, box: int, thread: int, *, linked: bool = True) -> int:
    message_id = archive.message(thread, minute=len(archive.messages), text="walrus")
    archive.copy(message_id, box)
    if linked:
        archive.link(message_id, 1)
    archive.settle()
    return message_id


def level(viewer: Viewer, thread_id: int) -> Level | None:
    """How much of the newest message of a thread is seen, alike on every way of reading."""
    found = {
        "inbox": {row.thread_id: row.level for row in inbox.page(viewer).rows},
        "panel": {row.thread_id: row.level for row in history.threads_of(viewer, [(KIND, 1)]).rows},
        "flat": {
            row.thread_id: row.level for row in flat.messages_of(viewer, [(KIND, 1)], "").rows
        },
    }
    levels = {name: rows.get(thread_id) for name, rows in found.items()}
    try:
        levels["thread"] = opening.open_thread(viewer, thread_id).messages[-1].level
    except NotFound:
        levels["thread"] = None
    assert len(set(levels.values())) == 1, levels
    found_by_text = thread_id in {row.thread_id for row in search.search(viewer, "walrus").rows}
    assert found_by_text == ((levels["thread"] or 0) >= Level.FULL)
    return levels["thread"]


@pytest.mark.parametrize("usual", Mailbox.Sharing.values)
@pytest.mark.parametrize("chosen", Mailbox.Sharing.values)
def test_what_is_said_of_a_thread_comes_before_its_mailbox(
    archive: Archive, sam: User, kim: User, usual: str, chosen: str
) -> None:
    box, thread, other = archive.mailbox(sam, usual), archive.thread(), archive.thread()
    for one in (thread, other):
        put(archive, box, one)
    before = level(eyes(kim), thread)
    was = sharing.choose(eyes(sam), thread, box, chosen)
    assert (was.chosen, was.usual) == ("", usual)
    expected = sharing.LEVELS[chosen]
    assert level(eyes(kim), thread) == (expected or None)
    assert level(eyes(kim), other) == before
    assert level(eyes(sam), thread) == Level.OWN
    assert sharing.choose(eyes(sam), thread, box, was.chosen).chosen == chosen
    assert level(eyes(kim), thread) == before


def test_unlinked_mail_of_an_opened_thread_stays_its_owners(
    archive: Archive, sam: User, kim: User
) -> None:
    box, thread = archive.mailbox(sam, "private"), archive.thread()
    linked = put(archive, box, thread)
    put(archive, box, thread, linked=False)
    sharing.choose(eyes(sam), thread, box, "full")
    assert [one.id for one in opening.open_thread(eyes(kim), thread).messages] == [linked]


def test_a_mailbox_of_which_a_thread_is_open_can_be_asked_for(
    archive: Archive, sam: User, kim: User
) -> None:
    box, thread = archive.mailbox(sam, "private"), archive.thread()
    put(archive, box, thread)
    put(archive, box, archive.thread())
    with pytest.raises(NotFound):
        inbox.page(eyes(kim), Filters(mailbox_id=box))
    sharing.choose(eyes(sam), thread, box, "metadata")
    found = inbox.page(eyes(kim), Filters(mailbox_id=box)).rows
    assert [row.thread_id for row in found] == [thread]
    assert eyes(kim).opened == (box,)


def test_only_who_decides_about_a_mailbox_decides(archive: Archive, sam: User, kim: User) -> None:
    box, thread = archive.mailbox(sam), archive.thread()
    put(archive, box, thread)
    for user, where in ((kim, box), (sam, archive.mailbox(sam))):
        with pytest.raises(NotFound):
            sharing.choose(eyes(user), thread, where, "full")
    assert [(one.mine, one.chosen) for one in sharing.of_thread(eyes(kim), thread)] == [(False, "")]
    assert not Copy.objects.filter(sharing__isnull=False).exists()


def test_a_thread_of_a_shared_mailbox_can_be_closed_by_those_who_decide_about_it(
    archive: Archive, sam: User, kim: User, lee: User
) -> None:
    own = archive.mailbox(lee, "private")
    box, thread = archive.mailbox(sam, delegate_id=own), archive.thread()
    put(archive, box, thread, linked=False)
    with pytest.raises(NotFound):
        sharing.choose(eyes(kim), thread, box, "private")
    sharing.choose(eyes(lee), thread, box, "private")
    found = {user.name: bool(inbox.page(eyes(user)).rows) for user in (sam, kim, lee)}
    assert found == {"Sam": True, "Kim": False, "Lee": True}
    assert inbox.page(eyes(kim, "admin")).rows
    assert not search.search(eyes(kim), "walrus").rows
    sharing.choose(eyes(lee), thread, box, "subject")
    (row,) = inbox.page(eyes(kim)).rows
    assert (row.level, row.preview) == (Level.SUBJECT, None)
    sharing.choose(eyes(lee), thread, box, "full")
    assert inbox.page(eyes(kim)).rows[0].level == Level.OWN


def test_what_arrives_later_is_shared_as_its_thread(archive: Archive, sam: User, kim: User) -> None:
    box, other = archive.mailbox(sam), archive.mailbox(kim)
    (thread,) = arrivals.put(box, letter := arrivals.fetch("a")).thread_ids
    sharing.choose(eyes(sam), thread, box, "private")
    answer = arrivals.fetch("b", refs=["a"])
    arrivals.put(box, answer)
    arrivals.put(other, answer)
    said = dict(ThreadMailbox.objects.values_list("mailbox_id", "sharing"))
    assert said == {box: 0, other: None}
    arrivals.put(box, letter, answer)
    assert set(Copy.objects.filter(mailbox_id=box).values_list("sharing", flat=True)) == {0}


def test_mail_that_was_left_out_comes_back_as_it_was_shared(archive: Archive, sam: User) -> None:
    box = archive.mailbox(sam)
    arrivals.put(box, letter := arrivals.fetch("a"))
    copy = Copy.objects.get()
    sharing.choose(eyes(sam), copy.thread_id, box, "private")
    removal.remove([copy.pk])
    arrivals.put(box, arrivals.fetch("b", refs=["a"]))
    assert ThreadMailbox.objects.get().sharing is None
    arrivals.put(box, letter)
    assert ThreadMailbox.objects.get().sharing == 0
    assert set(Copy.objects.values_list("sharing", flat=True)) == {0}


@pytest.mark.parametrize(
    ("usual", "one", "two", "both"),
    [
        ("full", 0, None, 0),
        ("full", 3, None, None),
        ("private", 3, None, None),
        ("private", 3, 1, 1),
        ("subject", 1, None, 1),
        ("subject", 3, None, None),
        ("metadata", None, None, None),
    ],
)
def test_of_threads_that_become_one_the_stricter_holds(
    archive: Archive, sam: User, usual: str, one: int | None, two: int | None, both: int | None
) -> None:
    box, elsewhere = archive.mailbox(sam, usual), archive.mailbox(sam)
    winner, loser = archive.thread(), archive.thread()
    for thread, said in ((winner, one), (loser, two)):
        put(archive, box, thread)
        put(archive, elsewhere, thread)
        Copy.objects.filter(thread_id=thread, mailbox_id=box).update(sharing=said)
    threads.merge({loser: winner})
    threads.refresh([winner])
    said = dict(ThreadMailbox.objects.values_list("mailbox_id", "sharing"))
    assert said == {box: both, elsewhere: None}
    assert set(Copy.objects.filter(mailbox_id=box).values_list("sharing", flat=True)) == {both}


def test_the_list_joins_nothing_for_it(archive: Archive, sam: User, kim: User) -> None:
    """A thread that is opened is met on an index of its own."""
    box = archive.mailbox(sam, "private")
    thread, *others = [archive.thread() for _ in range(40)]
    for one in (thread, *others):
        put(archive, box, one)
    sharing.choose(eyes(sam), thread, box, "full")
    plain = dataclasses.replace(eyes(kim), opened=())
    assert inbox.page(plain).rows == ()
    stretch = compose(
        "mailweave.mail", "inbox", "stretch", boxes="opened", shows=inbox.SHOWS["opened"], passes=""
    )
    asked = {**eyes(kim).parameters(), "opened": [box], "at": "infinity", "id": 0, "batch": 10}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE mail_threadmailbox")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + shade(stretch), asked)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "tm_opened" in plan
    assert plan.count("Join") + plan.count("Nested Loop") <= 1, plan
