"""What templates may say of candidates and jobs."""

from mailweave.linking import fields
from mailweave.linking.fields import Fields, Values, first_name
from mailweave.people.access import Member
from mailweave.records.recruiting import candidates, jobs
from mailweave.records.recruiting.models import Application

CANDIDATE = {
    "first_name": "First name",
    "name": "Name",
    "title": "Title",
    "email": "E-mail address",
    "phone": "Phone",
    "job": "Job applied for last",
    "stage": "Stage there",
}
JOB = {"name": "Name", "department": "Department", "location": "Location"}


def _candidate(pk: int, member: Member) -> Values:
    row = candidates.find(member).get(pk=pk)
    rows = Application.objects.filter(candidate_id=pk, job__in=jobs.find(member))
    last = rows.select_related("job").order_by("-pk").first()
    return {
        "first_name": first_name(row.name),
        "name": row.name,
        "title": row.title,
        "email": row.primary or "",
        "phone": row.phone,
        "job": last.job.name if last else "",
        "stage": last.get_stage_display() if last else "",
    }


def _job(pk: int, member: Member) -> Values:
    row = jobs.find(member).get(pk=pk)
    return {word: getattr(row, word) for word in JOB}


fields.register(Fields(candidates.KIND, "candidate", CANDIDATE, _candidate))
fields.register(Fields(jobs.KIND, "job", JOB, _job))
