"""Threads, bodies, headers and attachments, each as far as the viewer may."""

from typing import Any

import pytest

from mailweave.mail import opening, reading
from mailweave.mail.models import Body
from mailweave.mail.reading import NotFound, StoredBody
from mailweave.people.models import User
from tests.makers_mail import Archive, eyes, make_part

pytestmark = pytest.mark.sql


@pytest.fixture
def shared(archive: Archive, sam: User) -> Any:
    """Makes a linked message in a mailbox of Sam's that is shared as asked."""

    def make(sharing: str, **fields: Any) -> tuple[int, int]:
        thread_id = archive.thread()
        message_id = archive.message(thread_id, **fields)
        archive.copy(message_id, archive.mailbox(sam, sharing))
        archive.link(message_id, 1)
        archive.settle()
        return thread_id, message_id

    return make


def test_a_thread_runs_from_old_to_new(archive: Archive, sam: User) -> None:
    box, thread_id = archive.mailbox(sam), archive.thread()
    late, early = archive.message(thread_id, minute=2), archive.message(thread_id, minute=1)
    for message_id in (late, early):
        archive.copy(message_id, box)
    view = opening.open_thread(eyes(sam), thread_id)
    assert [one.id for one in view.messages] == [early, late]
    assert not view.more


def test_a_message_says_who_it_is_from_and_to(archive: Archive, sam: User) -> None:
    thread_id = archive.thread()
    message_id = archive.message(
        thread_id,
        to=["a@x.example", "b@x.example"],
        cc=["c@x.example"],
        reply_to=["r@x.example"],
        subject="Plan",
    )
    box = archive.mailbox(sam)
    archive.copy(message_id, box, seen=False)
    (message,) = opening.open_thread(eyes(sam), thread_id).messages
    assert (message.sender.name, message.sender.address) == ("Ann", "ann@client.example")
    assert [one.address for one in message.to] == ["a@x.example", "b@x.example"]
    assert [one.address for one in message.cc] == ["c@x.example"]
    assert [one.address for one in message.reply_to] == ["r@x.example"]
    assert (message.subject, message.seen, message.gone) == ("Plan", False, False)
    assert (message.mailbox_id, message.mailbox_kind) == (box, "gmail")


def test_bcc_is_for_the_owner_of_the_copy(archive: Archive, sam: User, kim: User) -> None:
    thread_id = archive.thread()
    message_id = archive.message(thread_id)
    archive.copy(message_id, archive.mailbox(sam), bcc=["secret@x.example"])
    archive.copy(message_id, archive.mailbox(kim))
    archive.link(message_id, 1)
    archive.settle()
    assert opening.open_thread(eyes(sam), thread_id).messages[0].bcc == ("secret@x.example",)
    assert opening.open_thread(eyes(kim), thread_id).messages[0].bcc == ()


def test_seen_is_ones_own(archive: Archive, sam: User, kim: User, lee: User) -> None:
    thread_id = archive.thread()
    message_id = archive.message(thread_id)
    archive.copy(message_id, archive.mailbox(sam), seen=False)
    archive.copy(message_id, archive.mailbox(kim), seen=True)
    archive.link(message_id, 1)
    archive.settle()
    seen = [opening.open_thread(eyes(u), thread_id).messages[0].seen for u in (sam, kim, lee)]
    assert seen == [False, True, True]


def test_mail_is_gone_when_every_visible_copy_is(archive: Archive, sam: User, kim: User) -> None:
    thread_id = archive.thread()
    message_id = archive.message(thread_id)
    archive.copy(message_id, archive.mailbox(sam), state="gone")
    still_there = archive.mailbox(kim)
    archive.copy(message_id, still_there)
    assert opening.open_thread(eyes(sam), thread_id).messages[0].gone
    archive.link(message_id, 1)
    archive.settle()
    assert not opening.open_thread(eyes(sam), thread_id).messages[0].gone


