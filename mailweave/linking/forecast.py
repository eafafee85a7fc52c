"""Another linking policy, tried before it is chosen: what it would change, applied, and undone.

The two policies of a workspace are tried together, since presets set both. What is chosen for
linking counts from the moment it is applied; stored mail follows in the background. What the other
policy brings with it (shorter texts, for one) is for the caller, in the same transaction: see
``sync.policies``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mailweave.kit import clock, live
from mailweave.kit.errors import Expected
from mailweave.linking import policy, relinking
from mailweave.linking.models import Relinking
from mailweave.linking.policy import Choice
from mailweave.linking.relinking import State
from mailweave.mail import policy as mail_policy
from mailweave.mail import store
from mailweave.mail.models import Message, Policy

BUSY = (
    "Stored mail is still being linked anew after the last change. Wait until that is done, or "
    "undo it."
)
OLD = (
    "The policies were changed meanwhile, so this does not say any more what would happen. Nothing "
    "was changed: look at it again, then choose."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody chose on a page: for linking, for the other policy, and what they looked at."""

    link: Mapping[str, Choice]
    mail: Mapping[str, str]
    versions: tuple[int, int]


def last() -> Relinking | None:
    """The newest policy that was tried, whatever became of it."""
    return Relinking.objects.filter(threads=None).order_by("-pk").first()


def propose(wish: Wish, user_id: int) -> Relinking | None:
    """Begin to find out what choosing these would change; None if they are what stands.

    A trial that waits for a decision gives way. Raises Expected, in words, for what cannot be
    chosen, for policies that were changed meanwhile, and while stored mail still follows the last
    change.
    """
    store.hold()
    _refuse_busy()
    if list(wish.versions) != relinking.versions():
        raise Expected(OLD)
    choices, before = _differences(wish)
    if not choices["link"] and not choices["mail"]:
        return None
    _drop(_open())
    row = Relinking(
        state=State.MEASURING,
        choices=choices,
        before=before,
        versions=list(wish.versions),
        total=Message.objects.count(),
        made_by_id=user_id,
        started_at=clock.now(),
    )
    relinking.begin(row)
    return row


def show(wish: Wish, user_id: int) -> bool:
    """Choose at once, if the wish is only about how mail is shown: no link depends on that. Raises
    Expected as :func:`propose` does."""
    store.hold()
    choices, _ = _differences(wish)
    if choices["mail"] or not choices["link"] or not set(choices["link"]) <= policy.SHOWN:
        return False
    policy.change(choices["link"], version=wish.versions[0], user_id=user_id)
    return True


def ready(pk: int) -> Relinking:
    """The trial with this number, held, if it can be applied now; else Expected says why not."""
    store.hold()
    row = _held(pk)
    if row is None or row.state != State.READY:
        raise Expected(
            "This trial is over: somebody has applied it or called it off, or it goes "
            "on still. Nothing was changed now."
        )
    if row.versions != relinking.versions():
        raise Expected(OLD)
    return row


def apply(row: Relinking, user_id: int) -> None:
    """Choose what a trial was about, and let stored mail follow. ``row`` is of :func:`ready`, the
    other policy has been changed."""
    chosen = row.choices["link"]
    policy.change(chosen, version=row.versions[0], user_id=user_id)
    row.state, row.versions = State.APPLYING, relinking.versions()
    relinking.begin(row)


def undoable(row: Relinking | None) -> bool:
    """Whether a change can be undone: until the next one."""
    if row is None or row.state not in {State.APPLYING, State.APPLIED}:
        return False
    link, mail = relinking.versions()
    return row.versions[0] == link and (not row.before["mail"] or row.versions[1] == mail)


def applied(pk: int) -> Relinking:
    """The change with this number, held, if it can be undone; else Expected says why not."""
    store.hold()
    row = _held(pk)
    if row is None or not undoable(row):
        raise Expected(
            "This cannot be undone any more: the policies were changed again since, or somebody "
            "has undone it. Nothing was changed now."
        )
    return row


def undo(row: Relinking, user_id: int) -> None:
    """Choose what stood before a change, and let stored mail follow. ``row`` is of
    :func:`applied`, the other policy has been changed back."""
    policy.change(row.before["link"], version=row.versions[0], user_id=user_id)
    row.state, row.versions = State.UNDOING, relinking.versions()
    relinking.begin(row)


def drop(pk: int) -> None:
    """Call a trial off; nothing was changed by it. One that is over stays as it is."""
    store.hold()
    rows = Relinking.objects.select_for_update().filter(threads=None, pk=pk)
    _drop(rows.filter(state__in=[State.MEASURING, State.READY]).first())


def _held(pk: int) -> Relinking | None:
    return Relinking.objects.select_for_update().filter(pk=pk, threads=None).first()


def _open() -> Relinking | None:
    waiting = [State.MEASURING, State.READY]
    return Relinking.objects.select_for_update().filter(threads=None, state__in=waiting).first()


def _drop(row: Relinking | None) -> None:
    if row is not None:
        row.state, row.ended_at = State.DROPPED, clock.now()
        row.save()
        live.tell(relinking.TOPIC)


def _refuse_busy() -> None:
    moving = [State.APPLYING, State.UNDOING]
    if Relinking.objects.filter(threads=None, state__in=moving).exists():
        raise Expected(BUSY)


def _differences(wish: Wish) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a wish would change, and what stands there now, for each of the two policies."""
    standing = asdict(policy.current())
    wanted = asdict(policy.choose(policy.current(), wish.link))
    kept = asdict(mail_policy.current())
    for field in Policy.choices():
        if wish.mail.get(field.name, kept[field.name]) not in dict(field.flatchoices):
            raise Expected(f"{field.verbose_name}: choose one of what is offered.")
    link = [name for name in policy.NAMES if wanted[name] != standing[name]]
    mail = [name for name in wish.mail if name in kept and wish.mail[name] != kept[name]]
    return (
        {"link": {n: wanted[n] for n in link}, "mail": {n: wish.mail[n] for n in mail}},
        {"link": {n: standing[n] for n in link}, "mail": {n: kept[n] for n in mail}},
    )
