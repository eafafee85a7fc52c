"""A thread: the window on its messages that opens first, and those further back."""

from typing import Any

import pytest

from mailweave.mail import opening, reading
from mailweave.mail.models import Copy
from mailweave.mail.opening import ThreadView
from mailweave.people.models import User
from tests.makers_mail import Archive, eyes, make_part

pytestmark = pytest.mark.sql


def conversation(archive: Archive, user: User, length: int, **facts: Any) -> tuple[int, list[int]]:
    """A thread in a mailbox of the user's, and its messages, oldest first."""
    box, thread_id = archive.mailbox(user), archive.thread()
    made = [archive.message(thread_id, minute=minute, **facts) for minute in range(length)]
    for message_id in made:
        archive.copy(message_id, box)
    return thread_id, made


def shown(view: ThreadView) -> list[int]:
    return [one.id for one in view.messages]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows that a few messages fill."""
    for name, size in (("WINDOW", 2), ("OLDER", 3), ("MAX_MESSAGES", 6)):
        monkeypatch.setattr(opening, name, size)


@pytest.mark.usefixtures("small")
def test_a_long_thread_shows_its_newest_part(archive: Archive, sam: User) -> None:
    thread_id, made = conversation(archive, sam, 6, subject="Terms")
    view = opening.open_thread(eyes(sam), thread_id)
    assert (shown(view), view.ids, view.older) == (made[4:], tuple(made), 4)
    assert (view.subject, view.more) == ("Terms", False)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 7, 8, 9, 16])
def test_every_message_is_in_one_window(archive: Archive, sam: User, length: int) -> None:
    thread_id, made = conversation(archive, sam, length)
    view = opening.open_thread(eyes(sam), thread_id)
    windows = [shown(view)]
    while view.before:
        assert view.older or view.more
        view = opening.open_thread(eyes(sam), thread_id, view.before)
        windows.insert(0, shown(view))
    assert [pk for window in windows for pk in window] == made
    assert (view.older, view.more) == (0, False)


@pytest.mark.usefixtures("small")
def test_what_came_since_a_message_is_one_window(archive: Archive, sam: User) -> None:
    thread_id, made = conversation(archive, sam, 6)
    assert shown(opening.open_thread(eyes(sam), thread_id, since=made[1])) == made[1:]
    assert shown(opening.open_thread(eyes(sam), thread_id, since=10**18)) == made[4:]


@pytest.mark.usefixtures("small")
def test_older_messages_are_counted_as_far_as_they_are_seen(
    archive: Archive, sam: User, kim: User
) -> None:
    thread_id, made = conversation(archive, sam, 4)
    hidden = archive.mailbox(kim, sharing="private")
    for minute in (-1, -2):
        archive.copy(archive.message(thread_id, minute=minute), hidden, seen=False)
    Copy.objects.filter(message_id__in=[made[0], made[1], made[3]]).update(seen=False)
    view = opening.open_thread(eyes(sam), thread_id)
    assert (view.older, view.older_unread, len(view.ids)) == (2, 2, 4)
    assert not opening.open_thread(eyes(sam), thread_id, view.before).before


def test_one_message_says_what_its_thread_says_of_it(archive: Archive, sam: User) -> None:
    thread_id, made = conversation(archive, sam, 3)
    make_part(made[1])
    view = opening.open_thread(eyes(sam), thread_id)
    assert [reading.message(eyes(sam), pk) for pk in made] == list(view.messages)
    newest = [opening.is_newest(eyes(sam), thread_id, pk) for pk in made]
    assert newest == [False, False, True]


def test_the_newest_is_the_newest_one_sees(archive: Archive, sam: User, kim: User) -> None:
    thread_id, made = conversation(archive, sam, 2)
    archive.copy(archive.message(thread_id, minute=9), archive.mailbox(kim, sharing="private"))
    assert opening.is_newest(eyes(sam), thread_id, made[1])


def test_a_thread_takes_four_queries(
    archive: Archive, sam: User, django_assert_num_queries: Any
) -> None:
    box, thread_id = archive.mailbox(sam), archive.thread()
    for minute in range(5):
        message_id = archive.message(thread_id, minute=minute)
        archive.copy(message_id, box)
        make_part(message_id)
    viewer = eyes(sam)
    with django_assert_num_queries(4):
        opening.open_thread(viewer, thread_id)
