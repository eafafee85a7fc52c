"""Candidates: found by what people remember, and their addresses linked at once."""

import pytest

from mailweave.journal.models import EntryRecord
from mailweave.linking import registry
from mailweave.linking.models import Link, RecordAddress
from mailweave.people.models import Role
from mailweave.records.recruiting import candidates, resumes
from mailweave.records.recruiting.models import Application, Candidate, ResumeFile
from tests.records.crm.conftest import Home
from tests.records.crm.makers import make_mail
from tests.records.recruiting import papers
from tests.records.recruiting.makers import (
    make_application,
    make_candidate,
    make_colleague,
    make_job,
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", {"Nia Patel", "Jonas Weber"}),
        ("nia fair", {"Nia Patel"}),
        ("weber.example", {"Jonas Weber"}),
        ("designer", {"Jonas Weber"}),
        ("nobody", set()),
    ],
)
def test_find(within: Home, text: str, names: set[str]) -> None:
    make_candidate("Nia Patel", "nia@patel.example", source="Trade fair")
    jonas = make_candidate("Jonas Weber", "jonas@weber.example")
    make_application(jonas, make_job("Product Designer"))
    assert {one.name for one in candidates.find(within.member, text)} == names


def test_a_resume_is_searched_by_its_words(within: Home) -> None:
    nia = make_candidate("Nia Patel")
    paper = resumes.keep(nia, "CV.pdf", papers.pdf("x"))
    words = " ".join(f"\u4e00{number}" for number in range(40_000))
    for text in ("Ten years as a Skipper, café and crew", f"skipper {words}"):
        ResumeFile.objects.filter(pk=paper.pk).update(text=text)
        assert [one.name for one in candidates.find(within.member, "nia SKIPPER")] == ["Nia Patel"]
        assert not candidates.find(within.member, "skip").exists()
    for hostile in ("'", "\\", "a & b | !", ":*", "(((", "<->"):
        assert not candidates.find(within.member, hostile).exists()


def test_those_at_a_stage(within: Home) -> None:
    nia, job = make_candidate("Nia"), make_job("Designer")
    make_candidate("Jonas")
    make_application(nia, job, Application.Stage.OFFER)
    assert [one.name for one in candidates.find(within.member, stage="offer")] == ["Nia"]
    assert not candidates.find(within.member, stage="hired").exists()


def test_mail_is_linked_by_addresses_and_let_go_with_the_candidate(within: Home) -> None:
    message = make_mail("nia@patel.example", 1)
    nia = make_candidate("Nia", "nia@patel.example")
    make_application(nia, make_job("Designer"))
    assert Link.objects.get(kind=candidates.KIND, record_id=nia.pk).message_id == message.pk
    assert EntryRecord.objects.filter(kind=candidates.KIND).exists()
    candidates.delete(nia)
    for model in (Link, RecordAddress, Application, EntryRecord):
        assert not model.objects.exists()


def test_an_address_is_given_and_taken_away_once(within: Home) -> None:
    nia = make_candidate("Nia", "nia@patel.example")
    assert candidates.adopt(nia.pk, "n@patel.example")
    assert not candidates.adopt(nia.pk, "n@patel.example")
    candidates.release(nia.pk, "nia@patel.example")
    assert [(one.address, one.kind) for one in candidates.addresses(nia.pk)] == [
        ("n@patel.example", "primary")
    ]
    assert candidates.known("n@patel.example") == nia
    assert candidates.known("nia@patel.example") is None


def test_what_the_house_learns_is_for_who_works_on_it(within: Home) -> None:
    nia = make_candidate("Nia Patel", "nia@patel.example", title="Sailor")
    job = make_job("Skipper", department="Sea", location="Kiel")
    keys = [("recruiting.candidate", nia.pk), ("recruiting.job", job.pk)]
    found = registry.cards(keys, within.member)
    assert [(found[key].title, found[key].subtitle, found[key].url) for key in keys] == [
        ("Nia Patel", "Sailor · nia@patel.example", f"/recruiting/candidates/{nia.pk}/"),
        ("Skipper", "Sea · Kiel · Open", f"/recruiting/jobs/{job.pk}/"),
    ]
    stranger, _ = make_colleague("Cara", Role.MEMBER)
    assert registry.cards(keys, stranger) == {}
    assert [one for one in registry.search("a", stranger) if one.kind.startswith("rec")] == []
    assert not registry.adopt(keys[0], "new@patel.example", stranger)
    assert registry.adopt(keys[0], "new@patel.example", within.member)
    assert registry.get("recruiting.job").sources(job.pk) == [("recruiting.job", job.pk)]


def test_the_oldest_candidate_of_an_address_is_meant(within: Home) -> None:
    first = make_candidate("Nia", "nia@patel.example")
    make_candidate("N. Patel", "nia@patel.example")
    assert candidates.known("nia@patel.example") == first
    (shared,) = candidates.sharing(within.member, first.pk, ["nia@patel.example"])
    assert shared.candidate == Candidate.objects.get(name="N. Patel")


def test_letters_to_a_candidate_are_about_the_job_they_applied_for_last(within: Home) -> None:
    ana = make_candidate("Ana", "ana@x.example")
    first, last, closed = (make_job(name) for name in ("Rigger", "Sailmaker", "Cook"))
    make_application(ana, first)
    make_application(ana, last)
    make_application(ana, closed, stage="rejected")
    record = (candidates.KIND, ana.pk)
    assert registry.along_with(record, within.member) == [("recruiting.job", last.pk)]
