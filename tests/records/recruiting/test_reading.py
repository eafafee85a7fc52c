"""Mail that comes to an intake: read once, taken in, and nothing of it silent."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection

from mailweave.kit import clock, scope
from mailweave.linking.models import Handed, Link, Watch
from mailweave.mail.models import Copy
from mailweave.people.models import Notification
from mailweave.providers.base import Attachment
from mailweave.records.recruiting import candidates, facts, fetching, intakes, opening, resumes
from mailweave.records.recruiting.models import (
    Application,
    Candidate,
    Intake,
    IntakeEntry,
    ResumeFile,
    WantedFile,
)
from mailweave.sync import attachments
from mailweave.sync.attachments import UnfetchedError
from tests.records.crm.conftest import Home
from tests.records.recruiting import papers
from tests.records.recruiting.mail import NIA, Desk
from tests.records.recruiting.makers import make_candidate, make_job

pytestmark = pytest.mark.django_db(transaction=True)

CV = Attachment("p1", "Nia CV.pdf", "application/pdf", 1000, "", inline=False)
FORWARD = (
    "Please have a look\n\n-------- Weitergeleitete Nachricht --------\n"
    "Von: Nia Patel <nia@patel.example>\nAn: jobs\nBetreff: Bewerbung\n\nHallo"
)


def test_an_application_becomes_a_candidate(home: Home) -> None:
    with scope.workspace(home.id):
        job = make_job("Skipper", owner_id=home.member.user_id)
    desk = Desk(home, job_id=job.pk)
    (entry,) = desk.receive("a@x", subject="Hello", parts=[CV])
    assert (entry.outcome, entry.name, entry.job_id) == ("made", "Nia Patel", job.pk)
    with scope.workspace(home.id):
        nia = Candidate.objects.get()
        assert (nia.name, nia.owner_id, nia.pk) == (
            "Nia Patel",
            home.member.user_id,
            entry.candidate_id,
        )
        assert [one.address for one in candidates.addresses(nia.pk)] == ["nia@patel.example"]
        assert Application.objects.get().job_id == job.pk
        link = Link.objects.get(kind=candidates.KIND)
        assert (link.message_id, link.record_id) == (entry.message_id, nia.pk)
        wanted = WantedFile.objects.get()
        assert (wanted.name, wanted.state) == ("Nia CV.pdf", "waiting")
        told = Notification.objects.get()
        assert told.path == f"/recruiting/candidates/{nia.pk}/"
        assert not Handed.objects.exists()


def test_the_same_person_again_is_no_second_candidate(home: Home) -> None:
    desk = Desk(home)
    desk.receive("a@x", parts=[CV])
    first, second = desk.receive("b@x", parts=[CV]), desk.receive("c@x")
    assert [one.outcome for one in first] == ["made", "joined"]
    assert [one.outcome for one in second] == ["made", "joined", "left"]
    with scope.workspace(home.id):
        assert Candidate.objects.count() == 1
        assert WantedFile.objects.count() == 2


def test_a_message_that_is_handed_twice_is_read_once(home: Home) -> None:
    desk = Desk(home)
    (entry,) = desk.receive("a@x", parts=[CV])
    with scope.workspace(home.id):
        now = clock.now()
        row = Handed(reader="recruiting", message_id=entry.message_id, mailbox_id=desk.box)
        row.received_at = row.due_at = now
        row.save()
    assert len(desk.receive("a@x", parts=[CV], remote_id="again")) == 1
    with scope.workspace(home.id):
        assert not Handed.objects.exists()


@pytest.mark.parametrize("headers", [[("Auto-Submitted", "auto-replied")], [("List-Id", "<x>")]])
def test_machines_apply_for_nothing(home: Home, headers: list[tuple[str, str]]) -> None:
    (entry,) = Desk(home).receive("a@x", headers=headers, parts=[CV])
    assert (entry.outcome, "machine" in entry.reason) == ("left", True)
    with scope.workspace(home.id):
        assert not Candidate.objects.exists()


def test_other_mail_of_the_mailbox_is_not_looked_at(home: Home) -> None:
    desk = Desk(home)
    assert desk.receive("a@x", to=[desk.own()]) == []
    past = clock.now() - timedelta(days=1)
    assert desk.receive("b@x", received_at=past) == []


def test_a_colleague_forwards_and_a_stranger_does_not(home: Home) -> None:
    desk = Desk(home)
    (entry,) = desk.receive("a@x", "Mo <mo@home.example>", text=FORWARD)
    assert (entry.outcome, entry.address) == ("made", "nia@patel.example")
    *_, other = desk.receive("b@x", "Bo <bo@else.example>", text=FORWARD)
    assert (other.outcome, other.address) == ("made", "bo@else.example")


def test_an_address_is_changed_and_the_old_one_says_so(home: Home) -> None:
    desk = Desk(home)
    with scope.workspace(home.id):
        intake = Intake.objects.get()
        intakes.rotate(intake)
        new = intakes.address(Intake.objects.get())
    assert new != desk.address
    (entry,) = desk.receive("a@x")
    assert (entry.outcome, "not used any more" in entry.reason) == ("left", True)
    *_, fresh = desk.receive("b@x", to=[new])
    assert fresh.outcome == "made"


def test_asking_first_and_only_telling(home: Home) -> None:
    desk = Desk(home, Intake.Mode.REVIEW)
    (entry,) = desk.receive("a@x", parts=[CV])
    assert (entry.outcome, entry.parts[0][1]) == ("waiting", "Nia CV.pdf")
    with scope.workspace(home.id):
        Intake.objects.update(mode=Intake.Mode.NOTIFY)
    *_, told = desk.receive("b@x")
    assert told.outcome == "told"
    with scope.workspace(home.id):
        assert not Candidate.objects.exists()
        assert not Link.objects.exists()
        assert Notification.objects.count() == 2


def test_a_flood_is_held_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_lately", lambda: 60)
    (entry,) = Desk(home).receive("a@x")
    assert (entry.outcome, "Held back" in entry.reason) == ("waiting", True)


def test_a_bug_on_one_message_stops_no_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(home)
    with monkeypatch.context() as patch:
        patch.setattr(facts, "gather", lambda *_: 1 // 0)
        assert desk.receive("a@x") == []
    assert [one.outcome for one in desk.receive("b@x", "Bo <bo@x.example>")] == ["made"]
    with scope.workspace(home.id):
        assert Handed.objects.get().reason == "It could not be read (ZeroDivisionError)."


def test_watching_ends_with_the_last_intake(home: Home) -> None:
    desk = Desk(home)
    with scope.workspace(home.id):
        other = Intake(name="Crew", mailbox_id=desk.box, suffix="zzzz")
        intakes.store(other)
        intakes.delete(other)
        assert Watch.objects.exists()
        intake = Intake.objects.get()
        intake.active = False
        intakes.store(intake)
        assert not Watch.objects.exists()
    assert desk.receive("a@x") == []


class Provider:
    """What fetching an attachment ends in: bytes, or an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
        self.answers = list(answers)
        monkeypatch.setattr(attachments, "whole", self.whole)

    def whole(self, workspace_id: int, source: object, most: int) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return bytes(answer)