@pytest.mark.parametrize("sharing", ["subject", "metadata"])
def test_what_is_not_shared_does_not_leave_the_archive(
    shared: Any, sam: User, kim: User, sharing: str
) -> None:
    thread_id, message_id = shared(sharing, subject="Plan", text="Hidden words")
    part_id = make_part(message_id, filename="hidden.pdf")
    view = opening.open_thread(eyes(kim), thread_id)
    subject = "Plan" if sharing == "subject" else None
    assert view.subject == view.messages[0].subject == subject
    assert (view.messages[0].preview, view.messages[0].attachments) == (None, ())
    assert "idden" not in repr(view)
    for ask, pk in (
        (reading.body, message_id),
        (reading.headers, message_id),
        (reading.part, part_id),
    ):
        with pytest.raises(NotFound):
            ask(eyes(kim), pk)
        assert ask(eyes(sam), pk)


@pytest.mark.parametrize("pk", [0, -1, 2**62])
def test_what_is_not_there_is_not_found(archive: Archive, sam: User, pk: int) -> None:
    for ask in (opening.open_thread, reading.message, reading.body, reading.headers, reading.part):
        with pytest.raises(NotFound):
            ask(eyes(sam), pk)


def test_a_body_is_unpacked(shared: Any, kim: User) -> None:
    _, message_id = shared("full", text="Plain", html="<p>Größe</p>")
    assert reading.body(eyes(kim), message_id) == StoredBody("Plain", "<p>Größe</p>")
    _, message_id = shared("full", text="Plain")
    assert reading.body(eyes(kim), message_id).html is None


def test_html_that_cannot_be_unpacked_leaves_the_text(shared: Any, kim: User) -> None:
    _, message_id = shared("full", text="Plain", html="<p>x</p>")
    Body.objects.filter(message_id=message_id).update(html_zstd=b"not zstd")
    assert reading.body(eyes(kim), message_id) == StoredBody("Plain", None)


def test_a_body_is_unpacked_only_so_far(
    shared: Any, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_HTML", 1000)
    _, message_id = shared("full", html="x" * 100_000)
    assert len(reading.body(eyes(kim), message_id).html or "") == 1000


def test_headers_do_not_tell_whose_copy_they_are_from(shared: Any, kim: User) -> None:
    raw = (
        "Delivered-To: sam@north.example\n"
        "Received: from mx.example by in.example with ESMTPS id 1\n\tfor <sam@north.example>;"
        " Thu, 1 Jan 2026 00:00:00 +0000\n"
        "Bcc: sam@north.example\nX-Original-To: sam@north.example\n"
        "Subject: a: b\nX-Odd\nTo: ann@client.example"
    )
    _, message_id = shared("full", headers=raw)
    found = reading.headers(eyes(kim), message_id)
    assert "sam@north.example" not in repr(found)
    assert found[0][0] == "Received"
    assert "Thu, 1 Jan 2026" in found[0][1]
    assert found[1:] == (("Subject", "a: b"), ("X-Odd", ""), ("To", "ann@client.example"))


def test_an_attachment_is_fetched_through_ones_own_copy(
    archive: Archive, sam: User, kim: User, lee: User
) -> None:
    message_id = archive.message(archive.thread())
    part_id = make_part(message_id, part_id="0.2", content_id="logo@x")
    sams, kims = archive.mailbox(sam), archive.mailbox(kim, "private")
    archive.copy(message_id, sams)
    archive.copy(message_id, kims)
    archive.link(message_id, 1)
    archive.settle()
    assert reading.part(eyes(kim), part_id).mailbox_id == kims
    found = reading.part(eyes(lee), part_id)
    assert (found.mailbox_id, found.remote_id, found.part_id) == (sams, f"r{message_id}", "0.2")
    assert (found.filename, found.content_type, found.size) == ("a.pdf", "application/pdf", 5)


def test_an_attachment_the_provider_deleted_cannot_be_fetched(
    archive: Archive, sam: User, kim: User
) -> None:
    thread_id = archive.thread()
    message_id = archive.message(thread_id)
    part_id = make_part(message_id)
    archive.copy(message_id, archive.mailbox(sam), state="gone")
    archive.link(message_id, 1)
    archive.settle()
    assert len(opening.open_thread(eyes(sam), thread_id).messages[0].attachments) == 1
    with pytest.raises(NotFound):
        reading.part(eyes(sam), part_id)
    kept = archive.mailbox(kim)
    archive.copy(message_id, kept)
    assert reading.part(eyes(sam), part_id).mailbox_id == kept
