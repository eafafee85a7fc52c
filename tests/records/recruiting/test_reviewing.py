"""What people decide about applications that wait, and that it can be undone without a loss."""

import pytest

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.linking.models import Link
from mailweave.providers.base import Attachment
from mailweave.records.recruiting import applications, candidates, resumes, reviewing
from mailweave.records.recruiting.models import (
    Application,
    Candidate,
    Intake,
    IntakeEntry,
    ResumeFile,
    WantedFile,
)
from tests.records.crm.conftest import Home
from tests.records.recruiting import papers
from tests.records.recruiting.mail import Desk
from tests.records.recruiting.makers import make_candidate, make_job

pytestmark = pytest.mark.django_db(transaction=True)

CV = Attachment("p1", "CV.pdf", "application/pdf", 1000, "", inline=False)


@pytest.fixture
def entry(home: Home) -> int:
    """An application for a job that waits."""
    with scope.workspace(home.id):
        job = make_job("Skipper")
    return int(Desk(home, Intake.Mode.REVIEW, job_id=job.pk).receive("a@x", parts=[CV])[0].pk)


def held(entry: int) -> IntakeEntry:
    found = reviewing.hold(entry)
    assert found
    return found


def test_accepted_and_undone(home: Home, entry: int) -> None:
    with scope.workspace(home.id):
        nia = reviewing.accept(home.member, held(entry))
        assert held(entry).outcome == "made"
        assert WantedFile.objects.get().candidate_id == nia.pk
        assert Link.objects.get(kind=candidates.KIND).record_id == nia.pk
        with pytest.raises(Expected, match="decided about it already: candidate made"):
            reviewing.accept(home.member, held(entry))
        reviewing.undo(held(entry))
        assert (held(entry).outcome, held(entry).candidate_id) == ("waiting", None)
        for model in (Candidate, Application, WantedFile, Link):
            assert not model.objects.exists()
        reviewing.accept(home.member, held(entry))
        assert Candidate.objects.count() == 1


def test_what_was_worked_with_is_not_undone(home: Home, entry: int) -> None:
    with scope.workspace(home.id):
        nia = reviewing.accept(home.member, held(entry))
        row = Application.objects.get()
        applications.move(home.member, row, "interview")
        with pytest.raises(Expected, match="worked with it"):
            reviewing.undo(held(entry))
        applications.move(home.member, row, "applied")
        resumes.keep(nia, "own.pdf", papers.pdf("x"), member=home.member)
        with pytest.raises(Expected, match="worked with it"):
            reviewing.undo(held(entry))
        assert held(entry).outcome == "made"


def test_added_to_somebody_and_undone(home: Home, entry: int) -> None:
    with scope.workspace(home.id):
        nia = make_candidate("Nia P.", "old@patel.example")
        reviewing.join(home.member, held(entry), nia)
        message_id = held(entry).message_id
        resumes.keep(nia, "own.pdf", papers.pdf("own"), member=home.member)
        resumes.keep(nia, "CV.pdf", papers.pdf("CV"), message_id=message_id)
        given = [one.address for one in candidates.addresses(nia.pk)]
        assert given == ["old@patel.example", "nia@patel.example"]
        assert held(entry).outcome == "joined"
        reviewing.undo(held(entry))
        assert [one.address for one in candidates.addresses(nia.pk)] == ["old@patel.example"]
        assert [one.name for one in ResumeFile.objects.all()] == ["own.pdf"]
        assert not Application.objects.exists()
        assert not Link.objects.exists()


def test_dismissed_and_undone(home: Home, entry: int) -> None:
    with scope.workspace(home.id):
        reviewing.dismiss(home.member, held(entry))
        assert held(entry).outcome == "dismissed"
        assert not Candidate.objects.exists()
        reviewing.undo(held(entry))
        assert held(entry).outcome == "waiting"
        with pytest.raises(Expected, match="not decided by a person"):
            reviewing.undo(held(entry))


def test_somebody_must_be_named(home: Home, entry: int) -> None:
    with scope.workspace(home.id):
        one = held(entry)
        one.name, one.address = " ", ""
        with pytest.raises(Expected, match="Say who applies"):
            reviewing.accept(home.member, one)
        one.name = "Nia"
        assert reviewing.accept(home.member, one).name == "Nia"
        assert candidates.addresses(Candidate.objects.get().pk) == []
