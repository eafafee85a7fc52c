"""Résumés: kept once, read soon, given up when they kill who reads them, and gone with people."""

from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.records.recruiting import candidates, extraction, resumes
from mailweave.records.recruiting.extraction import Extracted
from mailweave.records.recruiting.models import ResumeFile
from tests.records.crm.conftest import Home
from tests.records.recruiting import papers
from tests.records.recruiting.makers import make_candidate


def test_the_same_bytes_are_the_same_file(within: Home, settings: Any) -> None:
    nia, jo = make_candidate("Nia"), make_candidate("Jo")
    first = resumes.keep(nia, "../..\\CV\u202e.pdf", papers.pdf("Nia"), member=within.member)
    assert first.name == "_.._CV_.pdf"
    assert resumes.keep(nia, "again.pdf", papers.pdf("Nia")) == first
    assert resumes.keep(jo, "CV.pdf", papers.pdf("Nia")) != first
    assert [one.pk for one in resumes.of(nia.pk)] == [first.pk]
    settings.RESUME_BYTES = 2**20
    with pytest.raises(Expected, match="larger than 1 MB"):
        resumes.keep(nia, "big.pdf", papers.pdf("x") + bytes(2**20))
    candidates.delete(nia)
    assert ResumeFile.objects.count() == 1


def test_nobody_fills_the_database(within: Home) -> None:
    nia = make_candidate("Nia")
    for number in range(resumes.MOST):
        resumes.keep(nia, "CV.pdf", papers.pdf(str(number)))
    with pytest.raises(Expected, match="20 files already"):
        resumes.keep(nia, "CV.pdf", papers.pdf("one more"))


class Killed(BaseException):
    """What becomes of a worker that the system ends."""


def kept(home: Home) -> int:
    with scope.workspace(home.id):
        return int(resumes.keep(make_candidate("Nia"), "CV.pdf", papers.pdf("Nia Patel")).pk)


def row(home: Home) -> ResumeFile:
    with scope.workspace(home.id):
        found: ResumeFile = ResumeFile.objects.get()
        return found


@pytest.mark.django_db(transaction=True)
def test_its_text_is_read_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    resumes.read(home.id, kept(home))
    found = row(home)
    assert (found.state, found.text) == ("read", "Nia Patel")
    monkeypatch.setattr(extraction, "extract", lambda *_: pytest.fail("read again"))
    resumes.read(home.id, found.pk)


@pytest.mark.django_db(transaction=True)
def test_who_dies_reading_it_leaves_it_waiting_a_few_times(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> Extracted:
        raise Killed

    pk = kept(home)
    monkeypatch.setattr(extraction, "extract", die)
    for _ in range(resumes.TRIES):
        with pytest.raises(Killed):
            resumes.read(home.id, pk)
        assert row(home).state == "waiting"
    resumes.read(home.id, pk)
    assert (row(home).state, row(home).fault) == ("unreadable", extraction.GAVE_UP)