def wanted(home: Home) -> list[WantedFile]:
    with scope.workspace(home.id):
        return list(WantedFile.objects.all())


def test_a_resume_is_fetched_and_read(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(home).receive("a@x", parts=[CV])
    Provider(monkeypatch, papers.pdf("Nia Patel, skipper"))
    fetching.fetch(home.id, wanted(home)[0].pk)
    assert wanted(home) == []
    with scope.workspace(home.id):
        pk = ResumeFile.objects.get().pk
    resumes.read(home.id, pk)
    with scope.workspace(home.id):
        found = ResumeFile.objects.get()
    assert (found.name, found.text, found.message_id is not None) == (
        "Nia CV.pdf",
        "Nia Patel, skipper",
        True,
    )


def test_what_fails_waits_says_why_and_is_tried_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    Desk(home).receive("a@x", parts=[CV])
    away = UnfetchedError("The provider did not answer.")
    Provider(monkeypatch, away, papers.pdf("Nia"))
    (row,) = wanted(home)
    fetching.fetch(home.id, row.pk)
    (row,) = wanted(home)
    assert (row.state, row.fault, row.attempts) == ("waiting", "The provider did not answer.", 1)
    fetching.fetch(home.id, row.pk)  # not due yet
    assert wanted(home)[0].attempts == 1
    with scope.workspace(home.id):
        fetching.again(row)
    fetching.fetch(home.id, row.pk)
    assert wanted(home) == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"<html>", "a web page"),
        (UnfetchedError("It is larger than 10 MB.", for_good=True), "larger than"),
    ],
)
def test_what_is_no_resume_is_refused_with_its_reason(
    home: Home, monkeypatch: pytest.MonkeyPatch, answer: Any, why: str
) -> None:
    Desk(home).receive("a@x", parts=[CV])
    Provider(monkeypatch, answer)
    fetching.fetch(home.id, wanted(home)[0].pk)
    (row,) = wanted(home)
    assert (row.state, why in row.fault) == ("refused", True)
    with scope.workspace(home.id):
        assert not ResumeFile.objects.exists()
        assert IntakeEntry.objects.count() == 1


