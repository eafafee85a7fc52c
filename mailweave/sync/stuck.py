"""Messages that were set aside: what that means in words, and another try when a person asks."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from mailweave.kit import live
from mailweave.mail.models import Copy
from mailweave.sync import backfill
from mailweave.sync.models import Sync

_NAMED = re.compile(r"(.*?) \(([\w.]+)\)\.?")
_WORDS = {
    "It could not be read": "Its content breaks the rules that mail is written by, in a way we do "
    "not understand yet. Nothing is wrong with your mailbox. Another try helps once Mailweave was "
    "updated; until then you read it at the provider.",
    "It could not be stored": "Our database would not take it. The operator finds the reason in "
    "the log; nothing else was held up by it. Try again when it is mended.",
    "The provider failed each time it was asked for.": "Everything else came in, and the provider "
    "had an error for this one each time. That often passes by itself: try again later.",
    "The provider named this message but did not answer for it.": "The provider listed it and then "
    "left it out of its answer. That often passes by itself: try again.",
}
_ELSE = (
    "The provider's answer about this message cannot be used. Try again; if it stays like this, "
    "read it at the provider and tell the operator."
)


@dataclass(frozen=True, slots=True)
class Explained:
    """A reason in words for people, and its technical name."""

    words: str
    technical: str


def explain(reason: str) -> Explained:
    """What the reason of a copy that was set aside means for its owner."""
    named = _NAMED.fullmatch(reason)
    said, technical = (named[1], named[2]) if named else (reason, "")
    words = _WORDS.get(said)
    if words is None:
        return Explained(_ELSE, reason)
    return Explained(words, technical)


def retry(mailbox_id: int, only: Collection[int] | None = None) -> list[int]:
    """Put what was set aside back on the list: all of it, or ``only`` these copies.

    Returns the copies that are tried again.
    """
    rows = Copy.objects.filter(mailbox_id=mailbox_id, state=Copy.State.STUCK)
    if only is not None:
        rows = rows.filter(pk__in=only)
    tried = list(rows.order_by("-pk").values_list("pk", flat=True))
    if tried:
        rows.update(state=Copy.State.LISTED, reason="", place=-1)
        live.tell(f"mailbox-{mailbox_id}")
        backfill.wake(Sync.objects.get(mailbox_id=mailbox_id))
    return tried
