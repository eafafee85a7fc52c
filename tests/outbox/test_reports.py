"""What servers say of our letters: believed only of those who got one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.urls import reverse

from mailweave.kit import clock
from mailweave.linking import handing
from mailweave.linking.models import Handed
from mailweave.mail import arrival
from mailweave.mail.models import Body, Copy, Message
from mailweave.mime import reports as mime_reports
from mailweave.outbox import reports, unread
from mailweave.outbox.models import Outcome, Report, Submission
from mailweave.people.models import Notification
from mailweave.providers.errors import Refused, Unavailable
from mailweave.sync import hands
from tests.makers_mail import Archive
from tests.outbox.post import Desk, Post

State = Report.State
DAEMON = "mailer-daemon@partner.example"
HEAD = "From: Mail Delivery Subsystem <mailer-daemon@partner.example>\nAuto-Submitted: auto-replied"


def dsn(
    letter: Submission,
    *,
    to: str = "ben@partner.example",
    action: str = "failed",
    status: str = "5.1.1",
    key: str = "",
    message_id: str = "",
) -> bytes:
    """A report as RFC 3464 has it, with the headers of what came back."""
    return (
        f"From: {DAEMON}\r\nTo: ada@north.example\r\nSubject: Delivery Status Notification\r\n"
        "Message-ID: <dsn@partner.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.partner.example"
        f"\r\n\r\nFinal-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} User unknown\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: <{message_id or letter.own_message_id}>\r\n"
        + (f"X-Mailweave-Key: {key}\r\n" if key else "")
        + "Subject: The offer\r\n\r\n--b--\r\n"
    ).encode()


class Mailbox:
    """What the provider has of the report."""

    def __init__(self) -> None:
        self.answers: list[bytes | Exception] = []

    def raw(self, remote_id: str, cap: int) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def mailbox(desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    made = Mailbox()

    @contextmanager
    def visit(*_: Any, **__: Any) -> Iterator[Any]:
        yield type("P", (), {"reader": made, "sender": post})

    monkeypatch.setattr(hands, "visit", visit)
    return made


@pytest.fixture
def letter(desk: Desk, mailbox: Mailbox) -> Submission:
    order = desk.submit(desk.draft(cc=["Cleo <cleo@partner.example>"]))
    return desk.go(order, 12)


def arrive(desk: Desk, headers: str = HEAD, sender: str = DAEMON) -> int:
    """A message comes into the desk's mailbox, as sync stores it; its number."""
    with desk.inside():
        archive = Archive()
        made = archive.message(archive.thread(), sender=sender, subject="Undelivered")
        archive.copy(made, desk.mailbox_id)
        Body.objects.filter(message_id=made).update(headers_zstd=arrival.compress(headers))
        Copy.objects.filter(message_id=made).update(received_at=clock.now())
        handing.hand(desk.mailbox_id, [made])
    handing.work(desk.member.workspace_id)
    return made


def settle(desk: Desk, times: int = 1) -> Report:
    for _ in range(times):
        with desk.inside():
            report = Report.objects.get()
        if report.due_at:
            desk.hands.at = max(desk.hands.at, report.due_at)
            reports.advance(desk.member.workspace_id, report.pk)
    with desk.inside():
        found: Report = Report.objects.get()
        return found


@pytest.mark.parametrize("known_by", ["our id", "the provider's id", "our key"])
def test_a_bounce_is_told_and_kept_by_recipient(
    desk: Desk, mailbox: Mailbox, letter: Submission, known_by: str
) -> None:
    more = {
        "our id": {},
        "the provider's id": {"message_id": letter.remote_message_id},
        "our key": {"message_id": "x@elsewhere.example", "key": letter.key},
    }[known_by]
    mailbox.answers = [dsn(letter, **more)]
    arrive(desk)
    assert settle(desk).state == State.READ
    with desk.inside():
        (told,) = reports.outcomes([letter.pk])[letter.pk]
        assert (told.address, told.action, told.lasting, told.status) == (
            "ben@partner.example", "failed", "hard", "5.1.1",
        )  # fmt: skip
        assert told.words == "There is no such address there."
        notice = Notification.objects.get()
        assert notice.title == "Not delivered to ben@partner.example"
        assert "The offer" in notice.text
        assert notice.path == reverse("outbox_letter", args=[letter.pk])