def test_a_message_deleted_meanwhile_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(home).receive("a@x", parts=[CV])
    with scope.workspace(home.id):
        Copy.objects.update(state="gone")
    fetching.fetch(home.id, wanted(home)[0].pk)
    assert (wanted(home)[0].state, wanted(home)[0].fault) == ("refused", fetching.GONE)


LETTER = Attachment("p9", "Bewerbung.eml", "message/rfc822", 1000, "", inline=False)


def letter(sender: str = "Nia Patel <nia@patel.example>") -> bytes:
    """A message with a résumé, as it comes as an attachment of another."""
    message = EmailMessage()
    message["From"], message["Subject"] = sender, "Skipper"
    message.set_content("Here I am.")
    data = papers.pdf("Ten years at sea")
    message.add_attachment(data, maintype="application", subtype="pdf", filename="CV.pdf")
    return message.as_bytes()


def test_a_message_forwarded_as_an_attachment_is_opened(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scope.workspace(home.id):
        job = make_job("Skipper")
    (entry,) = Desk(home).receive("a@x", "Mo <mo@home.example>", parts=[LETTER])
    assert (entry.outcome, entry.candidate_id) == ("opening", None)
    Provider(monkeypatch, UnfetchedError("The provider did not answer."), letter(), letter())
    opening.open_(home.id, entry.pk)
    with scope.workspace(home.id):
        entry.refresh_from_db()
        assert (entry.outcome, "did not answer" in entry.reason) == ("opening", True)
        IntakeEntry.objects.update(due_at=clock.now())
    opening.open_(home.id, entry.pk)
    with scope.workspace(home.id):
        entry.refresh_from_db()
        assert (entry.outcome, entry.address, entry.job_id) == ("made", "nia@patel.example", job.pk)
        assert Candidate.objects.get().name == "Nia Patel"
        (row,) = WantedFile.objects.all()
    assert (row.name, bool(row.inner)) == ("CV.pdf", True)
    fetching.fetch(home.id, row.pk)
    with scope.workspace(home.id):
        assert bytes(ResumeFile.objects.get().data) == papers.pdf("Ten years at sea")
    opening.open_(home.id, entry.pk)  # once only: the provider would have no answer left


@pytest.mark.parametrize(
    ("answer", "outcome", "why"),
    [
        (b"", "left", "forwards nobody's application"),
        (b"From: Bo <bo@home.example>\r\n\r\nx", "left", "what a colleague wrote"),
        (b"\0" * 10_000, "left", "forwards nobody's application"),
        (UnfetchedError("It is larger.", for_good=True), "waiting", "Say who applies. It is large"),
    ],
)
def test_what_cannot_be_opened_is_said(
    home: Home, monkeypatch: pytest.MonkeyPatch, answer: Any, outcome: str, why: str
) -> None:
    (entry,) = Desk(home).receive("a@x", "Mo <mo@home.example>", parts=[LETTER])
    Provider(monkeypatch, answer)
    opening.open_(home.id, entry.pk)
    with scope.workspace(home.id):
        entry.refresh_from_db()
        assert (entry.outcome, why in entry.reason) == (outcome, True), entry.reason
        assert not Candidate.objects.exists()


def test_what_waits_is_found_by_the_sweep(home: Home) -> None:
    desk = Desk(home)
    desk.receive("a@x", parts=[CV])
    desk.receive("b@x", "Mo <mo@home.example>", parts=[LETTER])
    with scope.workspace(home.id):
        resumes.keep(make_candidate("Jo"), "CV.pdf", papers.pdf("x"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, what FROM recruiting_due(%s)", [clock.now()])
        assert sorted(cursor.fetchall()) == [
            (home.id, "entry"),
            (home.id, "resume"),
            (home.id, "wanted"),
        ]


def test_nia_is_only_who_she_says(home: Home) -> None:
    """A display name that looks like an address makes nobody else of the sender."""
    (entry,) = Desk(home).receive("a@x", '"nia@patel.example" <bo@else.example>')
    assert entry.address == "bo@else.example"
    assert NIA not in entry.name
