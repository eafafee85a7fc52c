"""The tabs of a candidate: each at its own address, each without script."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mailweave.kit import scope
from mailweave.records.recruiting import evaluation, resumes
from mailweave.records.recruiting.models import (
    Candidate,
    Interview,
    Reference,
    ResumeFile,
    Scorecard,
)
from tests.records.crm.conftest import Home
from tests.records.recruiting import papers
from tests.records.recruiting.makers import (
    make_application,
    make_candidate,
    make_colleague,
    make_job,
)

TABS = ("", "-resume", "-evaluation", "-interview", "-timeline", "-references", "-email")


def text_of(page: object) -> str:
    return page.content.decode()  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def nia(home: Home) -> int:
    with scope.workspace(home.id):
        return int(make_candidate("Nia").pk)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_names_the_others_and_itself(home: Home, nia: int, tab: str) -> None:
    path = reverse(f"recruiting:candidate{tab}", args=[nia])
    shown = text_of(home.client.get(path))
    for other in TABS:
        assert f'href="{reverse(f"recruiting:candidate{other}", args=[nia])}"' in shown
    assert f'href="{path}" aria-current="page"' in shown


def test_an_upload_is_kept_or_refused_with_a_reason(home: Home, nia: int) -> None:
    path = reverse("recruiting:candidate-resume", args=[nia])
    page = SimpleUploadedFile("CV.pdf", b"<html>", content_type="application/pdf")
    refused = home.client.post(path, {"file": page})
    assert refused.status_code == 422
    assert "It is a web page" in text_of(refused)
    assert "Choose a file first" in text_of(home.client.post(path, {}))
    data = papers.pdf("Nia")
    sent = SimpleUploadedFile('C"V\r\n.pdf', data, content_type="text/html")
    shown = text_of(home.client.post(path, {"file": sent}, follow=True))
    assert "Its text is being read" in shown
    with scope.workspace(home.id):
        row = ResumeFile.objects.get()
    answer = home.client.get(reverse("recruiting:resume", args=[row.pk]))
    assert answer.content == data
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    home.client.post(reverse("recruiting:resume-delete", args=[row.pk]))
    with scope.workspace(home.id):
        assert not ResumeFile.objects.exists()


def test_the_text_is_shown_as_text(home: Home, nia: int) -> None:
    with scope.workspace(home.id):
        row = resumes.keep(Candidate.objects.get(pk=nia), "CV.docx", papers.docx("x"))
        ResumeFile.objects.filter(pk=row.pk).update(state="read", text="<b>Nia</b> & crew")
    shown = text_of(home.client.get(reverse("recruiting:candidate-resume", args=[nia])))
    assert "&lt;b&gt;Nia&lt;/b&gt; &amp; crew" in shown


def test_a_scorecard_is_filled_in(home: Home, nia: int) -> None:
    with scope.workspace(home.id):
        job = make_job("Skipper", criteria=["Knots"])
        row = make_application(Candidate.objects.get(pk=nia), job)
        mo, _ = make_colleague("Mo", modules=("recruiting",))
        evaluation.submit(mo, row, {"Knots": 2}, "no", "Seasick")
    tab = reverse("recruiting:candidate-evaluation", args=[nia])
    assert "1 scorecard of colleagues will be shown" in text_of(home.client.get(tab))
    assert "Seasick" not in text_of(home.client.get(tab))
    path = reverse("recruiting:application-scorecard", args=[row.pk])
    assert 'id="id_points_0_error"' in text_of(home.client.post(path, {"comment": "x"}))
    sent = {"points_0": "5", "recommendation": "yes", "comment": "Calm"}
    shown = text_of(home.client.post(path, sent, follow=True))
    for said in ("Average <b>3.5</b> of 5", "Seasick", "Calm", "Yes"):
        assert said in shown
    assert "checked" in text_of(home.client.get(path))
    with scope.workspace(home.id):
        assert Scorecard.objects.count() == 2


def test_an_interview_is_planned_changed_and_taken_off(home: Home, nia: int) -> None:
    with scope.workspace(home.id):
        row = make_application(Candidate.objects.get(pk=nia), make_job("Skipper"))
    new = reverse("recruiting:candidate-interview-new", args=[nia])
    sent = {
        "application": str(row.pk),
        "kind": "phone",
        "when": "2026-07-01T10:00",
        "time_zone": "Europe/Berlin",
        "minutes": "30",
        "outcome": "planned",
        "place": "+49 30 5550123",
    }
    assert 'id="id_when_error"' in text_of(home.client.post(new, {**sent, "when": "soon"}))
    shown = text_of(home.client.post(new, sent, follow=True))
    for said in ("10:00 in Europe/Berlin", "+49 30 5550123", "Planned", "30 minutes"):
        assert said in shown
    with scope.workspace(home.id):
        one = Interview.objects.get()
    path = reverse("recruiting:interview", args=[one.pk])
    assert "2026-07-01T10:00" in text_of(home.client.get(path))
    home.client.post(path, {**sent, "outcome": "held"})
    home.client.post(path, {"delete": "1"})
    with scope.workspace(home.id):
        assert not Interview.objects.exists()


def test_a_reference_is_added_and_taken_off(home: Home, nia: int) -> None:
    new = reverse("recruiting:candidate-reference-new", args=[nia])
    sent = {"name": "Ida Lund", "relation": "Harbour master", "state": "asked"}
    shown = text_of(home.client.post(new, sent, follow=True))
    assert "Harbour master" in shown
    assert "Asked" in shown
    with scope.workspace(home.id):
        one = Reference.objects.get()
    path = reverse("recruiting:reference", args=[one.pk])
    home.client.post(path, {**sent, "state": "given", "note": "Recommended"})
    shown = text_of(home.client.get(reverse("recruiting:candidate-references", args=[nia])))
    assert "Recommended" in shown
    home.client.post(path, {"delete": "1"})
    with scope.workspace(home.id):
        assert not Reference.objects.exists()
