"""An application by mail, from the sandbox's mailbox to a candidate with a résumé that is read."""

from email.message import EmailMessage

from mailweave.kit import clock, scope
from mailweave.linking import handing
from mailweave.linking.models import Link
from mailweave.records.recruiting import fetching, intakes, resumes
from mailweave.records.recruiting.models import (
    Candidate,
    Intake,
    IntakeEntry,
    Job,
    ResumeFile,
    WantedFile,
)
from tests.flows.checks import poll
from tests.flows.world import World
from tests.makers import signed_in
from tests.records.recruiting import papers

ADA = "ada@northwind.example"


def letter(to: str, data: bytes) -> bytes:
    message = EmailMessage()
    message["From"] = "Nia Patel <nia@patel.example>"
    message["To"], message["Subject"] = to, "Application: Skipper"
    message["Message-ID"] = "<apply@patel.example>"
    message.set_content("Here I am.")
    message.add_attachment(data, maintype="application", subtype="pdf", filename="CV Nia.pdf")
    return message.as_bytes()


def test_an_application_with_a_pdf_becomes_a_candidate_with_its_text(world: World) -> None:
    world.sandbox.add_account(ADA, "Ada")
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    with scope.workspace(world.member.workspace_id):
        job = Job.objects.create(name="Skipper")
        intake = Intake(name="Careers", mailbox_id=mailbox, mode="auto", suffix=intakes.suffix())
        intakes.store(intake)
        address = intakes.address(intake)
    world.sandbox.deliver(ADA, letter(address, papers.pdf("Nia Patel", "Ten years at sea")))
    poll(world, mailbox)
    handing.work(world.member.workspace_id)
    with scope.workspace(world.member.workspace_id):
        nia, entry = Candidate.objects.get(), IntakeEntry.objects.get()
        wanted = WantedFile.objects.get()
        assert (nia.name, entry.outcome, entry.job_id) == ("Nia Patel", "made", job.pk)
        assert Link.objects.get().record_id == nia.pk
    client = signed_in(world.member)
    path = f"/recruiting/candidates/{nia.pk}/resume/"
    assert "Résumé still to be fetched" in client.get(path).content.decode()
    fetching.fetch(world.member.workspace_id, wanted.pk)
    with scope.workspace(world.member.workspace_id):
        resume = ResumeFile.objects.get()
    resumes.read(world.member.workspace_id, resume.pk)
    shown = client.get(path).content.decode()
    assert "Ten years at sea" in shown
    assert "still to be fetched" not in shown
    assert "CV Nia.pdf" in shown


def test_a_resume_that_was_deleted_at_the_provider_says_so(world: World) -> None:
    world.sandbox.add_account(ADA, "Ada")
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    with scope.workspace(world.member.workspace_id):
        intake = Intake(name="Careers", mailbox_id=mailbox, mode="auto")
        intakes.store(intake)
    world.sandbox.deliver(ADA, letter(ADA, papers.pdf("Nia")))
    poll(world, mailbox)
    handing.work(world.member.workspace_id)
    world.sandbox.delete(ADA, world.sandbox.message_ids(ADA))
    with scope.workspace(world.member.workspace_id):
        wanted = WantedFile.objects.get()
    fetching.fetch(world.member.workspace_id, wanted.pk)
    with scope.workspace(world.member.workspace_id):
        left = WantedFile.objects.get()
        assert (left.state, left.fault) == ("refused", "The provider does not have it any more.")
        assert Candidate.objects.count() == 1
        assert left.due_at > clock.now()
