"""The Email panel of a record: its threads, newest first, or why there are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from mailweave.linking import history, registry
from mailweave.linking.models import RecordAddress
from mailweave.linking.registry import Card
from mailweave.mail.rows import ThreadRow
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web import lists, mail, outcomes
from mailweave.web.lists import Line

SHOWN = 20
"""Threads of a panel."""
IN_GROUP = 6
"""Threads of one person where a panel goes person by person."""
MAX_GROUPS = 8

FOREMOST: Mapping[str, str] = {"crm.deal": "primary"}
"""The kinds whose mail is shown person by person, and what the first of them is called."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some threads under a heading; the only group of a panel has none."""

    title: str
    note: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """What the panel says. ``count`` ends in "+" where there are more than were counted."""

    card: Card
    groups: tuple[Group, ...]
    count: str
    addresses: tuple[str, ...]
    in_mail: str
    filed: bool
    """No address leads to such a record: its mail is filed."""


@members
@require_GET
def panel(request: HttpRequest, kind: str, record_id: int) -> HttpResponse:
    """The panel, alone or, without script, on a page of its own; 404 for what one may not see."""
    member = member_of(request)
    card = lists.card_of((kind, record_id), member)
    facts = found(request, viewer_for(member), member, card)
    part = request.headers.get("HX-Request-Type") == "partial"
    return render(request, "panels/_panel.html" if part else "panels/page.html", facts)


def found(request: HttpRequest, viewer: Viewer, member: Member, card: Card) -> dict[str, Any]:
    """What the panel of a record needs."""
    del request
    shown = make(viewer, member, card)
    facts: dict[str, Any] = {"panel": shown}
    if not shown.groups:
        facts |= {"imports": mail.imports(viewer), "accounts": viewer.mailbox_ids}
    return facts


def make(viewer: Viewer, member: Member, card: Card) -> Panel:
    """The panel of a record."""
    sources = registry.sources((card.kind, card.record_id), member)
    page = history.threads_of(viewer, sources, limit=SHOWN)
    people = [one for one in sources if one != (card.kind, card.record_id)]
    if card.kind in FOREMOST and len(people) > 1:
        groups = _by_person(viewer, member, card, sources[:MAX_GROUPS])
    else:
        groups = [Group("", "", _lines(viewer, page.rows))]
    addresses = _addresses(sources)
    return Panel(
        card=card,
        groups=tuple(group for group in groups if group.lines),
        count=f"{len(page.rows)}+" if page.next else str(len(page.rows)),
        addresses=addresses,
        in_mail=_in_mail(card, addresses),
        filed=card.kind not in registry.matched_kinds(),
    )


def _by_person(
    viewer: Viewer, member: Member, card: Card, sources: Sequence[tuple[str, int]]
) -> list[Group]:
    """A group for each person, the foremost first; a thread stands under the first it is with."""
    cards = registry.cards(sources, member)
    groups: list[Group] = []
    seen: set[int] = set()
    for place, source in enumerate(sources):
        rows = history.threads_of(viewer, [source], limit=IN_GROUP).rows
        fresh = [row for row in rows if row.thread_id not in seen]
        seen.update(row.thread_id for row in fresh)
        own = source == (card.kind, card.record_id)
        title = "Linked by hand" if own else cards[source].title if source in cards else ""
        note = FOREMOST[card.kind] if place == 0 and not own else ""
        groups.append(Group(title, note, _lines(viewer, fresh)))
    return groups


def _lines(viewer: Viewer, rows: Sequence[ThreadRow]) -> tuple[Line, ...]:
    marks = outcomes.thread_marks(viewer, rows)
    found = lists.lines(viewer, rows)
    return tuple(replace(line, mark=marks.get(line.row.thread_id, "")) for line in found)


def _addresses(sources: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """The addresses mail is matched by, those of the foremost first, their primary ones before."""
    place = {source: number for number, source in enumerate(sources[:50])}
    wanted = Q(pk=None)
    for kind in {kind for kind, _ in place}:
        wanted |= Q(kind=kind, record_id__in=[pk for known, pk in place if known == kind])
    rows = RecordAddress.objects.filter(wanted).order_by("-address_kind", "pk")
    found = rows.values_list("kind", "record_id", "address__address")
    ordered = sorted(found, key=lambda row: place[row[0], row[1]])
    return tuple(dict.fromkeys(address for *_, address in ordered))


def _in_mail(card: Card, addresses: Sequence[str]) -> str:
    """The Mail page with the same threads: by address where there is just one."""
    wanted = lists.Wanted(record=(card.kind, card.record_id))
    if len(addresses) == 1 and card.kind not in FOREMOST:
        wanted = lists.Wanted(address=addresses[0])
    return reverse("mail") + wanted.query
