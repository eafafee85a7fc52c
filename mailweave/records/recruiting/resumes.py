"""Résumés: kept, read for their text, handed out, deleted."""

import hashlib
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet

from mailweave.journal import entries
from mailweave.kit import jobs as nudges
from mailweave.kit import live, scope
from mailweave.kit.downloads import file_name
from mailweave.kit.errors import Expected
from mailweave.linking import activity
from mailweave.people.access import Member
from mailweave.records.recruiting import candidates, documents, extraction
from mailweave.records.recruiting.models import Candidate, ResumeFile

TRIES = 3
"""A document that kills every worker that reads it is left unread after so many."""
MOST = 20
"""Files of one candidate."""


def of(candidate_id: int) -> QuerySet[Any]:
    """A candidate's files without their bytes, newest first."""
    rows: QuerySet[Any] = ResumeFile.objects.filter(candidate=candidate_id)
    return rows.defer("data", "words").select_related("added_by").order_by("-added_at", "-pk")


def check(data: bytes) -> str:
    """The kind of a file that may be kept. Raises Expected, in words, for any other."""
    if len(data) > settings.RESUME_BYTES:
        raise Expected(f"The file is larger than {settings.RESUME_BYTES // 2**20} MB.")
    return documents.recognise(data)


def keep(
    candidate: Candidate,
    name: str,
    data: bytes,
    *,
    member: Member | None = None,
    message_id: int | None = None,
    by: str = "an intake",
) -> ResumeFile:
    """Keep a file of a candidate's; the same bytes again are the same file. Its text is read soon.
    Without ``member`` a rule kept it, which ``by`` names.

    Raises Expected, in words, for what is no résumé. The caller holds the candidate.
    """
    kind = check(data)
    digest = hashlib.sha256(data).digest()
    same = ResumeFile.objects.filter(candidate=candidate, digest=digest).defer("data")
    known: ResumeFile | None = same.first()
    if known is not None:
        return known
    if ResumeFile.objects.filter(candidate=candidate).count() >= MOST:
        raise Expected(f"There are {MOST} files already. Delete one first.")
    row: ResumeFile = ResumeFile.objects.create(
        candidate=candidate,
        name=file_name(name, "")[:255],
        kind=kind,
        size=len(data),
        digest=digest,
        data=data,
        message_id=message_id,
        added_by_id=member.user_id if member else None,
    )
    record, said = (candidates.KIND, candidate.pk), f"Résumé kept: {row.name}"
    entries.note_event(member, record, said, by="" if member else by)
    activity.touch(candidates.KIND, [candidate.pk])
    nudges.nudge("recruiting.read", workspace_id=scope.current(), resume_id=row.pk)
    live.tell(topic(candidate.pk))
    return row


def topic(candidate_id: int) -> str:
    """What open pages hear when a candidate's files change."""
    return f"candidate-{candidate_id}"


def read(workspace_id: int, resume_id: int) -> None:
    """Read the text of a file that waits, in three steps: taken, read outside any transaction,
    noted. A file that brings down whoever reads it is given up after some tries."""
    with scope.workspace(workspace_id):
        waiting = ResumeFile.objects.filter(pk=resume_id, state=ResumeFile.State.WAITING)
        row = waiting.select_for_update(skip_locked=True).first()
        if row is None:
            return
        waiting.update(attempts=F("attempts") + 1)
    if row.attempts < TRIES:
        found = extraction.extract(row.kind, bytes(row.data))
    else:
        found = extraction.Extracted(fault=extraction.GAVE_UP)
    state = ResumeFile.State.UNREADABLE if found.fault else ResumeFile.State.READ
    with scope.workspace(workspace_id):
        waiting.update(state=state, text=found.text, fault=found.fault)
        live.tell(topic(row.candidate_id))


def delete(row: ResumeFile, member: Member) -> None:
    """Delete a file for good; the journal tells of it."""
    said = f"Résumé deleted: {row.name}"
    entries.note_event(member, (candidates.KIND, row.candidate_id), said)
    ResumeFile.objects.filter(pk=row.pk).delete()
    live.tell(topic(row.candidate_id))
