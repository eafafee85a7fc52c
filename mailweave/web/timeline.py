"""The timeline of a record: its mail, and what people wrote down between."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from mailweave.journal import entries
from mailweave.journal import timeline as store
from mailweave.journal.timeline import Only, TimelinePage
from mailweave.linking.registry import Card
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web import lists, mail, timeline_lines
from mailweave.web.timeline_lines import BY_WORD, TYPES, Line

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the section shows. ``older`` is where the next lines are, empty at the end; ``last``
    says how much is shown."""

    card: Card
    only: Only
    types: tuple[tuple[str, str, str], ...]
    lines: tuple[Line, ...]
    here: str
    older: str
    last: str
    topics: tuple[str, ...]
    editing: bool
    in_mail: str


@members
@require_GET
def timeline(request: HttpRequest, kind: str, record_id: int) -> HttpResponse:
    """The section, its list again as long as it was, its next lines or, without script, a page;
    404 for a record one may not see."""
    member = member_of(request)
    card, viewer = lists.card_of((kind, record_id), member), viewer_for(member)
    if request.GET.get("part") == "list":
        facts = {"timeline": again(viewer, member, card, request.GET)}
        return render(request, "journal/_list.html", facts)
    facts = found(request, viewer, member, card)
    template = "journal/timeline.html"
    if request.headers.get("HX-Request-Type") == "partial":
        part = request.GET.get("part", "")
        template = "journal/_lines.html" if part == "rows" else "journal/_timeline.html"
    response = render(request, template, facts)
    response["Vary"] = "HX-Request-Type"
    return response


def found(request: HttpRequest, viewer: Viewer, member: Member, card: Card) -> dict[str, Any]:
    """What the section needs, as this request asks for it."""
    only, after = only_of(request.GET), request.GET.get("after", "")[:200]
    record = (card.kind, card.record_id)
    page = store.page(viewer, member, record, only, after, SHOWN)
    facts: dict[str, Any] = {"timeline": make(viewer, member, card, only, page)}
    if not page.items:
        facts |= {"imports": mail.imports(viewer), "accounts": viewer.mailbox_ids}
    return facts


def make(viewer: Viewer, member: Member, card: Card, only: Only, page: TimelinePage) -> Timeline:
    """A page of the timeline as it is shown."""
    here = reverse("timeline", args=[card.kind, card.record_id])
    return Timeline(
        card=card,
        only=only,
        types=(("", "All", _to(here)), *((t.word, t.many, _to(here, type=t.word)) for t in TYPES)),
        lines=timeline_lines.lines(viewer, member, page.items),
        here=_to(here, type=only, part="list"),
        older=_to(here, type=only, after=page.next) if page.next else "",
        last=page.last,
        topics=(entries.topic(card.kind, card.record_id),),
        editing=member.may("edit records"),
        in_mail=reverse("mail") + lists.Wanted(record=(card.kind, card.record_id)).query,
    )


def only_of(given: Mapping[str, Any]) -> Only:
    """What the list is narrowed to, as an address or a form says it."""
    word = given.get("type", "")
    return BY_WORD[word].word if word in BY_WORD else ""


def again(viewer: Viewer, member: Member, card: Card, given: Mapping[str, Any]) -> Timeline:
    """The list as long as the page that asks shows it (``last`` says so), if that is not too
    long; else from its beginning."""
    record, only, last = (card.kind, card.record_id), only_of(given), given.get("last", "")[:200]
    page = store.until(viewer, member, record, only, last) if last else None
    page = page or store.page(viewer, member, record, only, limit=SHOWN)
    return make(viewer, member, card, only, page)


def _to(here: str, **given: str) -> str:
    said = urlencode({name: value for name, value in given.items() if value})
    return f"{here}?{said}" if said else here
