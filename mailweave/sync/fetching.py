"""Fetching from the list: a batch sized by what may be spent, taken in page by page."""

from mailweave.kit import clock
from mailweave.mail.models import Copy
from mailweave.providers.base import Listed
from mailweave.providers.errors import RateLimited
from mailweave.sync import arrivals, backfill
from mailweave.sync.arrivals import Answer, Outcome
from mailweave.sync.hands import Hands
from mailweave.sync.models import Sync

PAGE = 100
_UNITS_PER_THREAD = 40
"""What the dearest way to fetch one thread costs; only used to size a batch."""


def batch_size(hands: Hands) -> int:
    """How many listed messages to take now: a page, or what the quota's burst pays for."""
    if not hands.budget.rate:
        return PAGE
    return max(1, min(PAGE, int(hands.budget.burst) // _UNITS_PER_THREAD))


def fetch(hands: Hands, wanted: list[Listed]) -> Outcome:
    """Fetch these and take them in. What a rate limit cut off stays on the list."""
    began = clock.now()
    answers: list[Answer] = []
    total = Outcome()
    try:
        for answer in hands.reader.fetch(wanted):
            answers.append(answer)
            if len(answers) >= PAGE:
                _take_in(hands, answers, total)
                answers = []
    except RateLimited:
        _take_in(hands, answers, total)
        raise
    _take_in(hands, answers, total)
    with hands.transaction():
        seconds = (clock.now() - began).total_seconds()
        backfill.note(hands, seconds)
        _count(hands, wanted, total)
    return total


def _take_in(hands: Hands, answers: list[Answer], total: Outcome) -> None:
    if not answers:
        return
    outcome = arrivals.receive(hands, answers)
    total.stored += outcome.stored
    total.new += outcome.new
    total.skipped |= outcome.skipped
    total.gone += outcome.gone
    total.stuck |= outcome.stuck


def _count(hands: Hands, wanted: list[Listed], total: Outcome) -> None:
    """Note what came; anything the provider left unanswered is set aside, never dropped."""
    asked = [one.remote_id for one in wanted]
    left = Copy.objects.filter(
        mailbox_id=hands.mailbox_id, remote_id__in=asked, state=Copy.State.LISTED
    )
    left.update(
        state=Copy.State.STUCK, reason="The provider named this message but did not answer for it."
    )
    row = Sync.objects.get(pk=hands.sync_id)
    row.last_new += total.new
    row.save(update_fields=["last_new"])
