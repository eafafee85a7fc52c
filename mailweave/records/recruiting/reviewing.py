"""What people decide about applications that wait: taken in, added to somebody, dismissed; undone.

Each decision notes what it brought about. Undoing one takes exactly that away again, and refuses
to where somebody has worked with it since: nothing of theirs is lost.
"""

from typing import Any

from django.db.models import QuerySet

from mailweave.kit import clock, live
from mailweave.kit.errors import Expected
from mailweave.linking import links
from mailweave.people import notifications
from mailweave.people.access import Member
from mailweave.records.recruiting import candidates, reading
from mailweave.records.recruiting.models import (
    Application,
    Candidate,
    IntakeEntry,
    Interview,
    Reference,
    ResumeFile,
    Scorecard,
    WantedFile,
)
from mailweave.records.recruiting.reading import TOPIC

Outcome = IntakeEntry.Outcome
WORKED = "Somebody has worked with it since, so it was not undone. Nothing was changed."


def hold(entry_id: int) -> IntakeEntry | None:
    """The entry, held against others who decide about it."""
    rows = IntakeEntry.objects.select_related("intake", "job", "message")
    found: IntakeEntry | None = rows.select_for_update(of=("self",)).filter(pk=entry_id).first()
    return found


def accept(member: Member, entry: IntakeEntry) -> Candidate:
    """Take it in: for the candidate who has its address, else for a new one. Raises Expected where
    nobody is named, or it was decided before. The caller holds the entry."""
    _check(entry)
    if not entry.name.strip() and not entry.address:
        raise Expected("Say who applies first: a name or an address. Nothing was changed.")
    known = candidates.known(entry.address) if entry.address else None
    return _take(member, entry, candidates.hold(known.pk) if known else None)


def join(member: Member, entry: IntakeEntry, candidate: Candidate) -> Candidate:
    """Take it in for a candidate there is, who gets its address as well. The caller holds both."""
    _check(entry)
    adopted = entry.address and candidates.adopt(candidate.pk, entry.address)
    entry.added = {"adopted": entry.address if adopted else ""}
    return _take(member, entry, candidate)


def dismiss(member: Member, entry: IntakeEntry) -> None:
    """Make nothing of it; the mail stays where it is."""
    _check(entry)
    _decide(member, entry, Outcome.DISMISSED)


def undo(entry: IntakeEntry) -> None:
    """It waits again, and what the decision brought about is taken away. Raises Expected where
    somebody has worked with that since, or no person decided. The caller holds the entry."""
    if entry.decided_by_id is None:
        raise Expected("This was not decided by a person. Nothing was changed.")
    if entry.added.get("merged"):
        raise Expected(
            "The candidate was merged with another since, so it was not undone. Nothing was "
            "changed."
        )
    if entry.candidate_id and entry.added:
        _take_back(entry)
    entry.outcome, entry.candidate, entry.added = Outcome.WAITING, None, {}
    entry.decided_by_id, entry.decided_at = None, None
    entry.save()
    live.tell(TOPIC)


def _check(entry: IntakeEntry) -> None:
    if entry.outcome != Outcome.WAITING:
        word = str(entry.get_outcome_display()).lower()
        raise Expected(f"Somebody has decided about it already: {word}. Nothing was changed.")


def _take(member: Member, entry: IntakeEntry, candidate: Candidate | None) -> Candidate:
    taken = reading.take(entry, candidate, member)
    entry.added |= {"made": taken.made, "application": taken.application}
    entry.candidate = taken.candidate
    _decide(member, entry, Outcome.MADE if taken.made else Outcome.JOINED)
    return taken.candidate


def _decide(member: Member, entry: IntakeEntry, outcome: str) -> None:
    entry.outcome, entry.decided_at = outcome, clock.now()
    entry.decided_by_id = member.user_id
    entry.save()
    notifications.end([f"intake-{entry.pk}"], f"{member.name} decided.")
    live.tell(TOPIC)


def _take_back(entry: IntakeEntry) -> None:
    candidate = candidates.hold(entry.candidate_id or 0)
    if candidate is None:
        return
    rows = Application.objects.filter(candidate=candidate)
    mine = rows.filter(pk=entry.added.get("application", 0))
    if entry.added.get("made"):
        if _worked_on(rows) or rows.count() > mine.count() or _has_more(candidate, entry):
            raise Expected(WORKED)
        candidates.delete(candidate)
        return
    if _worked_on(mine):
        raise Expected(WORKED)
    mine.delete()
    WantedFile.objects.filter(candidate=candidate, message=entry.message_id).delete()
    ResumeFile.objects.filter(candidate=candidate, message=entry.message_id).delete()
    links.unfile([entry.message_id], (candidates.KIND, candidate.pk))
    if entry.added.get("adopted"):
        candidates.release(candidate.pk, entry.added["adopted"])


def _worked_on(rows: QuerySet[Any]) -> bool:
    """Whether an application was moved, judged or talked about."""
    return (
        rows.exclude(stage=Application.Stage.APPLIED).exists()
        or Scorecard.objects.filter(application__in=rows).exists()
        or Interview.objects.filter(application__in=rows).exists()
    )


def _has_more(candidate: Candidate, entry: IntakeEntry) -> bool:
    """Whether there is more of a candidate than this message brought."""
    files = ResumeFile.objects.filter(candidate=candidate).exclude(message=entry.message_id)
    others = IntakeEntry.objects.filter(candidate=candidate).exclude(pk=entry.pk)
    references = Reference.objects.filter(candidate=candidate)
    return bool(files.exists() or others.exists() or references.exists() or candidate.note)
