"""Read and unread as people decide it here: shown at once, told to the provider next.

::

    (no mark) --marked--> waiting --being written--> asked --written--> (no mark)
       ^                     |  ^                      |  |
       '--marked back--------'  '-----no answer--------'  '--refused, or tried five times--> (no
                                                             mark), as the provider says again

The rule. While a mark waits, what people see is the mark. What the provider says meanwhile, by
changes, listings or fetches, goes into the mark's ``before`` and not into the copy, which is what
:func:`mailweave.sync.listing.keep` does. Once the mark is written it is gone, and the provider's
word counts again. A mark back to what the provider says is none; but not while the provider may
have been told otherwise: then it is written too. Writing twice does no harm, so a worker may die
at any moment. Where a workspace does not write back, marks wait for ever, and give way to the
first new word of the provider.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from mailweave.kit import clock, live, sql
from mailweave.mail import policy, store, threads
from mailweave.mail.visibility import Viewer
from mailweave.providers.base import Missing, NotWritten, Written
from mailweave.providers.errors import ProviderError, Refused, Unavailable
from mailweave.sync import backfill, listing
from mailweave.sync.hands import Hands
from mailweave.sync.models import Marking, SeenMark, Sync

QUERIES = sql.load("mailweave.sync", "marks")
SLICE = 1000
"""Marks that are written in one step."""
MOST_ATTEMPTS = 5
UNDO = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Which:
    """Which copies are meant, of those in a viewer's own mailboxes: a piece of SQL by its name."""

    name: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Marked:
    """What an act of marking changed: how many copies, and its :class:`Marking` (None if none)."""

    count: int
    marking_id: int | None


def of_messages(message_ids: Collection[int]) -> Which:
    """These messages."""
    return Which("of_messages", {"messages": list(message_ids)})


def of_threads(thread_ids: Collection[int]) -> Which:
    """Everything in these threads."""
    return Which("of_threads", {"threads": list(thread_ids)})


def newest_of(thread_id: int) -> Which:
    """The newest message of a thread that was received; without one, that was sent."""
    return Which("of_newest", {"thread": thread_id})


def everything(address: str = "") -> Which:
    """All there is, or all threads in which a normalised address takes part."""
    if address:
        return Which("of_address", {"address": address.replace("\0", "")})
    return Which("of_all", {})


def count(viewer: Viewer, which: Which, *, seen: bool, mailbox_id: int | None = None) -> int:
    """How many copies marking would change."""
    rows = _ask("count", which, mailboxes=_own(viewer, mailbox_id), seen=seen, **which.parameters)
    return int(rows[0][0])


def mark(viewer: Viewer, which: Which, *, seen: bool, mailbox_id: int | None = None) -> Marked:
    """Mark what is the viewer's own as read, or as unread; pages show it at once."""
    store.hold()
    now = clock.now()
    Marking.objects.filter(made_at__lt=now - UNDO).delete()
    rows = _ask(
        "mark",
        which,
        mailboxes=_own(viewer, mailbox_id),
        seen=seen,
        user=viewer.user_id,
        now=now,
        **which.parameters,
    )
    marking_id, changed, thread_ids, mailbox_ids = rows[0]
    if changed:
        _rows("drop_needless", mailboxes=mailbox_ids)
        threads.recount(thread_ids)
        live.tell("mail", *(f"mailbox-{one}" for one in mailbox_ids))
        for sync in Sync.objects.filter(mailbox_id__in=mailbox_ids):
            backfill.wake(sync)
    return Marked(changed, marking_id)


def undo(viewer: Viewer, marking_id: int) -> Marked | None:
    """Put back what one act of this viewer's changed, as far as it is still so; None if it is too
    late for that."""
    rows = Marking.objects.filter(pk=marking_id, made_by_id=viewer.user_id)
    row = rows.only("seen").first()
    if row is None:
        return None
    marked = mark(viewer, Which("of_marking", {"marking": marking_id}), seen=not row.seen)
    rows.delete()
    return marked


def due(mailbox_id: int) -> datetime | None:
    """When marks are to be written next; None if none waits, or nothing is written back."""
    rows = SeenMark.objects.filter(mailbox_id=mailbox_id).order_by("due_at")
    first: datetime | None = rows.values_list("due_at", flat=True).first()
    return first if first and policy.current().writes_back else None


def are_due(mailbox_id: int) -> bool:
    """Whether marks are to be written now."""
    at = due(mailbox_id)
    return at is not None and at <= clock.now()


def write(hands: Hands) -> None:
    """Write the next marks. A failure that is not everybody's holds up nothing else."""
    taken, seen = _take(hands)
    answers: list[Written | Missing | NotWritten] = []
    failure: ProviderError | None = None
    try:
        answers.extend(hands.writer.mark_seen(list(taken), seen=seen))
    except ProviderError as error:
        failure = error
    is_theirs = isinstance(failure, Unavailable | Refused) and (bool(answers) or hands.answers())
    _settle(hands, taken, answers, seen=seen, failed=is_theirs)
    if failure and not is_theirs:
        raise failure


def _take(hands: Hands) -> tuple[dict[str, int], bool]:
    """The next marks by remote id, and what they say; from now on the provider may know them."""
    with hands.transaction():
        store.hold()
        given = {"mailbox": hands.mailbox_id, "now": clock.now(), "limit": SLICE}
        rows = _rows("take", **given)
    return {remote_id: pk for remote_id, pk, _ in rows}, bool(rows and rows[0][2])


def _settle(
    hands: Hands,
    taken: dict[str, int],
    answers: Sequence[Written | Missing | NotWritten],
    *,
    seen: bool,
    failed: bool,
) -> None:
    """Write what became of marks, in one transaction."""
    done = [taken[one.remote_id] for one in answers if isinstance(one, Written)]
    missing = [one.remote_id for one in answers if isinstance(one, Missing)]
    refused = [taken[one.remote_id] for one in answers if isinstance(one, NotWritten)]
    told = {one.remote_id for one in answers}
    with hands.transaction():
        store.hold()
        _rows("written", marks=done, seen=seen)
        if failed:
            late = _rows("put_off", marks=[pk for one, pk in taken.items() if one not in told])
            refused += [pk for pk, attempts in late if attempts >= MOST_ATTEMPTS]
        listing.doubt(hands.mailbox_id, missing)
        lost = [taken[one] for one in missing]
        touched = {row[0] for row in _rows("give_up", marks=[*refused, *lost])}
        threads.recount(touched)
        _note(hands, done, refused)
        if touched:
            live.tell("mail")


def _note(hands: Hands, done: Collection[int], refused: Collection[int]) -> None:
    """For the card, and for whose turn it is."""
    rows = Sync.objects.filter(pk=hands.sync_id)
    rows.update(wrote_last=True)
    if done:
        rows.filter(marks_refused__gt=0).update(marks_refused=0)
    if refused:
        rows.update(marks_refused=F("marks_refused") + len(refused))
        live.tell(f"mailbox-{hands.mailbox_id}")


def _own(viewer: Viewer, mailbox_id: int | None) -> list[int]:
    return list(viewer.narrow(mailbox_id, own=True))


def _ask(name: str, which: Which, **parameters: Any) -> list[tuple[Any, ...]]:
    query = QUERIES[name].replace("{which}", QUERIES[which.name])
    return sql.run(query, **parameters)


def _rows(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    return sql.run(QUERIES[name], **{"now": clock.now(), **parameters})
