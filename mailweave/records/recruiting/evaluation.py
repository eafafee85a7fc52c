"""Scorecards: what each of us thinks of an application, hidden until one has said it oneself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailweave.journal import entries
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.people.access import Member
from mailweave.records.recruiting import applications, candidates
from mailweave.records.recruiting.models import Application, Job, Scorecard

STANDARD = ("Skills", "Experience", "Communication", "Motivation", "Team fit")
"""What is asked where a job has no criteria of its own."""
POINTS = range(1, 6)


@dataclass(frozen=True, slots=True)
class Sheet:
    """An application with the scorecards that one member may see.

    ``mine`` is theirs. ``others`` are those of colleagues, none before there is ``mine``;
    ``hidden`` counts what is kept back until then. ``average`` is over all that are seen.
    """

    application: Application
    criteria: tuple[str, ...]
    mine: Scorecard | None
    others: tuple[Scorecard, ...]
    hidden: int
    average: float | None


def sheets(member: Member, candidate_id: int) -> list[Sheet]:
    """One for each application this member sees, the newest first."""
    rows = applications.of_candidate(member, candidate_id)
    cards = Scorecard.objects.filter(application__in=rows).select_related("author")
    given: dict[int, list[Scorecard]] = {}
    for card in cards.order_by("submitted_at", "pk"):
        given.setdefault(card.application_id, []).append(card)
    return [_sheet(member, row, given.get(row.pk, [])) for row in rows]


def criteria(job: Job) -> tuple[str, ...]:
    """What a scorecard for this job asks for."""
    return tuple(job.criteria) or STANDARD


def submit(
    member: Member,
    application: Application,
    points: Mapping[str, int],
    recommendation: str,
    comment: str,
) -> Scorecard:
    """Give in, or change, one's own scorecard. Raises Expected for what is missing or unknown.

    The journal says that it was given, not what it says.
    """
    asked = criteria(application.job)
    if set(points) != set(asked) or any(one not in POINTS for one in points.values()):
        raise Expected("Give each criterion between 1 and 5 points. Nothing was saved.")
    if recommendation not in Scorecard.Recommendation.values:
        raise Expected("Say what you recommend. Nothing was saved.")
    row: Scorecard
    row, made = Scorecard.objects.update_or_create(
        application=application,
        author_id=member.user_id,
        defaults={
            "scores": [[name, points[name]] for name in asked],
            "recommendation": recommendation,
            "comment": comment,
            "submitted_at": clock.now(),
        },
    )
    if made:
        record = (candidates.KIND, application.candidate_id)
        entries.note_event(member, record, f"Scorecard given for {application.job.name}")
    return row


def _sheet(member: Member, row: Application, cards: Sequence[Scorecard]) -> Sheet:
    mine = next((card for card in cards if card.author_id == member.user_id), None)
    others = tuple(card for card in cards if card is not mine)
    seen = (mine, *others) if mine else ()
    averages = [card.average for card in seen if card.average is not None]
    return Sheet(
        application=row,
        criteria=criteria(row.job),
        mine=mine,
        others=others if mine else (),
        hidden=0 if mine else len(others),
        average=sum(averages) / len(averages) if averages else None,
    )
