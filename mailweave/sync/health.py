"""How a mailbox is, derived from its rows when somebody looks; never stored."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from mailweave.kit import clock
from mailweave.mail.models import Mailbox
from mailweave.sync import trouble
from mailweave.sync.models import Sync

Name = Literal["healthy", "never", "stale", "error", "off"]
STALE_AFTER = timedelta(hours=25)
WORST_FIRST: tuple[Name, ...] = ("error", "stale", "never", "healthy", "off")


@dataclass(frozen=True, slots=True)
class Health:
    """A badge: its kind, its words, and a sentence under the address when something is wrong."""

    name: Name
    label: str
    text: str = ""


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
        "Waiting for the operator",
        "The provider does not accept our OAuth client. The operator has to act; nothing was lost.",
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
        label, text = _PROBLEMS[Sync.Problem(sync.problem)]
        if mailbox.is_shared and sync.problem in trouble.PERSONS_MOVE:
            text = _OF_DELEGATE
        return Health("error", label, text)
    if sync.last_synced_at is None:
        return Health("never", "Never synced")
    if clock.now() - sync.last_synced_at > STALE_AFTER:
        return Health("stale", "Stale", "The last sync is more than 25 hours ago.")
    return Health("healthy", "Healthy")


def worst(healths: list[Health]) -> Health | None:
    """The one that colours a provider's dot."""
    return min(healths, key=lambda one: WORST_FIRST.index(one.name), default=None)
