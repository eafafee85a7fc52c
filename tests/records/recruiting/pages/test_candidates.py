"""Pages of candidates and jobs: lists, create, edit, apply, move, delete."""

from django.urls import reverse

from mailweave.kit import scope
from mailweave.records.recruiting import candidates
from mailweave.records.recruiting.models import Application, Candidate, Job
from tests.records.crm.conftest import Home
from tests.records.recruiting.makers import make_application, make_candidate, make_job

NEW = {"name": "Nia Patel", "source": "Agency", "address": ["nia@patel.example", ""]}
JOB = {"name": "Skipper", "status": "open", "code": "SEA-1", "opened_on": "2026-03-01"}


def text_of(page: object) -> str:
    return page.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_empty_lists_say_what_will_be_here(home: Home) -> None:
    assert "No candidates yet" in text_of(home.client.get(reverse("recruiting:candidates")))
    assert "No jobs yet" in text_of(home.client.get(reverse("recruiting:jobs")))
    staged = home.client.get(reverse("recruiting:candidates"), {"stage": "offer"})
    assert "Nobody at this stage" in text_of(staged)


def test_a_candidate_with_an_application(home: Home) -> None:
    home.client.post(reverse("recruiting:job-new"), {**JOB, "criteria": "Knots\nKnots\n\nCalm"})
    with scope.workspace(home.id):
        job = Job.objects.get()
    assert job.criteria == ["Knots", "Calm"]
    sent = {**NEW, "job": str(job.pk), "owner": str(home.member.user_id)}
    shown = text_of(home.client.post(reverse("recruiting:candidate-new"), sent, follow=True))
    for said in ("Nia Patel", "nia@patel.example", "Agency", "Skipper", "Applied"):
        assert said in shown
    with scope.workspace(home.id):
        nia = Candidate.objects.get()
    listed = text_of(home.client.get(reverse("recruiting:candidates"), {"stage": "applied"}))
    assert "Skipper" in listed
    home.client.post(reverse("recruiting:candidate-edit", args=[nia.pk]), {**NEW, "name": "Nia P."})
    with scope.workspace(home.id):
        assert Candidate.objects.get().name == "Nia P."
        assert [one.address for one in candidates.addresses(nia.pk)] == ["nia@patel.example"]
    home.client.post(reverse("recruiting:candidate-delete", args=[nia.pk]))
    with scope.workspace(home.id):
        assert not Candidate.objects.exists()
        assert Job.objects.exists()


def test_bad_input_changes_nothing_and_is_explained(home: Home) -> None:
    sent = {**NEW, "name": "x" * 999, "job": "987", "owner": "987654", "address": ["no"]}
    with scope.workspace(home.id):
        make_job("Skipper", code="SEA-1")
    page = home.client.post(reverse("recruiting:candidate-new"), sent)
    assert page.status_code == 422
    for field in ("name", "job", "owner"):
        assert f'id="id_{field}_error"' in text_of(page)
    wrong = {**JOB, "code": "x y", "criteria": "x" * 200, "opened_on": "soon"}
    page = home.client.post(reverse("recruiting:job-new"), wrong)
    for field in ("code", "criteria", "opened_on"):
        assert f'id="id_{field}_error"' in text_of(page)
    taken = home.client.post(reverse("recruiting:job-new"), {**JOB, "code": "sea-1"})
    assert "Skipper has this code already" in text_of(taken)
    with scope.workspace(home.id):
        assert (Candidate.objects.count(), Job.objects.count()) == (0, 1)


def test_applications_are_added_and_moved_from_both_pages(home: Home) -> None:
    with scope.workspace(home.id):
        nia, job = make_candidate("Nia"), make_job("Skipper")
    path = reverse("recruiting:candidate-apply", args=[nia.pk])
    assert home.client.post(path, {"job": "x"}).status_code == 422
    home.client.post(path, {"job": str(job.pk)})
    with scope.workspace(home.id):
        row = Application.objects.get()
    move = reverse("recruiting:application-move", args=[row.pk])
    answer = home.client.post(move, {"stage": "offer", "back": "job"})
    assert answer["Location"] == reverse("recruiting:job", args=[job.pk])
    shown = text_of(home.client.get(answer["Location"]))
    assert 'aria-label="Stage of Nia"' in shown
    assert '<option value="hired">' in shown
    refused = home.client.post(move, {"stage": "sunk"})
    assert refused.status_code == 422
    with scope.workspace(home.id):
        assert Application.objects.get().stage == "offer"


def test_a_job_shows_its_candidates_by_stage(home: Home) -> None:
    with scope.workspace(home.id):
        job = make_job("Skipper", criteria=["Knots"])
        make_application(make_candidate("Nia"), job, Application.Stage.REJECTED)
    shown = text_of(home.client.get(reverse("recruiting:job", args=[job.pk])))
    assert shown.index('aria-label="Rejected"') < shown.index(">Nia<")
    home.client.post(reverse("recruiting:job-delete", args=[job.pk]))
    with scope.workspace(home.id):
        assert not Application.objects.exists()
        assert Candidate.objects.exists()


def test_the_email_tab_is_where_one_writes(home: Home) -> None:
    with scope.workspace(home.id):
        pk = make_candidate("Ana", "ana@x.example").pk
    text = home.client.get(f"/recruiting/candidates/{pk}/email/").content.decode()
    assert f"/records/recruiting.candidate/{pk}/mail/?view=threads&amp;alone=1" in text
    part = home.client.get(
        f"/records/recruiting.candidate/{pk}/mail/?view=threads&alone=1",
        headers={"HX-Request": "true", "HX-Request-Type": "partial"},
    ).content.decode()
    assert "How its mail is shown" not in part
