"""Scorecards, interviews and references: what we think, and when it is shown."""

from datetime import UTC, datetime, timedelta

import pytest

from mailweave.journal.models import Entry
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.records.recruiting import evaluation, interviews, references
from mailweave.records.recruiting.forms.evaluation import InterviewForm
from mailweave.records.recruiting.models import Interview, Reference, Scorecard
from tests.records.crm.conftest import Home
from tests.records.recruiting.makers import (
    make_application,
    make_candidate,
    make_colleague,
    make_job,
)


def points(*given: int) -> dict[str, int]:
    return dict(zip(("Knots", "Calm"), given, strict=True))


def test_others_are_hidden_until_one_has_given_ones_own(within: Home) -> None:
    mo, _ = make_colleague("Mo", modules=("recruiting",))
    nia = make_candidate("Nia")
    row = make_application(nia, make_job("Skipper", criteria=["Knots", "Calm"]))
    evaluation.submit(mo, row, points(1, 2), "no", "Seasick")
    (before,) = evaluation.sheets(within.member, nia.pk)
    assert (before.mine, before.others, before.hidden, before.average) == (None, (), 1, None)
    evaluation.submit(within.member, row, points(4, 5), "yes", "")
    (after,) = evaluation.sheets(within.member, nia.pk)
    assert (after.hidden, after.average) == (0, 3.0)
    assert [(one.author_id, one.average) for one in after.others] == [(mo.user_id, 1.5)]
    evaluation.submit(mo, row, points(5, 5), "strong_yes", "I was wrong")
    assert Scorecard.objects.count() == 2
    said = Entry.objects.filter(text__startswith="Scorecard")
    assert said.count() == 2
    assert not any("Seasick" in one.text for one in said)


@pytest.mark.parametrize(
    ("given", "recommendation"),
    [({"Knots": 3}, "yes"), (points(0, 3), "yes"), (points(3, 6), "yes"), (points(3, 3), "maybe")],
)
def test_half_a_scorecard_is_none(within: Home, given: dict[str, int], recommendation: str) -> None:
    job = make_job("Skipper", criteria=["Knots", "Calm"])
    row = make_application(make_candidate("Nia"), job)
    with pytest.raises(Expected):
        evaluation.submit(within.member, row, given, recommendation, "")
    assert not Scorecard.objects.exists()


def test_jobs_without_criteria_ask_for_the_standard_ones(within: Home) -> None:
    assert evaluation.criteria(make_job("Skipper")) == evaluation.STANDARD


def test_an_interview_is_at_the_time_of_its_zone(within: Home) -> None:
    row = make_application(make_candidate("Nia"), make_job("Skipper"))
    sent = {
        "application": str(row.pk),
        "kind": "video",
        "when": "2026-07-01T10:00",
        "time_zone": "America/New_York",
        "minutes": "45",
        "people": [str(within.member.user_id)],
        "outcome": "planned",
    }
    form = InterviewForm([row], sent)
    assert form.is_valid(), form.errors
    assert form.starts_at() == datetime(2026, 7, 1, 14, tzinfo=UTC)
    assert not InterviewForm([row], {**sent, "time_zone": "Mars/Base"}).is_valid()
    assert not InterviewForm([], sent).is_valid()


def test_interviews_are_listed_with_who_takes_part(within: Home) -> None:
    nia = make_candidate("Nia")
    row = make_application(nia, make_job("Skipper"))
    for days in (1, 2):
        one = Interview(application=row, starts_at=clock.now() + timedelta(days=days))
        one.time_zone = "UTC"
        interviews.store(within.member, one, [within.member.user_id, 10**9])
    found = interviews.of_candidate(within.member, nia.pk)
    assert found[0].starts_at > found[1].starts_at
    assert found[0].people == ["Owner of north"]
    found[0].outcome = Interview.Outcome.HELD
    interviews.store(within.member, found[0], [])
    assert Entry.objects.latest("pk").text == "Interview, Skipper: Planned → Held"
    interviews.delete(within.member, found[0])
    assert Interview.objects.count() == 1


def test_a_reference_and_what_became_of_it(within: Home) -> None:
    one = Reference(candidate=make_candidate("Nia"), name="Ida Lund")
    references.store(within.member, one)
    one.state = Reference.State.GIVEN
    references.store(within.member, one)
    assert Entry.objects.latest("pk").text == "Reference of Ida Lund: Not asked yet → Given"
    references.delete(within.member, one)
    assert references.of(one.candidate_id) == []
