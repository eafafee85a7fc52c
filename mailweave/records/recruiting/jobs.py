"""Jobs: found, stored, deleted."""

from typing import Any

from django.db.models import Count, Q, QuerySet

from mailweave.journal import entries
from mailweave.kit.errors import Expected
from mailweave.linking import activity, owners
from mailweave.linking import addresses as linked
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.common.lists import words
from mailweave.records.recruiting.models import Application, Job
from mailweave.records.recruiting.models.candidates import today

KIND = "recruiting.job"


def find(member: Member, text: str = "", *, status: str = "") -> QuerySet[Any]:
    """Jobs this member sees whose title, code, department or location has each word of ``text``;
    of a ``status`` if one is named."""
    found: QuerySet[Any] = rights.seen(member, Job.objects.select_related("owner"))
    if status:
        found = found.filter(status=status)
    for word in words(text):
        found = found.filter(
            Q(name__icontains=word)
            | Q(code__icontains=word)
            | Q(department__icontains=word)
            | Q(location__icontains=word)
        )
    return found


def count(rows: list[Any]) -> None:
    """Give each job ``under_way``: how many applications are still to be decided. One query."""
    waiting = Application.objects.filter(job__in=rows, stage__in=Application.OPEN)
    counted = waiting.order_by().values_list("job").annotate(number=Count("pk"))
    numbers = dict(counted)
    for row in rows:
        row.under_way = numbers.get(row.pk, 0)


def named(code: str) -> Job | None:
    """The job with this code, in any case of letters."""
    return Job.objects.filter(code__iexact=code).first() if code else None


def store(job: Job) -> None:
    """Save a job; its status says whether it is closed. Raises Expected for a code that another
    one has. The caller holds the row of one that exists."""
    taken = Job.objects.filter(code__iexact=job.code).exclude(pk=job.pk).first()
    if job.code and taken:
        raise Expected(f"{taken.name} has this code already.")
    if job.status != Job.Status.CLOSED:
        job.closed_on = None
    elif job.closed_on is None:
        job.closed_on = today()
    job.save()
    owners.tell(KIND, {job.pk: job.owner_id})
    activity.touch(KIND, [job.pk])


def delete(job: Job) -> None:
    """Delete a job, its applications and the links made to it by hand. Candidates and mail
    stay."""
    linked.forget(KIND, job.pk)
    entries.forget(KIND, job.pk)
    job.delete()