def test_what_is_delayed_is_kept_and_nobody_is_troubled(
    desk: Desk, mailbox: Mailbox, letter: Submission
) -> None:
    mailbox.answers = [dsn(letter, action="delayed", status="4.4.1")]
    arrive(desk)
    settle(desk)
    with desk.inside():
        assert Outcome.objects.get().action == "delayed"
        assert not Notification.objects.exists()


FORGERIES: dict[str, dict[str, Any]] = {
    "somebody it did not go to": {"to": "eve@partner.example"},
    "a letter that never was": {"message_id": "x@elsewhere.example"},
    "a key that never was": {"message_id": "x@elsewhere.example", "key": "0" * 32},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_anybody_can_forge_is_not_believed(
    desk: Desk, mailbox: Mailbox, letter: Submission, forgery: str
) -> None:
    mailbox.answers = [dsn(letter, **FORGERIES[forgery])]
    arrive(desk)
    assert settle(desk).state == State.FOREIGN
    with desk.inside():
        assert not Outcome.objects.exists()
        assert not Notification.objects.exists()


def test_other_mail_is_not_fetched(desk: Desk, mailbox: Mailbox, letter: Submission) -> None:
    arrive(desk, "From: Ben <ben@partner.example>\nSubject: Re: The offer", "ben@partner.example")
    with desk.inside():
        assert not Report.objects.exists()
        assert not Handed.objects.exists()


def test_a_provider_that_is_away_is_asked_again(
    desk: Desk, mailbox: Mailbox, letter: Submission
) -> None:
    mailbox.answers = [Unavailable("away"), Unavailable("away"), dsn(letter)]
    arrive(desk)
    assert settle(desk, 2).state == State.WAITING
    assert settle(desk).state == State.READ


@pytest.mark.parametrize(
    "answers", [[Refused("It is gone.")], [Unavailable("away")] * 7], ids=["gone", "away"]
)
def test_what_cannot_be_had_says_so(
    desk: Desk, mailbox: Mailbox, letter: Submission, answers: list[Any]
) -> None:
    mailbox.answers = list(answers)
    arrive(desk)
    report = settle(desk, 8)
    assert report.state == State.UNREADABLE
    assert report.why
    assert mailbox.answers == []
    with desk.inside():
        notice = Notification.objects.get()
        assert (notice.user_id, notice.ended_at) == (desk.member.user_id, None)
        assert report.why in notice.text
        assert notice.path == reverse("mailbox_set_aside", args=[desk.mailbox_id])


def test_what_could_not_be_read_is_read_again_when_somebody_asks(
    desk: Desk, mailbox: Mailbox, letter: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(raw: bytes) -> None:
        raise ValueError(raw)

    mailbox.answers = [b"odd", dsn(letter)]
    with monkeypatch.context() as patch:
        patch.setattr(mime_reports, "read", broken)
        arrive(desk)
        report = settle(desk)
    assert report.state == State.UNREADABLE
    with desk.inside():
        assert unread.retry(desk.mailbox_id + 1, [report.pk]) == 0
        assert unread.retry(desk.mailbox_id, [report.pk]) == 1
        assert Notification.objects.get().ended_text == "It is being read again."
    assert settle(desk).state == State.READ
    with desk.inside():
        assert Outcome.objects.count() == 1
        assert unread.retry(desk.mailbox_id, [report.pk]) == 0


def test_where_the_one_who_got_it_passes_mail_on(desk: Desk, mailbox: Mailbox) -> None:
    letter = desk.go(desk.submit(desk.draft()), 12)
    mailbox.answers = [dsn(letter, to="ben@home.example")]
    arrive(desk)
    settle(desk)
    with desk.inside():
        assert Outcome.objects.get().address == "ben@partner.example"


def test_a_report_read_twice_is_one(desk: Desk, mailbox: Mailbox, letter: Submission) -> None:
    mailbox.answers = [dsn(letter), dsn(letter)]
    arrive(desk)
    settle(desk)
    with desk.inside():
        Report.objects.update(due_at=clock.now())
    settle(desk)
    with desk.inside():
        assert Outcome.objects.count() == 1
        assert Notification.objects.count() == 1
        assert Message.objects.count() == 1
