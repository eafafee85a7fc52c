"""Fetching from the list: what is asked for ends stored, left out, gone or set aside."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet

from mailweave.kit import clock
from mailweave.mail.models import Copy
from mailweave.providers.base import Listed
from mailweave.providers.errors import ProviderError, Unavailable
from mailweave.sync import arrivals, backfill
from mailweave.sync.arrivals import Answer, Outcome
from mailweave.sync.hands import Hands

PAGE = 500
"""Messages to a transaction: big enough to be cheap, small enough to be quick."""

FIRST = 100
"""Messages of the past that are shown before the rest of it is even listed."""

PATIENCE = timedelta(seconds=0.5)
"""Where mail comes slowly, a page is stored after this long, however few are on it."""

BATCH = 20_000
"""Messages to one asking: a provider who is read on several lanes keeps them full until its end,
and between two askings they run empty."""

MAX_ATTEMPTS = 5
"""How often an outage may hit one message before it is set aside and the rest goes on."""


def fetch(
    hands: Hands, wanted: list[Listed], goes_on: Callable[[], bool] = lambda: True
) -> Outcome:
    """Fetch these and take them in, a page at a time, as long as ``goes_on`` says so between pages.

    What was not reached, or cut off by an error, stays on the list for the next time.
    """
    began = clock.now()
    total = Outcome()
    failure: ProviderError | None = None
    is_whole = False
    try:
        is_whole = _take_all(hands, wanted, total, goes_on)
    except ProviderError as error:
        failure = error
    is_theirs = isinstance(failure, Unavailable) and (_any(total) or hands.answers())
    with hands.transaction():
        if is_whole:
            _set_aside_unanswered(hands, wanted)
        elif is_theirs:
            _count_attempt(hands, wanted)
        backfill.note(hands, (clock.now() - began).total_seconds())
    if failure:
        raise failure
    return total


def _take_all(
    hands: Hands, wanted: list[Listed], total: Outcome, goes_on: Callable[[], bool]
) -> bool:
    """Take in a page whenever one is full, and what there is when the provider stops.

    Says whether everything was asked for.
    """
    answers: list[Answer] = []
    stored_at = clock.now()
    try:
        for answer in hands.reader.fetch(wanted):
            answers.append(answer)
            if len(answers) >= PAGE or clock.now() - stored_at > PATIENCE:
                full, answers = answers, []
                _take_in(hands, full, total)
                if not goes_on():
                    return False
                stored_at = clock.now()
    except ProviderError:
        _take_in(hands, answers, total)
        raise
    _take_in(hands, answers, total)
    return True


def _take_in(hands: Hands, answers: list[Answer], total: Outcome) -> None:
    if not answers:
        return
    outcome = arrivals.receive(hands, answers)
    total.stored += outcome.stored
    total.skipped |= outcome.skipped
    total.gone += outcome.gone
    total.stuck |= outcome.stuck


def _any(total: Outcome) -> bool:
    return bool(total.stored or total.skipped or total.gone or total.stuck)


def _count_attempt(hands: Hands, wanted: list[Listed]) -> None:
    """A message that keeps failing is set aside: it must not hold up the others for ever."""
    left = _unanswered(hands, wanted)
    left.update(attempts=F("attempts") + 1)
    left.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=Copy.State.STUCK,
        reason="The provider failed each time it was asked for.",
        settled_at=clock.now(),
    )


def _set_aside_unanswered(hands: Hands, wanted: list[Listed]) -> None:
    _unanswered(hands, wanted).update(
        state=Copy.State.STUCK,
        reason="The provider named this message but did not answer for it.",
        attempts=F("attempts") + 1,
        settled_at=clock.now(),
    )


def _unanswered(hands: Hands, wanted: list[Listed]) -> QuerySet[Any]:
    asked = [one.remote_id for one in wanted]
    return Copy.objects.filter(
        mailbox_id=hands.mailbox_id, remote_id__in=asked, state=Copy.State.LISTED
    )
