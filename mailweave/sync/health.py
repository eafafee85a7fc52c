"""How a mailbox is, derived from its rows when somebody looks; never stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from mailweave.kit import clock
from mailweave.mail.models import Mailbox
from mailweave.providers import kinds
from mailweave.sync import trouble
from mailweave.sync.models import Sync

Name = Literal["healthy", "never", "waiting", "stale", "error", "off"]
STALE_AFTER = timedelta(hours=25)
WORST_FIRST: tuple[Name, ...] = ("error", "stale", "waiting", "never", "healthy", "off")


@dataclass(frozen=True, slots=True)
class Health:
    """A badge: its kind, its words, and a sentence under the address when there is more to say.

    ``since``: how long it has been so; ``until``: when a wait ends, if somebody said so.
    """

    name: Name
    label: str
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


_REFUSED = (
    "{company} does not accept this installation's OAuth client; an admin can correct it. "
    "Nothing was lost."
)
_PROBLEMS = {
    Sync.Problem.RECONNECT: (
        "Reconnect needed",
        "The permission to read this mailbox has ended. Reconnect to resume; nothing was lost.",
    ),
    Sync.Problem.CONSENT: (
        "Permission missing",
        "A permission this mailbox needs was not given. Reconnect and tick it; nothing was lost.",
    ),
    Sync.Problem.ADMIN: (
        "Administrator needed",
        "Only an administrator of the organisation may allow this. Ask yours; nothing was lost.",
    ),
    Sync.Problem.BLOCKED: (
        "Blocked",
        "A rule of the organisation keeps Mailweave out. Ask its administrator; nothing was lost.",
    ),
    Sync.Problem.OPERATOR: (
        "Waiting",
        _REFUSED,
    ),
    Sync.Problem.ACCESS: (
        "No access",
        "It is closed to who opens it. Its administrator can let them in again; nothing was lost.",
    ),
    Sync.Problem.FAILED: (
        "Sync failed",
        "Email sync failed. Please check your connection. We keep trying; nothing was lost.",
    ),
}


_OF_DELEGATE = "The permission it is opened with has ended or is not enough; nothing was lost."


def judge(mailbox: Mailbox, sync: Sync | None) -> Health:
    """The health of a mailbox now."""
    if mailbox.disconnected_at:
        return Health("off", "Disconnected", "Its mail is kept. Reconnect to go on.")
    if sync is None:
        return Health("never", "Never synced")
    if sync.problem:
        return _of_problem(mailbox, sync)
    until = trouble.asked_until(sync)
    if sync.last_synced_at and clock.now() - sync.last_synced_at > STALE_AFTER:
        said = f" {sync.held_reason}" if until else ""
        return Health("stale", "Stale", f"The last sync is more than 25 hours ago.{said}")
    if until:
        return Health("waiting", "Waiting", f"{sync.held_reason} Nothing is lost.", until=until)
    if sync.last_synced_at is None:
        return Health("never", "Never synced")
    return Health("healthy", "Healthy")


def worst(healths: list[Health]) -> Health | None:
    """The one that colours a provider's dot."""
    return min(healths, key=lambda one: WORST_FIRST.index(one.name), default=None)


def _of_problem(mailbox: Mailbox, sync: Sync) -> Health:
    """What only the operator can put right is no error of the mailbox's: it waits."""
    label, text = _PROBLEMS[Sync.Problem(sync.problem)]
    if mailbox.is_shared and sync.problem in trouble.PERSONS_MOVE:
        text = _OF_DELEGATE
    if sync.problem != Sync.Problem.OPERATOR:
        return Health("error", label, text, since=sync.problem_since)
    text = text.format(company=kinds.describe(mailbox.kind).company)
    return Health("waiting", label, text, since=sync.problem_since)
