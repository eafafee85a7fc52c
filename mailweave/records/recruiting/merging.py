"""Candidates who are the same person become one: chosen fields, all addresses, all mail, all that
was noted of them, in one transaction. It cannot be undone."""

from collections.abc import Mapping, Sequence

from django.db.models import Count, Q

from mailweave.journal import entries, moving
from mailweave.kit.errors import Expected
from mailweave.linking import addresses as linked
from mailweave.linking import merging
from mailweave.mail import store as archive
from mailweave.people.access import Member
from mailweave.records.common import rights
from mailweave.records.recruiting import candidates
from mailweave.records.recruiting.candidates import BOOK, KIND
from mailweave.records.recruiting.models import (
    Application,
    Candidate,
    CandidateAddress,
    IntakeEntry,
    Interview,
    MergedCandidate,
    Reference,
    ResumeFile,
    Scorecard,
    WantedFile,
)

MOST = 10
"""Candidates at once: more cannot be compared by eye."""
FIELDS = (
    ("name", "Name"),
    ("title", "Title"),
    ("location", "Location"),
    ("phone", "Phone"),
    ("source", "Source"),
    ("owner", "Owner"),
    ("note", "Note"),
)
GONE = "One of these was merged or deleted meanwhile. Please look again at what is left."
Stage = Application.Stage
FAR = (
    Stage.REJECTED,
    Stage.APPLIED,
    Stage.SCREENING,
    Stage.INTERVIEW,
    Stage.OFFER,
    Stage.HIRED,
)
"""Of two applications for one job the stage that counts is the later here."""


def merge(
    into: int, others: Sequence[int], choices: Mapping[str, int], member: Member
) -> Candidate:
    """Make ``others`` part of the candidate ``into``, and return it.

    ``choices`` says for a field which candidate's value stays; else it is the survivor's. Raises
    Expected if there is nothing to merge, or one of them is no more; Refused if one of them is not
    the member's to change.
    """
    given = sorted({into, *others})
    if len(given) < 2:
        raise Expected("Choose at least two different candidates to merge.")
    # In the order of ids, so that two people who merge the same candidates take turns.
    rows = Candidate.objects.select_for_update(of=("self",)).filter(pk__in=given).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) != len(given) or len(given) > MOST:
        raise Expected(GONE)
    for row in found.values():
        rights.insist(member, "edit", row)
    archive.hold()
    survivor: Candidate = found[into]
    gone = [found[pk] for pk in given if pk != into]
    for name, _ in FIELDS:
        chosen = found.get(choices.get(name, into))
        if chosen is None:
            raise Expected(GONE)
        setattr(survivor, name, getattr(chosen, name))
    merging.merge(KIND, [row.pk for row in gone], into)
    addresses = [one.address for row in (survivor, *gone) for one in BOOK.of(row.pk)]
    for row in gone:
        _move(survivor, row)
        _remember(survivor, row, member)
    candidates.store(survivor, list(dict.fromkeys(addresses)))
    for row in gone:
        moving.merge((KIND, row.pk), (KIND, into))
        entries.note_event(member, (KIND, into), f"Merged with {row.name}")
        linked.forget(KIND, row.pk)
        row.delete()
    return survivor


def survivor_of(pk: int, member: Member) -> int | None:
    """The candidate that another one has become part of, if the member sees them."""
    rows = MergedCandidate.objects.filter(record_id=pk).values_list("into_id", flat=True)
    into: int | None = rows.first()
    return into if candidates.find(member).filter(pk=into).exists() else None


def alike(candidate: Candidate, member: Member) -> list[Candidate]:
    """Candidates who may be the same person: by an address, or by name."""
    given = [row.address for row in BOOK.of(candidate.pk)]
    same = CandidateAddress.objects.filter(address__in=given).values("candidate")
    found = candidates.find(member).filter(Q(pk__in=same) | Q(sort_name=candidate.sort_name))
    return list(found.exclude(pk=candidate.pk).order_by("sort_name", "pk")[:MOST])


