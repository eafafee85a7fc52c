"""A candidate's tabs and the queue of applications in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mailweave.kit import clock, scope
from mailweave.people import workspaces
from mailweave.people.access import Member
from mailweave.people.models import User
from mailweave.records.recruiting import evaluation, intakes, interviews, references, resumes
from mailweave.records.recruiting.models import (
    Intake,
    IntakeEntry,
    Interview,
    Reference,
    ResumeFile,
)
from tests.makers_mail import Archive
from tests.records.crm.makers import make_workspace
from tests.records.recruiting import papers
from tests.records.recruiting.makers import (
    make_application,
    make_candidate,
    make_colleague,
    make_job,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "Nia Patel\nTen years at sea, as a mate and as a skipper.\n" * 20


@pytest.fixture
def member(site: str) -> Member:
    _, user = make_workspace("north")
    return workspaces.memberships(user)[0]


def fill(member: Member) -> tuple[int, int]:
    """A candidate of whom everything is known, and an application that waits; their numbers."""
    with scope.workspace(member.workspace_id):
        nia = make_candidate("Nia Patel", "nia@patel.example", title="Mate", location="Kiel")
        row = make_application(nia, make_job("Skipper", code="SEA-1", department="Sea"))
        mo, _ = make_colleague("Mo", modules=("recruiting",))
        points = dict.fromkeys(evaluation.STANDARD, 4)
        evaluation.submit(mo, row, points, "yes", "Calm in bad weather.")
        talk = Interview(application=row, starts_at=clock.now(), time_zone="Europe/Berlin")
        talk.place = "https://meet.home.example/" + "room" * 20
        interviews.store(member, talk, [member.user_id])
        references.store(member, Reference(candidate=nia, name="Ida Lund", relation="Captain"))
        paper = resumes.keep(nia, "Résumé of Nia Patel, skipper.pdf", papers.pdf("x"))
        ResumeFile.objects.filter(pk=paper.pk).update(state="read", text=TEXT)
        archive = Archive()
        box = archive.mailbox(User.objects.get(pk=member.user_id))
        message = archive.message(archive.thread())
        archive.copy(message, box)
        intake = Intake(name="Careers", mailbox_id=box, suffix=intakes.suffix())
        intakes.store(intake)
        IntakeEntry.objects.create(
            intake=intake,
            message_id=message,
            outcome="waiting",
            reason="The sender applies. It names no job. 1 document attached.",
            name="Bo Lind",
            address="bo@lind.example",
            parts=[[1, "CV.pdf", ""]],
        )
        return int(nia.pk), int(intake.pk)


def test_every_page_is_accessible_and_fits(
    page: Page,
    member: Member,
    enter: Callable[[Member], None],
    axe: Callable[[Page], list[str]],
    trouble: list[str],
) -> None:
    nia, intake = fill(member)
    enter(member)
    base = f"/recruiting/candidates/{nia}"
    tabs = ("", "resume/", "evaluation/", "interview/", "timeline/", "references/", "email/")
    pages = [f"{base}/{tab}" for tab in tabs]
    pages += ["/recruiting/candidates/", "/recruiting/jobs/", "/recruiting/review/"]
    pages += ["/recruiting/intakes/", f"/recruiting/intakes/{intake}/", "/recruiting/intakes/new/"]
    for path in pages:
        page.goto(path)
        expect(page.locator('[hx-trigger="load"]')).to_have_count(0)
        assert axe(page) == [], path
        page.set_viewport_size({"width": 390, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, path
        page.set_viewport_size({"width": 1280, "height": 800})


def test_a_resume_is_uploaded_a_scorecard_given_an_application_accepted(
    page: Page,
    member: Member,
    enter: Callable[[Member], None],
    axe: Callable[[Page], list[str]],
    tmp_path: Path,
) -> None:
    nia, _ = fill(member)
    enter(member)
    page.goto(f"/recruiting/candidates/{nia}/")
    page.get_by_role("link", name="Resume", exact=True).click()
    false = tmp_path / "CV.pdf"
    false.write_text("<html>")
    page.get_by_label("Add a résumé").set_input_files(false)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_contain_text("It is a web page or other markup.")
    assert axe(page) == []
    page.get_by_role("link", name="Evaluation", exact=True).click()
    expect(page.get_by_text("Calm in bad weather.")).to_have_count(0)
    page.get_by_role("link", name="Fill in your scorecard").click()
    assert axe(page) == []
    for name in evaluation.STANDARD:
        page.get_by_role("group", name=name).get_by_label("5 strong").check()
    page.get_by_label("Strong yes").check()
    page.get_by_role("button", name="Save scorecard").click()
    expect(page.get_by_text("Calm in bad weather.")).to_be_visible()
    expect(page.get_by_text("Average 4.5 of 5")).to_be_visible()
    page.goto("/recruiting/review/")
    page.get_by_role("link", name="More… about Bo Lind").click()
    assert axe(page) == []
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Bo Lind is a candidate.")).to_be_visible()
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("button", name="Accept Bo Lind")).to_be_visible()
