"""Applications: a candidate for a job, moved from stage to stage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from mailweave.journal import entries
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking import activity
from mailweave.people.access import Member, reach
from mailweave.records.recruiting import candidates, jobs
from mailweave.records.recruiting.models import Application, Candidate, Job


def of_candidate(member: Member, candidate_id: int) -> list[Application]:
    """The applications of a candidate for jobs this member sees, newest first, each with its
    job."""
    seen = jobs.find(member).order_by().values("pk")
    rows = Application.objects.filter(candidate=candidate_id, job__in=seen)
    return list(rows.select_related("job").order_by("-applied_at", "-pk"))


def of_job(member: Member, job_id: int) -> dict[str, list[Application]]:
    """The applications for a job by stage, of candidates this member sees, each with its
    candidate, and ``may_move``, whether this member may move it."""
    edits = reach(member, "edit", candidates.MODULE)
    seen = candidates.find(member).order_by().values("pk")
    rows = Application.objects.filter(job=job_id, candidate__in=seen)
    found: dict[str, list[Application]] = {value: [] for value in Application.Stage.values}
    for row in rows.select_related("candidate").order_by("moved_at", "pk"):
        row.may_move = edits.holds(row.candidate.owner_id)
        found[row.stage].append(row)
    return found


def latest(rows: Sequence[Any], member: Member) -> None:
    """Give each candidate ``application``, the newest one that may be seen, or None. One query."""
    seen = jobs.find(member).order_by().values("pk")
    found: QuerySet[Any] = Application.objects.filter(candidate__in=rows, job__in=seen)
    ordered = found.select_related("job").order_by("applied_at", "pk")
    newest = {row.candidate_id: row for row in ordered}
    for row in rows:
        row.application = newest.get(row.pk)


def apply(
    member: Member | None, candidate: Candidate, job: Job, at: datetime | None = None, by: str = ""
) -> tuple[Application, bool]:
    """The candidate's application for the job, and whether it was made now. Without ``member`` a
    rule made it, which ``by`` names."""
    row, made = Application.objects.get_or_create(
        candidate=candidate, job=job, defaults={"applied_at": at or clock.now()}
    )
    if made:
        activity.touch(candidates.KIND, [candidate.pk])
        activity.touch(jobs.KIND, [job.pk])
        said = f"Applied for {job.name}"
        entries.note_event(member, (candidates.KIND, candidate.pk), said, by=by)
    return row, made


def move(member: Member, application: Application, stage: str) -> str:
    """Take an application to another stage, if the state machine goes there; returns the stage it
    was at. The candidate's journal tells of it.

    Raises Expected, in words. The caller holds its row.
    """
    before = application.stage
    if stage == before:
        return before
    if stage not in Application.MOVES[before]:
        word = Application.Stage(stage).label if stage in Application.Stage.values else stage
        raise Expected(
            f"An application cannot go from {application.get_stage_display()} to {word}. "
            "Nothing was changed."
        )
    said = str(application.get_stage_display())
    application.stage, application.moved_at = stage, clock.now()
    application.save(update_fields=["stage", "moved_at"])
    record = (candidates.KIND, application.candidate_id)
    activity.touch(candidates.KIND, [application.candidate_id])
    now = str(application.get_stage_display())
    entries.note_change(member, record, application.job.name, said, now)
    return before
