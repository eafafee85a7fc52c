"""The timeline of a record: its mail, and what people write down between."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailweave.journal import entries
from mailweave.journal import timeline as lines_of
from mailweave.journal.models import Entry
from mailweave.journal.timeline import Item, Only, Record, TimelinePage
from mailweave.linking import registry
from mailweave.linking.registry import Card
from mailweave.mail.models import Message
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members, require
from mailweave.web import flat, lists, mail
from mailweave.web.entry_forms import FIELDS, EntryForm, filled
from mailweave.web.errors import is_partial

SHOWN = 20
PREVIEW = 200
"""Characters of an entry that are shown at once."""
NAMED = 3
"""Other records that are named beside a line."""


@dataclass(frozen=True, slots=True)
class Type:
    """A kind of line: what a filter by it is called, and its symbol."""

    word: Only
    label: str
    many: str
    icon: str


TYPES = (
    Type("email", "Email", "Emails", "mail"),
    Type("call", "Call", "Calls", "phone"),
    Type("meeting", "Meeting", "Meetings", "calendar"),
    Type("note", "Note", "Notes", "pen-line"),
    Type("task", "Task", "Tasks", "circle-check"),
    Type("change", "Change", "Changes", "history"),
)
BY_WORD: Mapping[str, Type] = {one.word: one for one in TYPES}


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``inbound`` is None where there is no direction; ``rest`` is what a preview leaves
    out; of ``cards`` there are ``more``."""

    key: str
    type: Type
    at: datetime
    title: str
    url: str
    who: str
    inbound: bool | None
    preview: str
    rest: str
    cards: tuple[Card, ...]
    more: int
    message: flat.Line | None
    entry: Entry | None
    changeable: bool


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
    only, last = _only(request), request.GET.get("last", "")[:200]
    if request.GET.get("part") == "list" and last:
        again = _again(viewer, member, card, only, last)
        if again is None:
            return HttpResponse(status=204)
        return render(request, "journal/_list.html", {"timeline": again})
    facts = found(request, viewer, member, card)
    template = "journal/timeline.html"
    if request.headers.get("HX-Request-Type") == "partial":
        part = request.GET.get("part", "")
        parts = {"rows": "journal/_lines.html", "list": "journal/_list.html"}
        template = parts.get(part, "journal/_timeline.html")
    response = render(request, template, facts)
    response["Vary"] = "HX-Request-Type"
    return response


def found(request: HttpRequest, viewer: Viewer, member: Member, card: Card) -> dict[str, Any]:
    """What the section needs, as this request asks for it."""
    only, after = _only(request), request.GET.get("after", "")[:200]
    record = (card.kind, card.record_id)
    page = lines_of.page(viewer, member, record, only, after, SHOWN)
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
        lines=_lines(viewer, member, page.items),
        here=_to(here, type=only, part="list"),
        older=_to(here, type=only, after=page.next) if page.next else "",
        last=page.last,
        topics=(entries.topic(card.kind, card.record_id),),
        editing=member.may("edit records"),
        in_mail=reverse("mail") + lists.Wanted(record=(card.kind, card.record_id)).query,
    )


