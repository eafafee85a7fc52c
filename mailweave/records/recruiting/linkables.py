"""What the rest of the house may know of candidates and jobs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from mailweave.linking import handing, registry
from mailweave.linking.registry import Card
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.recruiting import candidates, intakes, jobs, reading
from mailweave.records.recruiting.models import Application


@dataclass(frozen=True, slots=True)
class Records:
    """One of the two kinds, for members who work on recruiting."""

    kind: str
    label: str
    find: Callable[[Member, str], QuerySet[Any]]
    subtitle: Callable[[Any], str]

    def cards(self, ids: Collection[int], member: Member) -> Mapping[int, Card]:
        """Cards of those that exist and this member may see."""
        return {row.pk: self._card(row) for row in self.find(member, "").filter(pk__in=ids)}

    def search(self, text: str, member: Member, limit: int = 10) -> Sequence[Card]:
        """In the order of names."""
        found = self.find(member, text).order_by("sort_name", "pk")[:limit]
        return [self._card(row) for row in found]

    def sources(self, record_id: int) -> Sequence[tuple[str, int]]:
        """The record itself."""
        return [(self.kind, record_id)]

    def _card(self, row: Any) -> Card:
        page = reverse(self.kind.replace(".", ":"), args=[row.pk])
        return Card(self.kind, row.pk, row.name, self.subtitle(row), page)


@dataclass(frozen=True, slots=True)
class People(Records):
    """Candidates: they can be given addresses, and be made from one."""

    def adopt(self, record_id: int, address: str, member: Member) -> bool:
        """At the end of the candidate's addresses."""
        return self._edits(record_id, member) and candidates.adopt(record_id, address)

    def release(self, record_id: int, address: str, member: Member) -> None:
        """Where it is still there."""
        if self._edits(record_id, member):
            candidates.release(record_id, address)

    def along_with(self, record_id: int) -> Sequence[tuple[str, int]]:
        """The job they applied for last, of those that are not decided."""
        rows = Application.objects.filter(candidate_id=record_id, stage__in=Application.OPEN)
        last = rows.order_by("-pk").values_list("job_id", flat=True).first()
        return [(jobs.KIND, last)] if last else ()

    def creation_path(self, name: str, address: str, member: Member) -> str:
        """The form of a new candidate."""
        if not member.may("edit records"):
            return ""
        given = {"name": name, "address": address}
        said = urlencode({key: value for key, value in given.items() if value})
        return f"{reverse('recruiting:candidate-new')}?{said}"

    def _edits(self, record_id: int, member: Member) -> bool:
        row = self.find(member, "").filter(pk=record_id).first()
        return row is not None and rights.may(member, "edit", row)


@dataclass(frozen=True, slots=True)
class Openings(Records):
    """Jobs: their mail is what was linked to them by hand."""

    filed_by: str = "people"


def _of_candidate(candidate: Any) -> str:
    return " · ".join(filter(None, [candidate.title, candidate.primary]))


def _of_job(job: Any) -> str:
    return " · ".join(filter(None, [job.department, job.location, job.get_status_display()]))


registry.register(People(candidates.KIND, "Candidate", candidates.find, _of_candidate))
registry.register(Openings(jobs.KIND, "Job", jobs.find, _of_job))
handing.register(intakes.READER, reading.read, "recruiting_intakeentry")
