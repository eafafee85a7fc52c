"""The one rule of who sees what."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.kit import scope
from mailweave.linking import history
from mailweave.mail import inbox, opening, reading, search
from mailweave.mail.inbox import Filters
from mailweave.mail.visibility import Level, NotFound, viewer_for
from mailweave.people.access import Member
from mailweave.people.models import Role, User
from tests.makers_mail import Archive, eyes

pytestmark = pytest.mark.sql


def level_of(user: User, message_id: int, thread_id: int) -> Level | None:
    try:
        view = opening.open_thread(eyes(user), thread_id)
    except NotFound:
        return None
    return next((one.level for one in view.messages if one.id == message_id), None)


@pytest.mark.parametrize(
    ("sharing", "level"),
    [
        ("full", Level.FULL),
        ("subject", Level.SUBJECT),
        ("metadata", Level.METADATA),
        ("private", None),
    ],
)
def test_linked_mail_is_seen_as_far_as_its_mailbox_is_shared(
    archive: Archive, sam: User, kim: User, sharing: str, level: Level | None
) -> None:
    box = archive.mailbox(sam, sharing)
    thread_id = archive.thread()
    linked, unlinked = archive.message(thread_id), archive.message(thread_id, minute=1)
    archive.copy(linked, box)
    archive.copy(unlinked, box)
    archive.link(linked, 1)
    archive.settle()
    assert level_of(kim, linked, thread_id) == level
    assert level_of(kim, unlinked, thread_id) is None
    assert level_of(sam, linked, thread_id) == Level.OWN
    assert level_of(sam, unlinked, thread_id) == Level.OWN


@pytest.mark.parametrize("role", Role.values)
def test_no_role_reads_other_peoples_unlinked_mail(
    archive: Archive, sam: User, kim: User, role: str
) -> None:
    message_id = archive.message(archive.thread())
    archive.copy(message_id, archive.mailbox(kim))
    archive.settle()
    assert inbox.page(eyes(sam, role)).rows == ()


def test_the_highest_level_counts(archive: Archive, sam: User, kim: User, lee: User) -> None:
    thread_id = archive.thread()
    message_id = archive.message(thread_id)
    for owner, sharing in ((sam, "metadata"), (kim, "full"), (kim, "private")):
        archive.copy(message_id, archive.mailbox(owner, sharing))
    archive.link(message_id, 1)
    archive.settle()
    assert level_of(lee, message_id, thread_id) == Level.FULL
    assert level_of(sam, message_id, thread_id) == Level.OWN


def test_a_disconnected_mailbox_keeps_its_mail_and_its_rules(
    archive: Archive, sam: User, kim: User
) -> None:
    thread_id = archive.thread()
    message_id = archive.message(thread_id)
    archive.copy(message_id, archive.mailbox(kim, "subject", disconnected_at="2026-01-01T00:00Z"))
    archive.link(message_id, 1)
    archive.settle()
    assert level_of(kim, message_id, thread_id) == Level.OWN
    assert level_of(sam, message_id, thread_id) == Level.SUBJECT


@pytest.mark.parametrize("state", ["listed", "skipped", "stuck"])
def test_only_stored_and_deleted_copies_count(archive: Archive, sam: User, state: str) -> None:
    thread_id = archive.thread()
    message_id = archive.message(thread_id)
    archive.copy(message_id, archive.mailbox(sam), state=state)
    archive.settle()
    assert level_of(sam, message_id, thread_id) is None


def test_a_viewer_takes_one_query(
    archive: Archive, sam: User, kim: User, django_assert_num_queries: object
) -> None:
    own, shared = archive.mailbox(sam), archive.mailbox(kim, "metadata")
    archive.mailbox(kim, "private")
    with django_assert_num_queries(1):  # type: ignore[operator]
        viewer = eyes(sam)
    assert (viewer.own, dict(viewer.shared)) == ((own,), {shared: Level.METADATA})


def test_a_member_of_another_workspace_sees_no_mailbox(archive: Archive, sam: User) -> None:
    archive.mailbox(sam)
    elsewhere = viewer_for(Member(scope.current() + 1, sam.pk, "owner"))
    assert elsewhere.mailbox_ids == ()


def test_the_planner_is_not_told_the_workspace(archive: Archive, sam: User) -> None:
    """Its statistics know nothing of small workspaces; told which, it takes any index at all."""
    thread_id = archive.thread()
    message_id = archive.message(thread_id)
    archive.copy(message_id, archive.mailbox(sam))
    archive.settle()
    viewer = eyes(sam)
    with CaptureQueriesContext(connection) as asked:
        inbox.page(viewer)
        inbox.page(viewer, Filters(address="ann@client.example", unread=True))
        search.search(viewer, "text")
        opening.open_thread(viewer, thread_id)
        reading.body(viewer, message_id)
        history.threads_of(viewer, [("test.thing", 1)])
        history.reasons_for([message_id])
    assert len(asked) >= 12
    for query in asked:
        assert not re.search(r"workspace_id\s*=\s*\d", query["sql"]), query["sql"]


@pytest.mark.parametrize("role", Role.values)
def test_a_shared_mailbox_is_everybodys(archive: Archive, sam: User, kim: User, role: str) -> None:
    box = archive.mailbox(kim, "private", delegate_id=archive.mailbox(kim, "private"))
    thread_id = archive.thread()
    linked, unlinked = archive.message(thread_id), archive.message(thread_id, minute=1)
    for message_id in (linked, unlinked):
        archive.copy(message_id, box, bcc=["boss@home.example"])
    archive.link(linked, 1)
    archive.settle()
    for user in (sam, kim):
        assert level_of(user, linked, thread_id) == Level.OWN
        assert level_of(user, unlinked, thread_id) == Level.OWN
    viewer = eyes(sam, role)
    assert (viewer.own, viewer.common, dict(viewer.shared)) == ((box,), {box}, {})
    assert len(inbox.page(viewer, Filters(mailbox_id=box)).rows) == 1


def test_the_delegates_own_mail_is_not_shared_with_it(
    archive: Archive, sam: User, kim: User
) -> None:
    own = archive.mailbox(kim, "private")
    archive.mailbox(kim, delegate_id=own)
    message_id = archive.message(archive.thread())
    archive.copy(message_id, own)
    archive.settle()
    assert inbox.page(eyes(sam)).rows == ()
