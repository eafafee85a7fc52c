"""Marking: what it changes at once, what waits, and what the provider says meanwhile."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.kit import clock, scope
from mailweave.mail import policy
from mailweave.mail.models import Copy, Mailbox, Message, ThreadMailbox
from mailweave.mail.visibility import NotFound, Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.providers.base import StateChange
from mailweave.sync import listing, marks
from mailweave.sync.models import Marking, SeenMark, Sync
from tests.flows.checks import derived
from tests.makers import make_member, make_user
from tests.makers_arrivals import ADA, BOB, MARA, fetch, put

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


@pytest.fixture
def member() -> Any:
    found = make_member()
    with scope.workspace(found.workspace_id):
        yield found


@pytest.fixture
def box(member: Member) -> int:
    """A mailbox with three received messages in two threads, and one that was sent; all unread."""
    mailbox = make_box(member.user_id)
    put(
        mailbox,
        fetch("a1", MARA, [ADA], remote_id="a1", text="one", seen=False),
        fetch("a2", MARA, [ADA], remote_id="a2", refs=["a1"], text="two", seen=False),
        fetch(
            "a3",
            ADA,
            [MARA],
            remote_id="a3",
            refs=["a2"],
            text="three",
            seen=True,
            folders=["SENT"],
        ),
        fetch("b1", BOB, [ADA], remote_id="b1", text="four", seen=False),
    )
    return mailbox


def make_box(owner_id: int, number: int = 1) -> int:
    mailbox = Mailbox.objects.create(
        kind="gmail", owner_id=owner_id, address=f"{number}@h.example", remote_account_id=number
    )
    Sync.objects.create(mailbox_id=mailbox.pk)
    return int(mailbox.pk)


def unseen() -> set[str]:
    return set(Copy.objects.filter(seen=False).values_list("remote_id", flat=True))


def waiting() -> dict[str, tuple[bool, bool]]:
    """What each mark says, and what the provider said before."""
    rows = SeenMark.objects.values_list("copy__remote_id", "seen", "before")
    return {remote_id: (seen, before) for remote_id, seen, before in rows}


def thread_of(remote_id: str) -> int:
    return int(Copy.objects.values_list("thread_id", flat=True).get(remote_id=remote_id))


def message_of(remote_id: str) -> int:
    return int(Copy.objects.values_list("message_id", flat=True).get(remote_id=remote_id))


def said(mailbox: int, remote_id: str, *, seen: bool) -> None:
    state = StateChange(remote_id, remote_id, ("INBOX",), seen=seen, flagged=False)
    listing.change(mailbox, [state])


def asked(remote_id: str) -> None:
    """The provider may have been told."""
    SeenMark.objects.filter(copy__remote_id=remote_id).update(asked_at=clock.now())


def viewer(member: Member) -> Viewer:
    return viewer_for(member)


def test_marking_shows_at_once_and_waits_to_be_written(member: Member, box: int) -> None:
    Sync.objects.update(due_at=None)
    marked = marks.mark(viewer(member), marks.of_threads([thread_of("a1")]), seen=True)
    assert marked.count == 2
    assert unseen() == {"b1"}
    assert waiting() == {"a1": (True, False), "a2": (True, False)}
    row = SeenMark.objects.first()
    assert (row.made_by_id, row.mailbox_id, row.attempts) == (member.user_id, box, 0)
    assert Sync.objects.get().due_at is not None
    derived()


def test_marking_what_is_so_already_is_nothing(member: Member, box: int) -> None:
    for _ in range(2):
        marked = marks.mark(viewer(member), marks.of_messages([message_of("b1")]), seen=True)
    assert (marked.count, marked.marking_id) == (0, None)
    assert set(waiting()) == {"b1"}


def test_the_newest_received_message_is_marked_unread(member: Member, box: int) -> None:
    see = viewer(member)
    marks.mark(see, marks.everything(), seen=True)
    marked = marks.mark(see, marks.newest_of(thread_of("a1")), seen=False)
    assert (marked.count, unseen()) == (1, {"a2"})
    derived()


def test_back_to_what_the_provider_says_is_no_mark(member: Member, box: int) -> None:
    see, one = viewer(member), marks.of_messages([message_of("b1")])
    marks.mark(see, one, seen=True)
    marks.mark(see, one, seen=False)
    assert (waiting(), unseen()) == ({}, {"a1", "a2", "b1"})


def test_back_while_the_provider_may_know_is_written_too(member: Member, box: int) -> None:
    see, one = viewer(member), marks.of_messages([message_of("b1")])
    marks.mark(see, one, seen=True)
    asked("b1")
    marks.mark(see, one, seen=False)
    assert waiting() == {"b1": (False, False)}
    said(box, "b1", seen=False)
    assert waiting() == {"b1": (False, False)}, "what was told may still come true"


def test_what_the_provider_says_meanwhile_is_not_shown(member: Member, box: int) -> None:
    marks.mark(viewer(member), marks.everything(), seen=True)
    for mine in ("a1", "a2"):
        said(box, mine, seen=False)
    said(box, "b1", seen=True)
    assert unseen() == set()
    assert waiting() == {"a1": (True, False), "a2": (True, False)}, "b1 is known there by now"
    marks.mark(viewer(member), marks.of_messages([message_of("a1")]), seen=False)
    assert set(waiting()) == {"a2"}
    derived()


def test_a_word_against_the_mark_goes_into_it(member: Member, box: int) -> None:
    see, one = viewer(member), marks.of_messages([message_of("b1")])
    said(box, "b1", seen=True)
    marks.mark(see, one, seen=False)
    asked("b1")
    said(box, "b1", seen=False)
    said(box, "b1", seen=True)
    assert (waiting(), "b1" in unseen()) == ({"b1": (False, True)}, True)
    said(box, "b1", seen=False)
    assert waiting() == {"b1": (False, False)}


def test_a_listing_of_what_is_unread_leaves_marks_alone(member: Member, box: int) -> None:
    marks.mark(viewer(member), marks.of_messages([message_of("b1")]), seen=True)
    touched = listing.set_unseen(box, ["a1", "b1"])
    assert thread_of("a2") in touched
    assert (unseen(), waiting()) == ({"a1"}, {"b1": (True, False)})
    listing.set_unseen(box, [])
    assert waiting() == {}


def test_a_copy_that_is_gone_waits_for_nothing(member: Member, box: int) -> None:
    marks.mark(viewer(member), marks.everything(), seen=True)
    listing.lose(box, ["a1"], ["stored"])
    assert set(waiting()) == {"a2", "b1"}


def test_where_nothing_is_written_back_a_new_word_wins(member: Member, box: int) -> None:
    policy.change({"read_writeback": "off"}, version=0, user_id=member.user_id)
    marks.mark(viewer(member), marks.everything(), seen=True)
    assert marks.due(box) is None
    said(box, "a1", seen=False)
    assert "a1" not in unseen(), "that is no news"
    said(box, "b1", seen=True)
    said(box, "b1", seen=False)
    assert unseen() == {"b1"}
    assert set(waiting()) == {"a1", "a2"}


def test_nobody_marks_in_other_peoples_mailboxes(member: Member, box: int) -> None:
    colleague = make_user()
    with pytest.raises(NotFound):
        marks.mark(viewer(member), marks.everything(), seen=True, mailbox_id=box + 99)
    Mailbox.objects.update(owner_id=colleague.pk)
    Message.objects.update(linked=True)
    assert marks.mark(viewer(member), marks.everything(), seen=True).count == 0
    assert (unseen(), waiting()) == ({"a1", "a2", "b1"}, {})


def test_undo_puts_back_what_was_changed_and_no_more(member: Member, box: int) -> None:
    see = viewer(member)
    said(box, "a2", seen=True)
    marked = marks.mark(see, marks.everything(), seen=True)
    assert marked.marking_id
    SeenMark.objects.all().delete()  # written meanwhile
    marks.mark(see, marks.of_messages([message_of("a1")]), seen=False)
    undone = marks.undo(see, marked.marking_id)
    assert undone
    assert undone.count == 1
    assert unseen() == {"a1", "b1"}
    assert marks.undo(see, marked.marking_id) is None
    stranger = Viewer(see.workspace_id, see.user_id + 1, see.own, {})
    assert marks.undo(stranger, marks.mark(see, marks.everything(), seen=True).marking_id) is None  # type: ignore[arg-type]


def test_old_markings_are_forgotten(member: Member, box: int) -> None:
    see = viewer(member)
    marks.mark(see, marks.everything(), seen=True)
    Marking.objects.update(made_at=clock.now() - marks.UNDO * 2)
    marks.mark(see, marks.everything(), seen=False)
    assert Marking.objects.count() == 1


def test_an_address_narrows_to_its_threads(member: Member, box: int) -> None:
    see = viewer(member)
    which = marks.everything(MARA)
    assert marks.count(see, which, seen=True) == 2
    assert marks.mark(see, which, seen=True).count == 2
    assert unseen() == {"b1"}
    assert marks.count(see, marks.everything("nobody@else.example"), seen=True) == 0


def test_very_many_are_a_handful_of_statements(member: Member, box: int) -> None:
    message = Message.objects.get(pk=message_of("b1"))
    Copy.objects.bulk_create(
        Copy(
            mailbox_id=box,
            remote_id=f"n{n}",
            remote_thread_id="n",
            state="stored",
            message=message,
            thread_id=message.thread_id,
        )
        for n in range(5000)
    )
    see, counts = viewer(member), []
    for which in (marks.of_messages([message_of("a1")]), marks.everything()):
        with CaptureQueriesContext(
            connection,
        ) as caught:
            marked = marks.mark(see, which, seen=True)
        counts.append(len(caught))
    assert marked.count == 5002
    assert max(counts) < 15
    assert SeenMark.objects.count() == 5003
    assert sum(ThreadMailbox.objects.values_list("unread_count", flat=True)) == 0