@members
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind: str, record_id: int, type: str) -> HttpResponse:  # noqa: A002
    """Write down a note, call, meeting or task about a record."""
    member = require(request, "edit records")
    card = lists.card_of((kind, record_id), member)
    if type not in FIELDS:
        raise Http404
    form = EntryForm(type, request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.wording()
        entries.write(
            member, [(kind, record_id)], type, said.text, said.at, said.data, due_at=said.due_at
        )
        messages.success(request, f"The {type} was added.")
        return _after(request, member, card)
    path = reverse("timeline_add", args=[kind, record_id, type])
    return _form(request, form, card, path, f"Add a {type}")


@members
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an entry in other words."""
    member = require(request, "edit records")
    entry, card = _entry(request, pk, member)
    if not entries.may_change(member, entry):
        raise Http404
    form = EntryForm(entry.type, request.POST or None, initial=filled(entry))
    if request.method == "POST" and form.is_valid():
        entries.edit(member, pk, form.wording())
        messages.success(request, f"The {entry.type} was saved.")
        return _after(request, member, card)
    path = reverse("entry_edit", args=[pk]) + _said(card)
    return _form(request, form, card, path, f"Edit this {entry.type}")


@members
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Tick a task off or not, delete an entry, or have it back."""
    member = require(request, "edit records")
    if verb not in {"done", "open", "delete", "restore"}:
        raise Http404
    entry, card = _entry(request, pk, member, is_deleted=verb == "restore")
    try:
        if verb == "delete":
            entries.delete(member, pk)
            undo = reverse("entry_act", args=[pk, "restore"]) + _said(card)
            messages.success(request, f"The {entry.type} was deleted.", extra_tags=undo)
        elif verb == "restore":
            entries.restore(member, pk)
            messages.success(request, f"The {entry.type} is back.")
        else:
            entries.tick(member, pk, done=verb == "done")
    except entries.NotFound:
        raise Http404 from None
    return _after(request, member, card)


def _after(request: HttpRequest, member: Member, card: Card) -> HttpResponse:
    """The list as it is now, and no form any more; without script, the record's page."""
    if not is_partial(request):
        return redirect(f"{card.url}?view=timeline")
    viewer, only = viewer_for(member), _only(request, request.POST)
    record = (card.kind, card.record_id)
    page = lines_of.page(viewer, member, record, only, limit=SHOWN)
    facts = {"timeline": make(viewer, member, card, only, page)}
    return render(request, "journal/_after.html", facts)


def _form(
    request: HttpRequest, form: EntryForm, card: Card, path: str, heading: str
) -> HttpResponse:
    facts = {"form": form, "card": card, "path": path, "heading": heading}
    template = "journal/form.html"
    if is_partial(request):
        template = "journal/_form.html" if form.is_bound else "journal/_dialog.html"
    return render(request, template, facts, status=422 if form.is_bound else 200)


def _again(viewer: Viewer, member: Member, card: Card, only: Only, last: str) -> Timeline | None:
    page = lines_of.until(viewer, member, (card.kind, card.record_id), only, last)
    return make(viewer, member, card, only, page) if page else None


def _entry(
    request: HttpRequest, pk: int, member: Member, *, is_deleted: bool = False
) -> tuple[Entry, Card]:
    """An entry about a record that the member sees, and the record whose page they are on."""
    rows = Entry.objects.filter(pk=pk, deleted_at__isnull=not is_deleted)
    entry = rows.select_related("author").first()
    cards = registry.cards(entries.records_of(pk), member) if entry else {}
    if entry is None or not cards:
        raise Http404
    wanted = _record(request.GET.get("record", ""))
    if wanted is None or wanted in cards:
        return entry, cards[wanted] if wanted else next(iter(cards.values()))
    return entry, lists.card_of(wanted, member)


def _lines(viewer: Viewer, member: Member, items: tuple[Item, ...]) -> tuple[Line, ...]:
    cards = registry.cards({record for item in items for record in item.records}, member)
    mine = lists.own_addresses(viewer)
    return tuple(_line(item, cards, mine, member) for item in items)


def _line(item: Item, cards: Mapping[Record, Card], mine: frozenset[str], member: Member) -> Line:
    known = [cards[record] for record in item.records if record in cards]
    shared = {"at": item.at, "cards": tuple(known[:NAMED]), "more": max(0, len(known) - NAMED)}
    if item.message is not None:
        line = flat.line(item.message, mine)
        return Line(
            key=f"email-{item.message.id}",
            type=BY_WORD["email"],
            title=line.names,
            url=line.url,
            who="",
            inbound=item.message.direction == Message.Direction.INBOUND,
            preview=(item.message.preview or "")[:PREVIEW],
            rest="",
            message=line,
            entry=None,
            changeable=False,
            **shared,
        )
    entry = item.entry
    if entry is None:
        raise TypeError("a line is a message or an entry")
    text = "" if entry.type == Entry.Type.CHANGE else entry.text
    return Line(
        key=f"entry-{entry.pk}",
        type=BY_WORD[entry.type],
        title=_title(entry),
        url="",
        who=entry.author.name if entry.author else str(entry.data.get("by") or ""),
        inbound={"in": True, "out": False}.get(str(entry.data.get("direction"))),
        preview=text[:PREVIEW],
        rest=text if len(text) > PREVIEW else "",
        message=None,
        entry=entry,
        changeable=entries.may_change(member, entry),
        **shared,
    )


def _title(entry: Entry) -> str:
    """An entry in one line; what it is called stands beside."""
    if entry.type == Entry.Type.CHANGE:
        return str(entry.text)
    people, minutes = entry.data.get("participants"), entry.data.get("minutes")
    said = [f"With {people}" if people else "", f"{minutes} min" if minutes else ""]
    return " · ".join(one for one in said if one)


def _only(request: HttpRequest, data: Any = None) -> Only:
    given = (data or request.GET).get("type", "")
    return BY_WORD[given].word if given in BY_WORD else ""


def _record(text: str) -> Record | None:
    kind, _, number = text.rpartition(":")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    return (kind, int(number)) if kind and is_number else None


def _said(card: Card) -> str:
    return "?" + urlencode({"record": f"{card.kind}:{card.record_id}"})


def _to(here: str, **given: str) -> str:
    said = urlencode({name: value for name, value in given.items() if value})
    return f"{here}?{said}" if said else here