def duplicates(member: Member, limit: int = 20) -> list[list[Candidate]]:
    """Groups of candidates who may be the same person, of those the member sees."""
    seen = rights.seen(member, Candidate.objects.all())
    own = CandidateAddress.objects.filter(candidate__in=seen.values("pk"))
    shared = own.values("address").annotate(n=Count("pk")).filter(n__gt=1).order_by("address")
    named = seen.values("sort_name").annotate(n=Count("pk")).filter(n__gt=1).order_by("sort_name")
    groups = [
        *(
            own.filter(address=row["address"]).order_by("pk").values_list("candidate", flat=True)
            for row in shared[:limit]
        ),
        *(
            seen.filter(sort_name=row["sort_name"]).order_by("pk").values_list("pk", flat=True)
            for row in named[:limit]
        ),
    ]
    distinct = list(dict.fromkeys(tuple(sorted(set(group[:MOST]))) for group in groups))[:limit]
    known = candidates.find(member).in_bulk({pk for group in distinct for pk in group})
    return [[known[pk] for pk in group if pk in known] for group in distinct]


def _move(survivor: Candidate, gone: Candidate) -> None:
    """All that hung on one of them. What both have the same stays once."""
    for row in Application.objects.select_for_update().filter(candidate=gone).order_by("pk"):
        _move_application(survivor, row)
    Reference.objects.filter(candidate=gone).update(candidate=survivor)
    held = ResumeFile.objects.filter(candidate=survivor).values("digest")
    files = ResumeFile.objects.filter(candidate=gone)
    files.filter(digest__in=held).delete()
    files.update(candidate=survivor)
    mine = set(WantedFile.objects.filter(candidate=survivor).values_list("part_id", "inner"))
    for wanted in WantedFile.objects.filter(candidate=gone):
        if (wanted.part_id, wanted.inner) in mine:
            wanted.delete()
        else:
            WantedFile.objects.filter(pk=wanted.pk).update(candidate=survivor)
    # Undoing what made one of them would take away what belongs to both.
    both = IntakeEntry.objects.filter(candidate__in=[survivor.pk, gone.pk])
    both.update(candidate=survivor, added={"merged": True})


def _move_application(survivor: Candidate, row: Application) -> None:
    """Where both applied for a job, the one that came further stays, with what belongs to both."""
    own = Application.objects.select_for_update().filter(candidate=survivor, job=row.job_id).first()
    if own is None:
        Application.objects.filter(pk=row.pk).update(candidate=survivor)
        return
    if FAR.index(Stage(row.stage)) > FAR.index(Stage(own.stage)):
        own.stage, own.moved_at = row.stage, row.moved_at
    own.applied_at = min(own.applied_at, row.applied_at)
    own.save()
    Interview.objects.filter(application=row).update(application=own)
    for card in Scorecard.objects.filter(application=row):
        _move_card(own, card)
    row.delete()


def _move_card(application: Application, card: Scorecard) -> None:
    """One of us has one card: the newer, which says what the older said as well."""
    other = Scorecard.objects.filter(application=application, author=card.author_id).first()
    if other is None:
        Scorecard.objects.filter(pk=card.pk).update(application=application)
        return
    newer, older = sorted((card, other), key=lambda one: one.submitted_at, reverse=True)
    comment = "\n\n".join(filter(None, [newer.comment, _said(older)]))
    older.delete()
    Scorecard.objects.filter(pk=newer.pk).update(application=application, comment=comment)


def _said(card: Scorecard) -> str:
    points = ", ".join(f"{name} {number}" for name, number in card.scores)
    said = f"An earlier card of {card.submitted_at:%d %b %Y}: {card.get_recommendation_display()}"
    return f"{said}. {points}.\n{card.comment}".strip()


def _remember(survivor: Candidate, gone: Candidate, member: Member) -> None:
    """Old addresses of pages lead to the survivor, however often it goes on."""
    MergedCandidate.objects.filter(into=gone).update(into=survivor)
    MergedCandidate.objects.create(
        record_id=gone.pk, into=survivor, name=gone.name, made_by_id=member.user_id
    )
