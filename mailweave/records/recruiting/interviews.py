"""Interviews: planned, changed, what came of them. No calendar is asked or told."""

from collections.abc import Collection

from mailweave.journal import entries
from mailweave.people import members
from mailweave.people.access import Member
from mailweave.records.recruiting import applications, candidates
from mailweave.records.recruiting.models import Interview, Interviewer


def of_candidate(member: Member, candidate_id: int) -> list[Interview]:
    """The interviews of a candidate that this member sees, the newest first; each with its job and
    ``people``, who takes part."""
    rows = applications.of_candidate(member, candidate_id)
    found = list(
        Interview.objects.filter(application__in=rows)
        .select_related("application__job")
        .order_by("-starts_at", "-pk")
    )
    people: dict[int, list[str]] = {}
    taking = Interviewer.objects.filter(interview__in=found).select_related("user")
    for one in taking.order_by("user__name", "pk"):
        people.setdefault(one.interview_id, []).append(one.user.name)
    for row in found:
        row.people = people.get(row.pk, [])
    return found


def interviewers(interview_id: int) -> list[int]:
    """The users who take part."""
    rows = Interviewer.objects.filter(interview=interview_id).order_by("pk")
    return list(rows.values_list("user_id", flat=True))


def store(member: Member, interview: Interview, user_ids: Collection[int]) -> None:
    """Save an interview with those of us who take part. The caller holds the candidate."""
    before = Interview.objects.filter(pk=interview.pk).first() if interview.pk else None
    interview.save()
    Interviewer.objects.filter(interview=interview).delete()
    ours = members.everyone().filter(user_id__in=user_ids).values_list("user_id", flat=True)
    Interviewer.objects.bulk_create([Interviewer(interview=interview, user_id=one) for one in ours])
    record = (candidates.KIND, interview.application.candidate_id)
    what = f"Interview, {interview.application.job.name}"
    now = str(interview.get_outcome_display())
    if before is None:
        entries.note_event(member, record, f"{what}: {now.lower()}")
    else:
        entries.note_change(member, record, what, str(before.get_outcome_display()), now)


def delete(member: Member, interview: Interview) -> None:
    """Take an interview off the list."""
    record = (candidates.KIND, interview.application.candidate_id)
    what = f"Interview, {interview.application.job.name}"
    entries.note_event(member, record, f"{what}: taken off the list")
    interview.delete()
