"""Writing down what happened with a record: notes, calls, meetings, tasks, other mail."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.journal import entries
from mailweave.journal.entries import Record
from mailweave.journal.models import Entry
from mailweave.linking import registry
from mailweave.linking.registry import Card
from mailweave.mail.visibility import viewer_for
from mailweave.people.access import Member
from mailweave.people.member import members, require
from mailweave.web import lists, timeline
from mailweave.web.entry_forms import FIELDS, NOUNS, EntryForm, filled
from mailweave.web.errors import is_partial


@members
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind: str, record_id: int, type: str) -> HttpResponse:  # noqa: A002
    """Write down a note, call, meeting or task about a record, or mail that came another way."""
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
        messages.success(request, f"The {_noun(type)} was added.")
        return _after(request, member, card)
    path = reverse("timeline_add", args=[kind, record_id, type])
    return _form(
        request, form, card, path, "Log an e-mail" if type == Entry.Type.MAIL else f"Add a {type}"
    )


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
        messages.success(request, f"The {_noun(entry.type)} was saved.")
        return _after(request, member, card)
    path = reverse("entry_edit", args=[pk]) + _said(card)
    return _form(request, form, card, path, f"Edit this {_noun(entry.type)}")


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
            messages.success(request, f"The {_noun(entry.type)} was deleted.", extra_tags=undo)
        elif verb == "restore":
            entries.restore(member, pk)
            messages.success(request, f"The {_noun(entry.type)} is back.")
        else:
            entries.tick(member, pk, done=verb == "done")
    except entries.NotFound:
        raise Http404 from None
    return _after(request, member, card)


def _after(request: HttpRequest, member: Member, card: Card) -> HttpResponse:
    """The list as it is now, and no form any more; without script, the record's page."""
    if not is_partial(request):
        return redirect(f"{card.url}?view=timeline")
    facts = {"timeline": timeline.again(viewer_for(member), member, card, request.POST)}
    return render(request, "journal/_after.html", facts)


def _form(
    request: HttpRequest, form: EntryForm, card: Card, path: str, heading: str
) -> HttpResponse:
    facts = {"form": form, "card": card, "path": path, "heading": heading}
    template = "journal/form.html"
    if is_partial(request):
        template = "journal/_form.html" if form.is_bound else "journal/_dialog.html"
    return render(request, template, facts, status=422 if form.is_bound else 200)


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


def _record(text: str) -> Record | None:
    kind, _, number = text.rpartition(":")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    return (kind, int(number)) if kind and is_number else None


def _noun(type_: str) -> str:
    return NOUNS.get(type_, type_)


def _said(card: Card) -> str:
    return "?" + urlencode({"record": f"{card.kind}:{card.record_id}"})
