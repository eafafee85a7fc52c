"""Candidates who are the same person become one, and nothing of them is lost."""

from datetime import timedelta

import pytest

from mailweave.journal import entries
from mailweave.journal.models import EntryRecord
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking.models import Link
from mailweave.mail.models import Message
from mailweave.people.access import Member
from mailweave.people.member import Refused
from mailweave.people.models import Role, User
from mailweave.records.recruiting import candidates, evaluation, merging, reviewing
from mailweave.records.recruiting.candidates import KIND
from mailweave.records.recruiting.models import (
    Application,
    Candidate,
    Intake,
    IntakeEntry,
    Interview,
    MergedCandidate,
    Reference,
    ResumeFile,
    Scorecard,
    WantedFile,
)
from tests.makers_arrivals import fetch, put
from tests.makers_mail import Archive
from tests.records.recruiting.conftest import Home
from tests.records.recruiting.makers import make_application, make_candidate, make_job

pytestmark = pytest.mark.sql
LENA, ELENA = "lena@sea.example", "elena@work.example"
POINTS = dict.fromkeys(evaluation.STANDARD, 4)


@pytest.fixture
def inside(within: Home) -> Member:
    return within.member


@pytest.fixture
def box(inside: Member) -> int:
    return Archive().mailbox(User.objects.get(pk=inside.user_id))


@pytest.fixture
def pair(inside: Member) -> tuple[Candidate, Candidate]:
    del inside
    return make_candidate("Lena Quist", LENA, note="Short"), make_candidate("Elena Quist", ELENA)


def resume(candidate: Candidate, data: bytes) -> ResumeFile:
    given = {"name": "cv.pdf", "kind": "pdf", "size": len(data), "digest": data.ljust(32, b"x")}
    return ResumeFile.objects.create(candidate=candidate, data=data, **given)


def test_everything_moves(inside: Member, box: int, pair: tuple[Candidate, Candidate]) -> None:
    lena, elena = pair
    put(box, fetch("a", ELENA))
    put(box, fetch("b", LENA))
    application = make_application(elena, make_job("Rigger"))
    evaluation.submit(inside, application, POINTS, "yes", "Good.")
    when = {"starts_at": clock.now(), "time_zone": "UTC"}
    Interview.objects.create(application=application, **when)
    Reference.objects.create(candidate=elena, name="Old Boss")
    for candidate, data in ((lena, b"same"), (elena, b"same"), (elena, b"other")):
        resume(candidate, data)
    wanted = {"mailbox_id": box, "message": Message.objects.first(), "name": "x.pdf"}
    for candidate, part in ((lena, 1), (elena, 1), (elena, 2)):
        WantedFile.objects.create(candidate=candidate, part_id=part, **wanted)
    entries.write(inside, [(KIND, elena.pk)], "note", "Met her.")
    merged = merging.merge(lena.pk, [elena.pk], {"name": elena.pk}, inside)
    assert (merged.pk, merged.name, merged.note) == (lena.pk, "Elena Quist", "Short")
    assert [one.address for one in candidates.addresses(lena.pk)] == [LENA, ELENA]
    about = Link.objects.filter(kind=KIND, linked=True).values_list("record_id", flat=True)
    assert set(about) == {lena.pk}
    assert len(about) == 2
    assert Application.objects.get().candidate_id == lena.pk
    assert Scorecard.objects.get().application.candidate_id == lena.pk
    assert Interview.objects.get().application.candidate_id == lena.pk
    assert Reference.objects.get().candidate_id == lena.pk
    assert ResumeFile.objects.filter(candidate=lena).count() == 2
    assert set(WantedFile.objects.values_list("candidate", "part_id")) == {
        (lena.pk, 1),
        (lena.pk, 2),
    }
    told = EntryRecord.objects.filter(kind=KIND, record_id=lena.pk)
    texts = set(told.values_list("entry__text", flat=True))
    assert {"Met her.", "Merged with Elena Quist"} <= texts
    assert not Candidate.objects.filter(pk=elena.pk).exists()
    put(box, fetch("c", ELENA))
    assert Link.objects.filter(kind=KIND, record_id=lena.pk, linked=True).count() == 3


def test_of_two_applications_for_one_job_the_further_stays_with_what_belongs_to_both(
    inside: Member, pair: tuple[Candidate, Candidate]
) -> None:
    lena, elena = pair
    job = make_job("Rigger")
    mine = make_application(lena, job, "screening")
    hers = make_application(elena, job, "offer")
    Application.objects.filter(pk=hers.pk).update(applied_at=clock.now() - timedelta(days=9))
    evaluation.submit(inside, mine, POINTS, "no", "First look.")
    with clock.use(clock.Hands(clock.now() + timedelta(days=1))):
        evaluation.submit(inside, hers, POINTS, "yes", "Second look.")
    merging.merge(lena.pk, [elena.pk], {}, inside)
    row = Application.objects.get()
    assert (row.pk, row.stage) == (mine.pk, "offer")
    assert row.applied_at < clock.now() - timedelta(days=8)
    card = Scorecard.objects.get()
    assert card.recommendation == "yes"
    assert card.comment.startswith("Second look.\n\nAn earlier card of")
    assert card.comment.endswith("Team fit 4.\nFirst look.")


def test_an_acceptance_is_not_undone_after_it(
    inside: Member, box: int, pair: tuple[Candidate, Candidate]
) -> None:
    lena, elena = pair
    put(box, fetch("a", ELENA))
    intake = Intake.objects.create(name="Jobs", mailbox_id=box)
    entry = IntakeEntry.objects.create(
        intake=intake, message=Message.objects.get(), outcome="made", reason="x",
        candidate=elena, added={"made": True}, decided_by_id=inside.user_id,
    )  # fmt: skip
    merging.merge(lena.pk, [elena.pk], {}, inside)
    held = reviewing.hold(entry.pk)
    assert held
    assert held.candidate_id == lena.pk
    with pytest.raises(Expected, match="merged with another"):
        reviewing.undo(held)
    assert Candidate.objects.filter(pk=lena.pk).exists()


def test_old_pages_lead_on_however_often(inside: Member, pair: tuple[Candidate, Candidate]) -> None:
    lena, elena = pair
    third = make_candidate("L. Quist")
    merging.merge(elena.pk, [lena.pk], {}, inside)
    merging.merge(third.pk, [elena.pk], {}, inside)
    assert merging.survivor_of(lena.pk, inside) == merging.survivor_of(elena.pk, inside) == third.pk
    candidates.delete(Candidate.objects.get())
    assert not MergedCandidate.objects.exists()
    assert merging.survivor_of(lena.pk, inside) is None


def test_what_cannot_be_merged(inside: Member, pair: tuple[Candidate, Candidate]) -> None:
    lena, elena = pair
    for others in ([], [lena.pk], [10**6]):
        with pytest.raises(Expected):
            merging.merge(lena.pk, others, {}, inside)
    viewer = Member(inside.workspace_id, inside.user_id, Role.VIEWER, modules=inside.modules)
    with pytest.raises(Refused):
        merging.merge(lena.pk, [elena.pk], {}, viewer)
    assert Candidate.objects.count() == 2


def test_who_may_be_the_same_is_found(inside: Member, pair: tuple[Candidate, Candidate]) -> None:
    lena, elena = pair
    twin, namesake = make_candidate("L. Q.", LENA), make_candidate("elena quist")
    assert merging.alike(lena, inside) == [twin]
    assert merging.duplicates(inside) == [[lena, twin], [elena, namesake]]
