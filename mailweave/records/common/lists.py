"""Lists in the order of names or of last activity, a page at a time, equally fast at any depth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from mailweave.linking.models import Activity
from mailweave.mail import cursors
from mailweave.mail.cursors import Place

SIZE = 50
MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and the cursors that lead on ("" where the list ends)."""

    rows: Sequence[Any]
    before: str = ""
    after: str = ""


def page(found: QuerySet[Any], *, after: str = "", before: str = "", size: int = SIZE) -> Page:
    """The rows after or before a cursor; the first ones without, or if the cursor is no cursor."""
    start, end = _read(after), _read(before)
    if end:
        rows = list(_preceding(found, end)[: size + 1])
        more, rows = len(rows) > size, rows[:size][::-1]
        return Page(rows, _cursor(rows, 0) if more else "", _cursor(rows, -1))
    rows = list(_following(found, start)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, _cursor(rows, 0) if start else "", _cursor(rows, -1) if more else "")


def newest(
    kind: str, found: QuerySet[Any], *, after: str = "", before: str = "", size: int = SIZE
) -> Page:
    """The same of the records of a kind, those first to which something happened last.

    Raises ``Expected`` for a broken cursor.
    """
    active = Activity.objects.filter(kind=kind, last_at__isnull=False)
    active = active.filter(record_id__in=found.order_by().values("pk"))
    places = list(_places(active, cursors.parse(after or before), back=bool(before))[: size + 1])
    more, places = len(places) > size, places[:size][:: -1 if before else 1]
    known = found.in_bulk([pk for _, pk in places])
    ends = [cursors.write(Place(at, pk)) for at, pk in places[:: max(1, len(places) - 1)]]
    rows = [known[pk] for _, pk in places if pk in known]
    if not ends:
        return Page(rows)
    is_first, is_last = (not more, False) if before else (not after, not more)
    return Page(rows, "" if is_first else ends[0], "" if is_last else ends[-1])


def active(kind: str, rows: Sequence[Any]) -> Sequence[Any]:
    """The rows, each with ``active_at``: when something last happened to it. One query."""
    known = Activity.objects.filter(kind=kind, record_id__in=[row.pk for row in rows])
    found = dict(known.values_list("record_id", "last_at"))
    for row in rows:
        row.active_at = found.get(row.pk)
    return rows


def _places(active: QuerySet[Any], place: Place, *, back: bool) -> QuerySet[Any]:
    at, pk = place.at, place.id
    if back:
        rows = active.filter(last_at__gte=at).filter(Q(last_at__gt=at) | Q(record_id__gt=pk))
        rows = rows.order_by("last_at", "record_id")
    else:
        rows = active.filter(last_at__lte=at).filter(Q(last_at__lt=at) | Q(record_id__lt=pk))
        rows = rows.order_by("-last_at", "-record_id")
    return rows.values_list("last_at", "record_id")


def words(text: str) -> list[str]:
    """What to look for: at most eight words of a search box."""
    return [word[:100] for word in text.replace("\0", " ").split()[:MAX_WORDS]]


def _following(found: QuerySet[Any], start: tuple[str, int] | None) -> QuerySet[Any]:
    if start:
        name, pk = start
        # The first condition alone lets the index find the place; the second settles equal names.
        found = found.filter(sort_name__gte=name).filter(Q(sort_name__gt=name) | Q(pk__gt=pk))
    return found.order_by("sort_name", "pk")


def _preceding(found: QuerySet[Any], end: tuple[str, int]) -> QuerySet[Any]:
    name, pk = end
    found = found.filter(sort_name__lte=name).filter(Q(sort_name__lt=name) | Q(pk__lt=pk))
    return found.order_by("-sort_name", "-pk")


def _cursor(rows: Sequence[Any], index: int) -> str:
    return f"{rows[index].pk}.{rows[index].sort_name}" if rows else ""


def _read(cursor: str) -> tuple[str, int] | None:
    pk, dot, name = cursor.partition(".")
    return (name, int(pk)) if dot and pk.isdecimal() and len(pk) < 19 and "\0" not in name else None
