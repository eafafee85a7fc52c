"""What a refusal means for a mailbox: wait, reconnect, or try again with back-off."""

from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from mailweave.kit import clock, jobs, vault
from mailweave.providers.errors import (
    AdminNeeded,
    AuthExpired,
    Blocked,
    ConsentNeeded,
    Misconfigured,
    NoAccess,
    ProviderError,
    RateLimited,
)
from mailweave.sync.models import Sync

PERSONS_MOVE = frozenset(
    {Sync.Problem.RECONNECT, Sync.Problem.CONSENT, Sync.Problem.ADMIN, Sync.Problem.BLOCKED}
)
"""Problems that end when the mailbox's owner reconnects: nothing is tried meanwhile."""

RETRIES = 3
_FIRST_WAIT = timedelta(seconds=30)
_DATABASE_WAIT = timedelta(seconds=2)
_DOUBLINGS = 20
"""More of them make no longer wait, only numbers that no date can hold."""
_LONGEST_WAIT = timedelta(minutes=30)
_OPERATOR_WAIT = timedelta(minutes=5)
_ACCESS_WAIT = timedelta(minutes=15)
_LONGEST_HOLD = timedelta(hours=24)
TRYING = "Something went wrong; trying again."
_ASKING = "Waiting for the operator; asking again."
_KNOCKING = "Waiting to be let in; asking again."
OUR_WAITS = frozenset({TRYING, _ASKING, _KNOCKING})
"""Reasons of waits that nobody asked of us: a person who wants to know now need not wait."""


def note(sync: Sync, error: Exception) -> None:
    """Write what ``error`` means into the row. Throttling counts as no failure."""
    now = clock.now()
    if isinstance(error, RateLimited):
        sync.held_until = min(error.retry_at, now + _LONGEST_HOLD)
        sync.held_reason = str(error)[:300]
    elif isinstance(error, AuthExpired | ConsentNeeded):
        _set(sync, _whose_move(error), str(error))
        _keep_claims(sync, error.claims)
    elif isinstance(error, Misconfigured):
        _set(sync, Sync.Problem.OPERATOR, str(error))
        sync.held_until, sync.held_reason = now + _OPERATOR_WAIT, _ASKING
    elif isinstance(error, NoAccess):
        _set(sync, Sync.Problem.ACCESS, str(error))
        sync.held_until, sync.held_reason = now + _ACCESS_WAIT, _KNOCKING
    else:
        _fail(sync, error)
    sync.save()


def asked_until(sync: Sync) -> datetime | None:
    """Until when the provider has asked us to wait; None if it has not, or that is over."""
    if not sync.held_until or not sync.held_reason or sync.held_reason in OUR_WAITS:
        return None
    return sync.held_until if sync.held_until > clock.now() else None


def try_again(kind: str) -> None:
    """The OAuth client for ``kind`` was entered anew: who waited for that goes on at once."""
    waiting = Sync.objects.filter(problem=Sync.Problem.OPERATOR, mailbox__kind=kind)
    for sync in waiting:
        rows = Sync.objects.filter(pk=sync.pk)
        rows.update(held_until=None, held_reason="", due_at=clock.now())
        jobs.nudge("sync.advance", workspace_id=sync.workspace_id, sync_id=sync.pk)


def _whose_move(error: AuthExpired | ConsentNeeded) -> Sync.Problem:
    if isinstance(error, AdminNeeded):
        return Sync.Problem.ADMIN
    if isinstance(error, Blocked):
        return Sync.Problem.BLOCKED
    consent = isinstance(error, ConsentNeeded)
    return Sync.Problem.CONSENT if consent else Sync.Problem.RECONNECT


def _keep_claims(sync: Sync, claims: str) -> None:
    """For the sign-in that ends this trouble."""
    sync.claims = b""
    if claims:
        vault.seal(sync, "claims", claims)


def _fail(sync: Sync, error: Exception) -> None:
    """Three tries with exponential back-off, then a failure people see; and still trying."""
    sync.failures += 1
    # We can write this, so our own database is back: there is no provider to spare.
    ours = isinstance(error, OperationalError | InterfaceError)
    wait = (_DATABASE_WAIT if ours else _FIRST_WAIT) * 2 ** min(sync.failures - 1, _DOUBLINGS)
    sync.held_until = clock.now() + min(wait, _LONGEST_WAIT)
    sync.held_reason = TRYING
    sync.problem_text = _words(error)[:500]  # for who asks; a problem it is only after three
    if sync.failures >= RETRIES:
        _set(sync, Sync.Problem.FAILED, _words(error))


def _set(sync: Sync, problem: str, text: str) -> None:
    if sync.problem != problem:
        sync.problem_since = clock.now()
    sync.problem, sync.problem_text = problem, text[:500]


def _words(error: Exception) -> str:
    """A sentence for people; of an unforeseen error only its name, never its contents."""
    if isinstance(error, ProviderError):
        return str(error)
    return f"Something unforeseen went wrong here ({type(error).__name__})."
