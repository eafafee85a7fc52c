"""What an open card tells when something ends: a round somebody asked for, or an import.

A card sends what it showed when it asks for itself again; the difference to what is true now is the
news. Only that somebody asked for a round is kept in their session: an answer that was under way
when they pressed the button may come last, and would have the card forget it.
"""

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, QueryDict

from mailweave.sync.cards import Card
from mailweave.sync.models import Backfill
from mailweave.web.templatetags.ui import clock_time, count


@dataclass(frozen=True, slots=True)
class Seen:
    """What a card showed: a round asked for here, the import under way, and how far it was."""

    asked: bool = False
    run: int = 0
    percent: int = 0


def read(given: QueryDict) -> Seen:
    """What a card sends along; nonsense counts as nothing."""
    asked, run, percent = (_number(given.get(name, "")) for name in ("asked", "run", "percent"))
    return Seen(bool(asked), run, min(percent, 100))


def expect(request: HttpRequest, mailbox_id: int) -> None:
    """Remember that somebody asked for a round, until a card of theirs has told how it ended."""
    request.session[f"asked-{mailbox_id}"] = True


def recall(request: HttpRequest, card: Card, seen: Seen) -> Seen:
    """What the card showed, and whether a round was asked for: forgotten once it is over."""
    key = f"asked-{card.mailbox.pk}"
    asked = seen.asked or key in request.session
    if not card.working:
        request.session.pop(key, None)
    return replace(seen, asked=asked)


def go_on(card: Card, seen: Seen) -> Seen:
    """What the card shows now, after what it showed before."""
    run = card.progress.backfill.pk if card.progress else 0
    percent = card.progress.percent if card.progress else 0
    before = seen.percent if run == seen.run else 0
    return Seen(seen.asked and card.working, run, max(percent, before))


def fell_back(card: Card, seen: Seen) -> bool:
    """Whether progress is less than this page has shown: there is more mail than was estimated."""
    progress = card.progress
    return bool(progress and progress.backfill.pk == seen.run and progress.percent < seen.percent)


def tell(request: HttpRequest, card: Card, seen: Seen) -> None:
    """Put what ended since into toasts."""
    if seen.asked and not card.working:
        level, text = round_result(card)
        messages.add_message(request, level, text)
    last = card.last
    if last and seen.run == last.pk and last.state == Backfill.State.DONE:
        messages.success(request, import_result(card))


def round_result(card: Card) -> tuple[int, str]:
    """What a round brought, or what kept it from ending: (level of the toast, sentence)."""
    address, sync = card.mailbox.address, card.sync
    if card.health.name == "error":
        said = f" {sync.problem_text}" if sync and sync.problem_text else ""
        return messages.ERROR, f"{address}: {card.health.text}{said}"
    if sync is None or card.mailbox.disconnected_at:
        return messages.WARNING, f"{address} is not connected."
    if card.awaits_operator:
        return messages.WARNING, f"{address}: {card.health.text} {sync.problem_text}"
    if card.why_held and sync.held_until:
        at = clock_time(sync.held_until)
        return messages.WARNING, f"{address}: {card.why_held} Next try at {at}; nothing is lost."
    if not (sync.last_new or sync.last_changed):
        return messages.SUCCESS, f"Nothing new in {address}."
    new, changed = count(sync.last_new), count(sync.last_changed)
    return messages.SUCCESS, f"{address}: {new} new, {changed} changed."


def import_result(card: Card) -> str:
    """What an import that ended took in."""
    listed = card.last.listed_count if card.last else 0
    said = f"The import of {card.mailbox.address} is done: {count(listed, 'message')}."
    if card.counts.stuck:
        said += f" {count(card.counts.stuck)} could not be taken in; they are set aside."
    return said


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else 0
