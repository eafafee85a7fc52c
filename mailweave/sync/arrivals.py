"""The whole story of a page of mail on one page: read, filter, store, link, tell.

One transaction, or, when a page fails, halves of it, until the message that breaks it stands
alone. That one is set aside with its reason; everything else goes on.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError
from django.db.models import F, Q

from mailweave.kit import clock, live, scope
from mailweave.kit.lease import LeaseLostError
from mailweave.linking import handing, matching
from mailweave.mail import arrival, policy, store, threads
from mailweave.mail.arrival import Arrival
from mailweave.mail.models import Copy
from mailweave.providers.base import Fetched, Missing, StateChange, Unreadable
from mailweave.sync import filter as rules
from mailweave.sync import listing, unmatched
from mailweave.sync.hands import Hands
from mailweave.sync.models import Sync

log = logging.getLogger(__name__)
Answer = Fetched | Missing | Unreadable


@dataclass(slots=True)
class Outcome:
    """What became of a page, by remote id."""

    stored: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    stuck: dict[str, str] = field(default_factory=dict)


def receive(hands: Hands, answers: Sequence[Answer]) -> Outcome:
    """Take in what the provider answered; every message ends stored, skipped, gone or stuck."""
    outcome = Outcome()
    arrivals, left_out = [], []
    fetched = [one for one in answers if isinstance(one, Fetched)]
    received = {one.remote_id: one.received_at for one in fetched}
    reasons = _judge_all(hands, fetched)
    for answer in answers:
        if isinstance(answer, Missing):
            outcome.gone.append(answer.remote_id)
        elif isinstance(answer, Unreadable):
            outcome.stuck[answer.remote_id] = answer.reason
        elif reason := reasons.get(answer.remote_id):
            outcome.skipped[answer.remote_id] = reason
            left_out.append(answer)
        elif one := _read(hands, answer, outcome):
            arrivals.append(one)
    _store(hands, arrivals, outcome)
    if outcome.gone or outcome.skipped or outcome.stuck:
        with hands.transaction():
            store.hold()
            touched = _settle(hands, outcome)
            listing.leave_out(
                hands.mailbox_id,
                [(one, why, received[one]) for one, why in outcome.skipped.items()],
            )
            touched |= listing.change(hands.mailbox_id, [_state(one) for one in left_out])
            threads.refresh(touched)
    return outcome


def _state(fetched: Fetched) -> StateChange:
    """What a message that is stored has become, where it would not be taken in any more."""
    return StateChange(
        fetched.remote_id,
        fetched.remote_thread_id,
        fetched.folder_ids,
        fetched.seen,
        fetched.flagged,
    )


def _judge_all(hands: Hands, answers: Sequence[Fetched]) -> dict[str, str]:
    """Why messages are left out, by remote id; those that are taken in have no entry.

    Where a message lies and how old it is do not matter if a person asked for it, or if it was
    here before.
    """
    reasons = {one.remote_id: reason for one in answers if (reason := _judge(hands, one))}
    places = [one for one, reason in reasons.items() if reason in rules.OVERRULED]
    if places:
        with scope.workspace(hands.workspace_id):
            copies = Copy.objects.filter(mailbox_id=hands.mailbox_id, remote_id__in=places)
            wanted = Q(asked_for=True) | Q(state=Copy.State.LISTED, message__isnull=False)
            for kept in copies.filter(wanted).values_list("remote_id", flat=True):
                del reasons[kept]
    return reasons


def _judge(hands: Hands, fetched: Fetched) -> str:
    return rules.judge(fetched.folder_ids, hands.roles, hands.followed) or rules.judge_age(
        fetched.received_at, hands.since
    )


def _read(hands: Hands, fetched: Fetched, outcome: Outcome) -> Arrival | None:
    try:
        return arrival.read(fetched, mailbox_id=hands.mailbox_id, sent_ids=hands.sent_ids)
    except Exception as error:  # noqa: BLE001 - one bad message never stops a mailbox
        _note_aside(hands, "read", fetched.remote_id, error, outcome)
        return None


def _store(hands: Hands, arrivals: Sequence[Arrival], outcome: Outcome) -> None:
    """Store a page; on a fault of the data, its halves."""
    if not arrivals:
        return
    try:
        with hands.transaction():
            store.hold()  # so that lists and policy stand still until this is written
            left_out = rules.judge_people(hands.mailbox_id, arrivals)
            wanted = _narrow([one for one in arrivals if one.remote_id not in left_out])
            stored = store.store(hands.mailbox_id, wanted)
            listing.keep(hands.mailbox_id, [one.remote_id for one in wanted])
            matching.link(stored.thread_ids)
            handing.hand(hands.mailbox_id, stored.new_here)
            about_nothing = unmatched.judge(hands.mailbox_id, stored.message_ids)
            news = max(0, stored.news - len(about_nothing))
            if news:  # for the card; the past is no news
                Sync.objects.filter(pk=hands.sync_id).update(last_new=F("last_new") + news)
            live.tell(f"mailbox-{hands.mailbox_id}", "mail")
    except LeaseLostError:
        raise
    except Exception as error:
        if _is_ours(error):
            raise  # the database or the code, not the message: the page stays listed
        if len(arrivals) == 1:
            _note_aside(hands, "stored", arrivals[0].remote_id, error, outcome)
            return
        middle = len(arrivals) // 2
        _store(hands, arrivals[:middle], outcome)
        _store(hands, arrivals[middle:], outcome)
    else:
        left_out |= about_nothing
        outcome.stored.extend(one.remote_id for one in wanted if one.remote_id not in left_out)
        outcome.skipped |= left_out


def _narrow(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """What the policy lets be kept of them."""
    rule = policy.current()
    return [arrival.narrow(one, body=rule.body, attachments=rule.attachments) for one in arrivals]


def _is_ours(error: Exception) -> bool:
    """Whether every message would fail like this: the database is away, or its tables differ.

    What goes over a limit of PostgreSQL's (class 54) comes as an operational error too, and is the
    message's.
    """
    if not isinstance(error, DatabaseError):
        return isinstance(error, InterfaceError)
    if (getattr(error.__cause__, "sqlstate", None) or "").startswith("54"):
        return False
    return not isinstance(error, DataError | IntegrityError)


def _note_aside(
    hands: Hands, what: str, remote_id: str, error: Exception, outcome: Outcome
) -> None:
    """Say why, in the log by names only: the error's text may hold what people wrote."""
    name = type(error).__name__
    log.error("message %s of mailbox %s not %s: %s", remote_id, hands.mailbox_id, what, name)
    outcome.stuck[remote_id] = f"It could not be {what} ({name})."


def _settle(hands: Hands, outcome: Outcome) -> set[int]:
    """Write the state of copies that are gone or set aside; returns the threads that lost one."""
    copies = Copy.objects.filter(mailbox_id=hands.mailbox_id)
    touched = listing.lose(hands.mailbox_id, outcome.gone, Copy.State.values)
    if outcome.stuck:
        # A message that came along with its thread may have no row yet; it must not get lost.
        rows = [
            Copy(
                mailbox_id=hands.mailbox_id,
                remote_id=one,
                state=Copy.State.STUCK,
                named_at=clock.now(),
            )
            for one in outcome.stuck
        ]
        Copy.objects.bulk_create(rows, ignore_conflicts=True)
    for reason in sorted(set(outcome.stuck.values())):
        named = [remote_id for remote_id, said in outcome.stuck.items() if said == reason]
        unsettled = copies.filter(remote_id__in=named).exclude(state=Copy.State.STORED)
        unsettled.update(
            state=Copy.State.STUCK,
            reason=reason[:500],
            attempts=F("attempts") + 1,
            settled_at=clock.now(),
        )
    return touched
