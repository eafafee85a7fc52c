"""Mail that was handed to recruiting, read: whether it is an application is decided, and done.

Every message that came to an intake's address ends in an :class:`IntakeEntry`, whatever was
decided. Nothing is fetched here: attachments that may be résumés are written on a list.
"""

from dataclasses import dataclass

from mailweave.kit import jobs, live, scope
from mailweave.linking import links
from mailweave.linking.models import Handed
from mailweave.mail.models import Message
from mailweave.people import notifications
from mailweave.people.access import Member
from mailweave.people.members import working_with
from mailweave.records.recruiting import applications, candidates, facts, fetching
from mailweave.records.recruiting.deciding import Decision, Outcome, decide
from mailweave.records.recruiting.models import Candidate, Intake, IntakeEntry, Job

TOPIC = "recruiting-intake"
TOLD = {
    Outcome.MADE: "applied",
    Outcome.JOINED: "applied again, or sent more",
    Outcome.WAITING: "applies: please decide",
    Outcome.TOLD: "applies",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking an application in brought about; ``made`` and ``application`` are new rows."""

    candidate: Candidate
    made: bool
    application: int


def read(row: Handed) -> None:
    """Read one message; the caller holds the archive, and this transaction is the message's."""
    rules = facts.rules_of(row.mailbox_id)
    if not rules:
        return
    message = Message.objects.select_related("sender").get(pk=row.message_id)
    decision = decide(facts.gather(row, message, rules))
    if decision is None or _was_read(decision.rule.id, message):
        return
    intake = Intake.objects.get(pk=decision.rule.id)
    settle(IntakeEntry(intake=intake, message=message, received_at=row.received_at), decision)


def settle(entry: IntakeEntry, decision: Decision) -> None:
    """Note what was decided, and do it."""
    _write(entry, decision)
    if decision.outcome in {Outcome.MADE, Outcome.JOINED}:
        joined = candidates.hold(decision.candidate) if decision.candidate else None
        taken = take(entry, joined, None)
        entry.candidate = taken.candidate
        entry.outcome = Outcome.MADE if taken.made else Outcome.JOINED
        entry.save(update_fields=["candidate", "outcome"])
    if decision.outcome == Outcome.OPENING:
        jobs.nudge("recruiting.open", workspace_id=scope.current(), entry_id=entry.pk)
    _tell(entry)
    live.tell(TOPIC)


def take(entry: IntakeEntry, candidate: Candidate | None, member: Member | None) -> Taken:
    """Take an application in: for this candidate, whose row is held, or for a new one. Without
    ``member`` the intake's rule does it. The message is filed, its documents are fetched soon."""
    by = f"the intake {entry.intake.name}"
    made = candidate is None
    if candidate is None:
        name = " ".join(entry.name.split()) or entry.address.partition("@")[0]
        owner_id = entry.job.owner_id if entry.job else None
        candidate = Candidate(name=name[:200], source=by[:100], owner_id=owner_id)
        candidates.store(candidate, [entry.address] if entry.address else [])
    application = 0
    if entry.job:
        at = entry.message.sent_at
        row, is_new = applications.apply(member, candidate, entry.job, at, by="" if member else by)
        application = row.pk if is_new else 0
    links.file([entry.message_id], (candidates.KIND, candidate.pk), f"it came to {by}")
    fetching.want(candidate, entry.intake.mailbox_id, entry.message_id, entry.parts)
    return Taken(candidate, made, application)


def _was_read(intake_id: int, message: Message) -> bool:
    return bool(IntakeEntry.objects.filter(intake=intake_id, message=message).exists())


def _write(entry: IntakeEntry, decision: Decision) -> None:
    person = decision.person
    entry.outcome, entry.reason = decision.outcome, decision.reason[:400]
    entry.name = person.name[:200] if person else ""
    entry.address = person.address if person else ""
    entry.job = Job.objects.filter(pk=decision.job).first()
    entry.candidate_id = decision.candidate
    entry.nested = decision.nested
    entry.parts = [[one.part_id, one.name[:255], one.inner] for one in decision.papers]
    entry.save()


def _tell(entry: IntakeEntry) -> None:
    """Tell who looks after the job, or who set the intake up, if they work on recruiting."""
    said = TOLD.get(Outcome(entry.outcome))
    if said is None:
        return
    wanted = (entry.job.owner_id if entry.job else None) or entry.intake.created_by_id
    able = set(working_with(candidates.MODULE).values_list("user_id", flat=True))
    notifications.notify(
        {wanted} & able,
        kind="application",
        key=f"intake-{entry.pk}",
        title=f"{entry.name or entry.address or 'Somebody'} {said}",
        text=entry.reason,
        path=_path(entry),
    )


def _path(entry: IntakeEntry) -> str:
    """Where it is looked at."""
    if entry.candidate_id:
        return f"/recruiting/candidates/{entry.candidate_id}/"
    return f"/recruiting/intakes/{entry.intake_id}/"
