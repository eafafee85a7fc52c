"""From where, and as whom, people may write."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from mailweave.kit import clock, jobs, scope
from mailweave.kit.errors import Expected
from mailweave.mail.models import Credential, Mailbox
from mailweave.outbox.models import Habit, Identity, Signature
from mailweave.people.access import Member
from mailweave.providers.base import SendAs
from mailweave.sync import hands
from mailweave.sync.models import Sync

STALE = timedelta(days=1)
CLOSED = frozenset(
    (Sync.Problem.RECONNECT, Sync.Problem.CONSENT, Sync.Problem.ADMIN, Sync.Problem.BLOCKED)
)
"""Troubles of a mailbox that stop sending as well; of all others sending finds out itself."""
AGAIN = " It can be tried again in Settings > Writing."
LEAST_UNDO, MOST_UNDO = 5, 30
"""Seconds in which a Send can be undone."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of the From field. ``why`` says, where it cannot be used now, what stands in the
    way; empty if it can."""

    mailbox_id: int
    mailbox: str
    kind: str
    address: str
    name: str
    shared: bool
    primary: bool
    preferred: bool
    why: str = ""
    refused: bool = False
    """The provider would not send as it: that is believed until :func:`forgive`."""


def may_send(member: Member, mailbox: Mailbox) -> bool:
    """Whether a member may write from a mailbox: their own; a shared one, unless they only look."""
    if mailbox.is_shared:
        return member.may("edit records")
    return bool(mailbox.owner_id == member.user_id)


def choices(member: Member) -> list[Choice]:
    """Every address this member may write from, also those that cannot be used just now; own
    mailboxes first. Where the provider knows no name for an own one, it is the member's. Three
    queries; a fourth where one was refused."""
    rows = Mailbox.objects.order_by("delegate_id", "pk").filter(disconnected_at=None)
    boxes = [one for one in rows if may_send(member, one)]
    ids = [one.pk for one in boxes]
    given: dict[int, list[Identity]] = {pk: [] for pk in ids}
    for one in Identity.objects.filter(mailbox_id__in=ids).order_by("-primary", "address"):
        given[one.mailbox_id].append(one)
    _forget_old(boxes, given)
    problems = dict(Sync.objects.filter(mailbox_id__in=ids).values_list("mailbox_id", "problem"))
    ordered = sorted(boxes, key=lambda one: (one.is_shared, one.pk))
    found = [
        choice for box in ordered for choice in _choices(box, given[box.pk], problems.get(box.pk))
    ]
    return [replace(one, name=one.name or ("" if one.shared else member.name)) for one in found]


def pick(
    member: Member, *, mailbox_id: int | None = None, addresses: Iterable[str] = ()
) -> Choice | None:
    """The choice a new draft begins with; None if this member can write from nowhere.

    Of a reply: the mailbox that has the message, and there the address it was written to, if it
    is one of ``addresses`` (normalised). Otherwise where this member wrote from last.
    """
    found = choices(member)
    usable = [one for one in found if not one.why] or found
    wanted = set(addresses)
    here = [one for one in usable if one.mailbox_id == mailbox_id]
    named = [one for one in here or usable if one.address.lower() in wanted]
    if mailbox_id is not None and (named or here):
        return (named or [one for one in here if one.preferred] or here)[0]
    habit = Habit.objects.filter(user_id=member.user_id).first()
    if habit and habit.mailbox_id:
        last = [one for one in usable if one.mailbox_id == habit.mailbox_id]
        same = [one for one in last if one.address == habit.address]
        if same or last:
            return (same or last)[0]
    return next(iter([one for one in usable if one.preferred] + usable), None)


def find(member: Member, mailbox_id: int | None, address: str) -> Choice | None:
    """The choice of this mailbox and address (empty: the mailbox's own), if it is the member's."""
    here = [one for one in choices(member) if one.mailbox_id == mailbox_id]
    return next(
        (one for one in here if one.address == address or (not address and one.primary)), None
    )


def remember(member: Member, choice: Choice) -> None:
    """Where this member wrote from, for the next time."""
    Habit.objects.update_or_create(
        user_id=member.user_id,
        defaults={"mailbox_id": choice.mailbox_id, "address": choice.address},
    )


def undo_seconds(member: Member) -> int:
    """How long this member can undo a Send, in seconds."""
    rows = Habit.objects.filter(user_id=member.user_id)
    return int(rows.values_list("undo_seconds", flat=True).first() or 10)


def allow_undo(member: Member, seconds: int) -> None:
    """From now on this member can undo a Send for so long. Raises Expected for what cannot be."""
    if not LEAST_UNDO <= seconds <= MOST_UNDO:
        raise Expected(f"Please choose between {LEAST_UNDO} and {MOST_UNDO} seconds.")
    Habit.objects.update_or_create(user_id=member.user_id, defaults={"undo_seconds": seconds})


def stale(member: Member) -> list[int]:
    """The mailboxes this member writes from whose addresses were not asked for today."""
    rows = Mailbox.objects.filter(disconnected_at=None)
    boxes = {one.pk for one in rows if may_send(member, one)}
    fresh = Identity.objects.filter(mailbox_id__in=boxes, checked_at__gt=clock.now() - STALE)
    return sorted(boxes - set(fresh.values_list("mailbox_id", flat=True)))


def wake(member: Member) -> None:
    """Have a worker ask anew for the addresses of mailboxes that were not asked for today."""
    for mailbox_id in stale(member):
        jobs.nudge("outbox.identify", workspace_id=member.workspace_id, mailbox_id=mailbox_id)


def refresh(workspace_id: int, mailbox_id: int) -> None:
    """Ask the provider as whom a mailbox may send, and keep it. Talks to the network.

    Raises the errors of :mod:`mailweave.providers.errors`.
    """
    with hands.visit(workspace_id, mailbox_id) as provider:
        if provider.sender is None:
            return
        given = provider.sender.identities()
    with scope.workspace(workspace_id):
        keep(mailbox_id, given)


def keep(mailbox_id: int, given: Iterable[SendAs]) -> None:
    """Write down as whom a mailbox may send; what is not given is not so any more."""
    rows = [
        Identity(
            mailbox_id=mailbox_id,
            address=one.address[:320],
            name=one.name[:200],
            primary=one.is_primary,
            preferred=one.is_default,
            ready=one.ready,
            why=one.why[:300],
            checked_at=clock.now(),
        )
        for one in {one.address: one for one in given}.values()
    ]
    known = Identity.objects.filter(mailbox_id=mailbox_id, ready=True).exclude(refused="")
    refused = {one.address: one for one in known}
    for row in rows:
        if row.ready and (before := refused.get(row.address)):
            row.refused, row.refused_at = before.refused, before.refused_at
    Identity.objects.filter(mailbox_id=mailbox_id).delete()
    Identity.objects.bulk_create(rows)


def refuse(mailbox: Mailbox, address: str, why: str) -> None:
    """Remember that the provider would not send as this address, and what it said."""
    Identity.objects.update_or_create(
        mailbox=mailbox,
        address=address,
        defaults={"refused": why[:500], "refused_at": clock.now()},
        create_defaults={
            "primary": address == mailbox.address,
            "refused": why[:500],
            "refused_at": clock.now(),
            "checked_at": mailbox.connected_at,
        },
    )


def forgive(choice: Choice) -> None:
    """Let an address be tried again that was refused."""
    rows = Identity.objects.filter(mailbox_id=choice.mailbox_id, address=choice.address)
    rows.update(refused="", refused_at=None)


def signature(member: Member, mailbox_id: int | None, *, reply: bool) -> Signature | None:
    """How this member's letters from a mailbox close: their own for it, their own, the
    workspace's; None if there is none."""
    rows = Signature.objects.filter(user_id=member.user_id) | Signature.objects.filter(user=None)
    rows = rows.filter(for_reply=True) if reply else rows.filter(for_new=True)
    fitting = [one for one in rows.order_by("pk") if one.mailbox_id in {None, mailbox_id}]
    ranked = sorted(fitting, key=lambda one: (one.user_id is None, one.mailbox_id is None))
    return next(iter(ranked), None)


def _forget_old(boxes: list[Mailbox], given: dict[int, list[Identity]]) -> None:
    """What was refused under a permission that has been given anew since is no news."""
    refused = [one for rows in given.values() for one in rows if one.refused_at]
    if not refused:
        return
    holders = {one.pk: one.delegate_id or one.pk for one in boxes}
    rows = Credential.objects.filter(mailbox_id__in=set(holders.values()))
    granted = dict(rows.values_list("mailbox_id", "granted_at"))
    for one in refused:
        at = granted.get(holders[one.mailbox_id])
        if at and at > one.refused_at:
            one.refused = ""


def _choices(box: Mailbox, given: list[Identity], problem: str | None) -> list[Choice]:
    trouble = "Reconnect this mailbox to send from it." if problem in CLOSED else ""
    if not any(one.primary for one in given):
        given = [Identity(mailbox=box, address=box.address, name=box.name, primary=True), *given]
    if not any(one.preferred for one in given):
        given[0].preferred = True
    return [
        Choice(
            mailbox_id=box.pk,
            mailbox=box.address,
            kind=box.kind,
            address=one.address,
            name=one.name,
            shared=box.is_shared,
            primary=one.primary,
            preferred=one.preferred,
            why=trouble or ("" if one.ready else one.why) or (one.refused and one.refused + AGAIN),
            refused=bool(one.refused),
        )
        for one in given
    ]
