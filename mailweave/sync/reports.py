"""What there is to tell of a mailbox: rows in, sentences out.

An owner hears what to do; admins, who cannot reconnect a colleague's, that the owner has heard.
"""

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailweave.kit import clock
from mailweave.mail.models import Mailbox
from mailweave.people.models import User
from mailweave.providers import kinds
from mailweave.sync import health, trouble
from mailweave.sync.models import Sync

LONG_WAIT = timedelta(hours=24)
"""A wait the provider asked for is worth a word after this long without a sync."""
EARLY = timedelta(hours=48)
"""How long before a permission ends its owner is told."""


@dataclass(frozen=True, slots=True)
class Report:
    """One thing to tell. ``name`` tells it from others about the same mailbox."""

    name: str
    kind: str
    title: str
    text: str
    for_admins: str


_MOVES = {
    Sync.Problem.RECONNECT: ("Reconnect {box}", "Reconnect it to resume; nothing was lost."),
    Sync.Problem.CONSENT: (
        "A permission is missing for {box}",
        "Reconnect it and allow all that is asked; nothing was lost.",
    ),
    Sync.Problem.ADMIN: (
        "An administrator must allow {box}",
        "Ask the administrator of your organisation, then reconnect it; nothing was lost.",
    ),
    Sync.Problem.BLOCKED: (
        "{box} is blocked by its organisation",
        "Ask its administrator for an exception, then reconnect it; nothing was lost.",
    ),
}
_MOVES_SHARED = "It is opened with the permission of {delegate}: reconnect that; nothing was lost."
_CLOSED = (
    "Its administrator at {company} can let {holder} in again, or somebody else opens it. It is "
    "tried again by itself; nothing was lost."
)
_TRYING = "We keep trying, and everything is read once it answers; nothing was lost."
_SILENT = (
    "No error says why: perhaps no worker was running for long, or a round takes very long. "
    "Nothing was lost."
)
_ENDINGS = {
    Sync.Problem.FAILED.value: "It works again; nothing was lost.",
    "late": "It is synced again; nothing was lost.",
    "expiring": "The permission was given anew.",
    "push": "Notices come as they should.",
}


def of(
    box: Mailbox, sync: Sync, ends_at: datetime | None, *, fades: bool = False
) -> Iterator[Report]:
    """What there is to tell of a connected mailbox. ``ends_at``: when its permission will end;
    ``fades``: whether its provider will soon give no notice any more.
    """
    if sync.problem == Sync.Problem.FAILED:
        yield _failed(box, sync)
    elif sync.problem == Sync.Problem.ACCESS:
        yield _closed(box, sync)
    elif sync.problem in trouble.PERSONS_MOVE:
        yield _persons_move(box, sync)
    elif not sync.problem and _is_late(box, sync):
        yield _late(box, sync)
    if ends_at and sync.problem not in trouble.PERSONS_MOVE and ends_at - clock.now() <= EARLY:
        yield _expiring(box, ends_at)
    if fades and not sync.problem:
        yield _fading(box, sync)


def holder(box: Mailbox) -> User:
    """Whose permission a mailbox is opened with."""
    owner: User = (box.delegate or box).owner
    return owner


def of_client(kind: str, reason: str, *, typed: bool) -> tuple[str, str]:
    """The title and the text for a provider that refuses our OAuth client."""
    company = kinds.describe(kind).company
    move = (
        "Enter one it accepts"
        if typed
        else "Whoever runs this installation corrects it in its settings, or you enter one of your "
        "workspace's own"
    )
    title = f"{company} does not accept the OAuth client"
    return title, f"{reason} {move}; mailboxes wait and then go on by themselves. Nothing was lost."


def ending(name: str, is_off: bool, is_broken: bool) -> str:
    """How what was told under ``name`` has ended."""
    if is_off:
        return "The mailbox was disconnected; its mail is kept."
    if is_broken and name != "expiring":
        return "Something else is in the way now; the mailbox's card says what."
    return _ENDINGS.get(name, "It is connected again; nothing was lost.")


def _failed(box: Mailbox, sync: Sync) -> Report:
    said = f"{box.address}: {sync.problem_text} {_TRYING}"
    title = "Email sync failed. Please check your connection"
    return Report(sync.problem, "failed", title, said, said)


def _persons_move(box: Mailbox, sync: Sync) -> Report:
    title, move = _MOVES[Sync.Problem(sync.problem)]
    if box.delegate:
        title, move = "{box} cannot be opened", _MOVES_SHARED.format(delegate=box.delegate)
    mine = f"{sync.problem_text} {move}"
    theirs = f"{sync.problem_text} {holder(box).name} has been told; nothing was lost."
    return Report(sync.problem, "reconnect", title.format(box=box.address), mine, theirs)


def _closed(box: Mailbox, sync: Sync) -> Report:
    """A shared mailbox whose rights were taken away."""
    company = kinds.describe(box.kind).company
    said = f"{sync.problem_text} {_CLOSED.format(company=company, holder=holder(box).name)}"
    return Report(sync.problem, "reconnect", f"{box.address} is closed to us", said, said)


def _is_late(box: Mailbox, sync: Sync) -> bool:
    after = LONG_WAIT if trouble.asked_until(sync) else health.STALE_AFTER
    return bool(clock.now() - (sync.last_synced_at or box.connected_at) > after)


def _late(box: Mailbox, sync: Sync) -> Report:
    why = f"{sync.held_reason} {_TRYING}" if trouble.asked_until(sync) else _SILENT
    title = f"{box.address} has not been synced for a day"
    return Report("late", "late", title, why, why)


def _fading(box: Mailbox, sync: Sync) -> Report:
    why = sync.push_problem or "They could not be renewed so far."
    said = f"{why} We go on trying; until then new mail is looked for by asking. Nothing is lost."
    return Report("push", "late", f"Notices of new mail in {box.address} run out", said, said)


def _expiring(box: Mailbox, ends_at: datetime) -> Report:
    kind = kinds.describe(box.kind)
    local = ends_at.astimezone(zoneinfo.ZoneInfo(box.owner.time_zone))
    when = f"The permission {kind.company} gave ends on {local.day} {local:%B}."
    why = f" {kind.short_lived}" if kind.short_lived else ""
    title = f"The permission for {box.address} ends soon"
    mine = f"{when} Reconnect before then, and nothing stops.{why}"
    return Report("expiring", "expiring", title, mine, f"{when} {box.owner.name} is told.{why}")
