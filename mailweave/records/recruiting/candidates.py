"""Candidates: found, stored, deleted. Their addresses are what mail is matched by."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q, QuerySet

from mailweave.journal import entries
from mailweave.linking import activity, owners
from mailweave.linking import addresses as linked
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.common.addresses import Book, ranked
from mailweave.records.common.lists import words
from mailweave.records.recruiting.models import (
    Application,
    Candidate,
    CandidateAddress,
    ResumeFile,
)

BOOK = Book("recruiting.candidate", CandidateAddress, "candidate")
KIND = BOOK.kind
MODULE = "recruiting"


def find(member: Member, text: str = "", *, stage: str = "") -> QuerySet[Any]:
    """Candidates this member sees whose name, title, source, job or address has each word of
    ``text``, or whose résumé has it as a whole word; with ``primary``, the primary address; of a
    ``stage`` if one is named."""
    found: QuerySet[Any] = Candidate.objects.select_related("owner")
    found = rights.seen(member, found).annotate(primary=BOOK.primary())
    applied = Application.objects.filter(candidate=OuterRef("pk"))
    if stage:
        found = found.filter(Exists(applied.filter(stage=stage)))
    for word in words(text):
        found = found.filter(
            Q(name__icontains=word)
            | Q(title__icontains=word)
            | Q(source__icontains=word)
            | Exists(applied.filter(job__name__icontains=word))
            | Q(pk__in=_with_resume(word))
            | Exists(BOOK.own().filter(address__contains=word.lower()))
        )
    return found


def _with_resume(word: str) -> QuerySet[Any]:
    """The candidates with this word in a résumé; looked up once, not for each candidate."""
    rows: QuerySet[Any] = ResumeFile.objects.filter(words=SearchQuery(word, config="simple"))
    return rows.values("candidate")


def addresses(candidate_id: int) -> list[CandidateAddress]:
    """A candidate's addresses, the primary one first."""
    return BOOK.of(candidate_id)


def sharing(member: Member, candidate_id: int, given: Collection[str]) -> list[CandidateAddress]:
    """Where other candidates this member sees have one of these addresses too; each row with its
    candidate."""
    seen = find(member).order_by().values("pk")
    rows = CandidateAddress.objects.filter(address__in=given, candidate__in=seen)
    rows = rows.exclude(candidate=candidate_id).select_related("candidate")
    return list(rows.order_by("address", "candidate__sort_name")[:20])


def known(address: str) -> Candidate | None:
    """The candidate with this normalised address, the oldest if there are several. For what no
    member asks: mail that came in."""
    rows = CandidateAddress.objects.filter(address=address).select_related("candidate")
    row = rows.order_by("candidate_id").first()
    return row.candidate if row else None


def store(candidate: Candidate, given: Sequence[str]) -> None:
    """Save a candidate with these normalised addresses, the primary one first.

    Mail of addresses that came or went is linked anew at once. The caller holds the row of a
    candidate that exists (``select_for_update``).
    """
    candidate.save()
    owners.tell(KIND, {candidate.pk: candidate.owner_id})
    BOOK.write(candidate.pk, ranked(given))
    activity.touch(KIND, [candidate.pk])


def hold(candidate_id: int) -> Candidate | None:
    """The candidate, held against others who write."""
    rows = Candidate.objects.select_for_update().filter(pk=candidate_id)
    found: Candidate | None = rows.first()
    return found


def adopt(candidate_id: int, address: str) -> bool:
    """Give a candidate one more normalised address; false if they have it, or there is nobody."""
    candidate = hold(candidate_id)
    given = [row.address for row in addresses(candidate_id)]
    if candidate is None or address in given:
        return False
    store(candidate, [*given, address])
    return True


def release(candidate_id: int, address: str) -> None:
    """Take an address away from a candidate, if both are there."""
    candidate = hold(candidate_id)
    if candidate is not None:
        rest = [one.address for one in addresses(candidate_id) if one.address != address]
        store(candidate, rest)


def delete(candidate: Candidate) -> None:
    """Delete a candidate with everything we noted about them, and their links. Mail and jobs
    stay."""
    linked.forget(KIND, candidate.pk)
    entries.forget(KIND, candidate.pk)
    candidate.delete()
