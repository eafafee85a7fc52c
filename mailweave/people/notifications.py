"""What users are told wherever they are: told once, seen, and over when the trouble is.

Who finds a trouble says so as often as they like; a user has one open notification about a thing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from mailweave.kit import clock, live
from mailweave.people.models import Notification

KEPT = timedelta(days=90)
PAGE = 30


@dataclass(frozen=True, slots=True)
class Told:
    """A page of a user's notifications, newest first; ``older`` is where the next one begins."""

    rows: tuple[Notification, ...]
    older: int | None


def topic(user_id: int) -> str:
    """What open pages hear when something of this user's list changed."""
    return f"notifications-{user_id}"


def notify(
    user_ids: Iterable[int], *, kind: str, key: str, title: str, text: str = "", path: str = ""
) -> int:
    """Tell these users, unless they are told already; returns how many heard something new.

    One that is open takes over the new words quietly: it is still the same trouble.
    """
    wanted = set(user_ids)
    words = {"kind": kind, "title": title[:200], "text": text[:1000], "path": path}
    rows = Notification.objects.filter(user_id__in=wanted, key=key, ended_at__isnull=True)
    told = {row.user_id: row for row in rows}
    if any(getattr(row, name) != said for row in told.values() for name, said in words.items()):
        rows.update(**words)
    fresh = [
        Notification(user_id=one, key=key, made_at=clock.now(), **words)
        for one in sorted(wanted - told.keys())
    ]
    # Somebody may be telling the same at this moment.
    Notification.objects.bulk_create(fresh, ignore_conflicts=True)
    _tell(row.user_id for row in fresh)
    return len(fresh)


def end(keys: Collection[str], text: str = "") -> None:
    """What was told under these keys is over; ``text`` says how. It stays in the list."""
    rows = Notification.objects.filter(key__in=keys, ended_at__isnull=True)
    users = set(rows.values_list("user_id", flat=True))
    if users:
        rows.update(ended_at=clock.now(), ended_text=text[:200])
        _tell(users)


def open_keys(prefix: str) -> set[str]:
    """The keys beginning with ``prefix`` that somebody is told of now."""
    rows = Notification.objects.filter(key__startswith=prefix, ended_at__isnull=True)
    return set(rows.values_list("key", flat=True))


def unseen(user_id: int) -> int:
    """How many this user has not seen and that are not over."""
    rows = Notification.objects.filter(user_id=user_id, seen_at__isnull=True)
    return rows.filter(ended_at__isnull=True).count()


def told(user_id: int, before: int | None = None, limit: int = PAGE) -> Told:
    """A page of what this user was told, from the one before number ``before`` on."""
    rows = Notification.objects.filter(user_id=user_id).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = tuple(rows[: limit + 1])
    older = found[limit - 1].pk if len(found) > limit else None
    return Told(found[:limit], older)


def see(user_id: int, pk: int) -> Notification:
    """Note that the user saw this one. Raises Notification.DoesNotExist for another's."""
    row: Notification = Notification.objects.get(user_id=user_id, pk=pk)
    if row.seen_at is None:
        Notification.objects.filter(pk=pk).update(seen_at=clock.now())
        _tell([user_id])
    return row


def see_all(user_id: int) -> int:
    """Note that the user saw all of them; returns how many were new."""
    rows = Notification.objects.filter(user_id=user_id, seen_at__isnull=True)
    count = rows.update(seen_at=clock.now())
    if count:
        _tell([user_id])
    return int(count)


def forget_old() -> None:
    """Delete what was told long ago, and is no open trouble any more, in this workspace."""
    old = Notification.objects.filter(made_at__lte=clock.now() - KEPT)
    old.exclude(ended_at__isnull=True).delete()


def _tell(user_ids: Iterable[int]) -> None:
    topics = [topic(one) for one in user_ids]
    if topics:
        live.tell(*topics)
