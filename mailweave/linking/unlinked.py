"""Mail about no record, for those whose mailboxes it lies in: by person, newest first.

Nobody else ever sees it, however a mailbox is shared: what is shown is at level ``OWN``, by
:mod:`mailweave.mail.visibility`. A mailbox that belongs to the workspace is everybody's own.
Left out is mail among colleagues while the policy hides that, what was dismissed, and mail that
names nobody at all, which has no person to stand under.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from mailweave.kit import clock, sql
from mailweave.linking import policy
from mailweave.mail import colleagues, cursors, store
from mailweave.mail.cursors import Place
from mailweave.mail.models import Message
from mailweave.mail.visibility import Viewer, compose, read

HERE = "mailweave.linking"
QUERIES = sql.load(HERE, "unlinked")
PAGE = 25
MOST = 1000
"""Messages of one person that a list counts."""
WALK = 400
"""People that are looked at in one query; some may have been on a page before."""


@dataclass(frozen=True, slots=True)
class Group:
    """The unlinked mail with one person. ``last_at``, ``subject`` and ``inbound`` are those of its
    newest message; ``count`` stops at :data:`MOST`. ``name`` is what they call themselves."""

    person_id: int
    address: str
    name: str
    count: int
    last_at: datetime
    subject: str
    inbound: bool


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Some groups; ``next`` is where the following page starts, None at the end."""

    groups: tuple[Group, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """One unlinked message."""

    id: int
    thread_id: int
    sent_at: datetime
    subject: str
    preview: str
    inbound: bool
    attachment_count: int


@dataclass(frozen=True, slots=True)
class LetterPage:
    """Some of the unlinked mail with a person; the ``name`` is that of the newest of it."""

    address: str
    name: str
    letters: tuple[Letter, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Dismissed:
    """What was dismissed with one click: ``count`` messages, or all from a person if it is 0."""

    act: UUID
    at: datetime
    address: str
    name: str
    by: str
    count: int
    subject: str


def derive(thread_ids: Collection[int]) -> None:
    """Bring the rows of these threads up to date, after links or copies changed."""
    own = colleagues.own()
    sql.run(
        QUERIES["derive"],
        threads=list(thread_ids),
        own=list(own.addresses),
        own_domains=list(own.domains),
    )


def page(viewer: Viewer, after: str | None = None, limit: int = PAGE) -> GroupPage:
    """People with unlinked mail, each at their newest. Raises Expected for a broken ``after``."""
    start, found = cursors.parse(after), list[tuple[Place, Group]]()
    place = start
    while len(found) <= limit:
        lines = _walk(viewer, place, limit + 1 - len(found))
        found += [(Place(line[1], line[2]), _group(line)) for line in lines if line[3]]
        if len(lines) < WALK or len(found) > limit:
            break
        place = Place(lines[-1][1], lines[-1][2])
    shown = found[:limit]
    return GroupPage(
        tuple(group for _, group in shown),
        cursors.write(shown[-1][0]) if len(found) > limit else None,
    )


def waiting(viewer: Viewer, most: int = 100) -> int:
    """How many messages wait, as far as ``most``."""
    return int(_read("waiting", viewer, most=most)[0][0])


def letters(
    viewer: Viewer, person_id: int, after: str | None = None, limit: int = 50
) -> LetterPage | None:
    """The unlinked mail with a person, newest first; None if there is none (any more)."""
    start = cursors.parse(after)
    lines = _read("letters", viewer, person=person_id, at=start.at, id=start.id, limit=limit + 1)
    if not lines:
        return None
    shown = [
        Letter(pk, thread_id, at, subject, preview, direction == Message.Direction.INBOUND, parts)
        for at, pk, thread_id, subject, preview, direction, parts, *_ in lines[:limit]
    ]
    last = Place(shown[-1].sent_at, shown[-1].id)
    *_, address, name = lines[0]
    return LetterPage(
        address, name, tuple(shown), cursors.write(last) if len(lines) > limit else None
    )


def messages(
    viewer: Viewer, person_id: int, message_ids: Collection[int] | None = None
) -> list[int]:
    """All unlinked messages with a person, or those of the given ones that are among them."""
    chosen = list(message_ids or ())
    asked = {"person": person_id, "all": message_ids is None, "messages": chosen}
    return [pk for (pk,) in _read("messages", viewer, **asked)]


def dismiss(viewer: Viewer, person_id: int, message_ids: Collection[int] | None = None) -> UUID:
    """Do not show this mail any more: these messages, or all with this person, also in future.

    Returns what :func:`restore` takes to undo it.
    """
    store.hold()
    act = uuid4()
    query = "dismiss_person" if message_ids is None else "dismiss_messages"
    sql.run(
        QUERIES[query],
        own=list(viewer.own),
        common=list(viewer.common),
        person=person_id,
        messages=list(message_ids or ()),
        act=act,
        user=viewer.user_id,
        now=clock.now(),
    )
    sql.run(QUERIES["flag"], own=list(viewer.own), people=[person_id])
    return act


def restore(viewer: Viewer, act: UUID) -> bool:
    """Show again what was dismissed with one click; whether there was anything."""
    store.hold()
    people = {pk for (pk,) in sql.run(QUERIES["restore"], own=list(viewer.own), act=act)}
    sql.run(QUERIES["flag"], own=list(viewer.own), people=list(people))
    return bool(people)


def dismissed(
    viewer: Viewer, after: str | None = None, limit: int = 50
) -> tuple[list[Dismissed], str | None]:
    """What was dismissed in the viewer's own mailboxes, newest first, and where the next page
    starts."""
    at = cursors.parse(after).at
    asked = {"own": list(viewer.own), "at": at, "limit": limit + 1}
    query = compose(HERE, "unlinked", "dismissed")
    found = [Dismissed(*row) for row in read(query, viewer, **asked)]
    more = len(found) > limit
    return found[:limit], cursors.write(Place(found[limit - 1].at, 0)) if more else None


def _walk(viewer: Viewer, start: Place, limit: int) -> list[tuple[Any, ...]]:
    hidden = policy.hidden()
    return _read(
        "groups",
        viewer,
        at=start.at,
        id=start.id,
        hidden=list(hidden.addresses),
        hidden_domains=list(hidden.domains),
        limit=limit,
        batch=WALK,
        most=MOST,
    )


def _group(line: tuple[Any, ...]) -> Group:
    _, at, _, _, person_id, address, name, subject, direction, count = line
    inbound = direction == Message.Direction.INBOUND
    return Group(person_id, address, name or "", count, at, subject, inbound)


def _read(name: str, viewer: Viewer, **parameters: Any) -> list[tuple[Any, ...]]:
    query = compose(HERE, "unlinked", name, shown=QUERIES["shown"])
    return read(query, viewer, own=list(viewer.own), **parameters)
