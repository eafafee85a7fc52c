"""Applications go where the state machine lets them, and the journal tells of it."""

import itertools

import pytest

from mailweave.journal.models import Entry
from mailweave.kit.errors import Expected
from mailweave.records.recruiting import applications, jobs
from mailweave.records.recruiting.models import Application, Job
from tests.records.crm.conftest import Home
from tests.records.recruiting.makers import make_application, make_candidate, make_job

Stage = Application.Stage
FORBIDDEN = {
    (Stage.APPLIED, Stage.HIRED),
    (Stage.SCREENING, Stage.HIRED),
    (Stage.INTERVIEW, Stage.HIRED),
    (Stage.REJECTED, Stage.HIRED),
    (Stage.HIRED, Stage.APPLIED),
    (Stage.HIRED, Stage.SCREENING),
    (Stage.HIRED, Stage.INTERVIEW),
    (Stage.HIRED, Stage.REJECTED),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(Stage.values, 2)))
def test_every_pair_of_stages(within: Home, before: str, after: str) -> None:
    row = make_application(make_candidate("Nia"), make_job("Skipper"), before)
    if (before, after) in FORBIDDEN:
        with pytest.raises(Expected, match="cannot go from"):
            applications.move(within.member, row, after)
        assert Application.objects.get().stage == before
        return
    assert applications.move(within.member, row, after) == before
    assert Application.objects.get().stage == after
    said = Entry.objects.latest("pk")
    assert said.data["what"] == "Skipper"
    assert said.author_id == within.member.user_id
    assert said.data["new"] == Stage(after).label


def test_what_is_no_stage_changes_nothing(within: Home) -> None:
    row = make_application(make_candidate("Nia"), make_job("Skipper"))
    with pytest.raises(Expected):
        applications.move(within.member, row, "promoted")
    assert applications.move(within.member, row, "applied") == "applied"
    assert Entry.objects.count() == 1


def test_one_application_for_a_job(within: Home) -> None:
    nia, job = make_candidate("Nia"), make_job("Skipper")
    row, made = applications.apply(within.member, nia, job)
    again, anew = applications.apply(within.member, nia, job)
    assert (row, made, anew) == (again, True, False)
    assert Entry.objects.get().text == "Applied for Skipper"


def test_a_job_closes_with_its_day_and_its_code_is_its_own(within: Home) -> None:
    job = make_job("Skipper", code="SEA-1", status=Job.Status.CLOSED)
    assert job.closed_on is not None
    job.status = Job.Status.OPEN
    jobs.store(job)
    assert job.closed_on is None
    with pytest.raises(Expected, match="Skipper has this code already"):
        make_job("Mate", code="sea-1")
    assert jobs.named("sea-1") == job
    assert jobs.named("") is None
    make_job("Cook")
    make_job("Purser")
    nia = make_candidate("Nia")
    make_application(nia, job, Stage.REJECTED)
    make_application(make_candidate("Bo"), job)
    rows = list(jobs.find(within.member, "skip"))
    jobs.count(rows)
    assert [(one.name, one.under_way) for one in rows] == [("Skipper", 1)]
