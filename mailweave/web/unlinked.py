"""Unlinked mail: people whose mail is about no record yet, and what to do with it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from mailweave.kit import live
from mailweave.kit.errors import Expected
from mailweave.linking import links, registry, unlinked
from mailweave.mail import policy
from mailweave.mail.models import Policy
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members, require
from mailweave.web import lists, mail, offers
from mailweave.web.errors import is_partial
from mailweave.web.templatetags.ui import count

MOST_IDS = 1000
GONE = "This mail does not wait any more. Nothing was changed."


@members
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The people, newest first, with nobody's mail open; only the list, or only its rows, where a
    page asks for them."""
    viewer = viewer_for(member_of(request))
    parts = {"list": "unlinked/_list.html", "rows": "unlinked/_rows.html"}
    template = parts.get(request.GET.get("part", ""), "unlinked/page.html")
    return render(request, template, _list(request, viewer))


@members
@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail with one person, and the records it may be about; only the records that were
    searched for, or only older mail, where a page asks for those."""
    member = member_of(request)
    viewer = viewer_for(member)
    part = request.headers.get("HX-Request-Type") == "partial"
    wanted = request.GET.get("part", "") if part else ""
    facts = _person(request, viewer, member, pk, offering=wanted != "letters")
    if not part:
        return render(request, "unlinked/page.html", facts | _list(request, viewer))
    parts = {"found": "unlinked/_found.html", "letters": "unlinked/_letters.html"}
    response = render(request, parts.get(wanted, "unlinked/_person.html"), facts)
    response["Vary"] = "HX-Request-Type"
    return response


@members
@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Link mail with a person to a record: all of it, or what was chosen."""
    member = require(request, "edit records")
    viewer = viewer_for(member)
    everything = "to_all" in request.POST
    record = offers.parse(request.POST.get("to_all" if everything else "to", ""))
    if record is None:
        raise Http404
    card = lists.card_of(record, member)
    shown = unlinked.letters(viewer, pk, limit=1)
    wanted = unlinked.messages(viewer, pk, None if everything else _chosen(request))
    if shown is None or not wanted:
        raise Expected(GONE)
    decided = links.link(wanted, record, member.user_id)
    said = f"Linked {count(decided.count, 'message')} to {card.title}."
    if "adopt" in request.POST and registry.adopt(record, shown.address, member):
        links.note_address(decided.decision_id, shown.address)
        said = f"{said} {shown.address} is one of their addresses now."
    live.tell("mail")
    messages.success(request, said, extra_tags=reverse("link_undo", args=[decided.decision_id]))
    return _after(request, viewer, member, pk)


@members
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Do not show mail with a person here any more: all of it, or what was chosen."""
    member = require(request, "edit records")
    viewer = viewer_for(member)
    chosen = None if "all" in request.POST else _chosen(request)
    wanted = unlinked.messages(viewer, pk, chosen)
    shown = unlinked.letters(viewer, pk, limit=1)
    if shown is None or not wanted:
        raise Expected(GONE)
    act = unlinked.dismiss(viewer, pk, None if chosen is None else wanted)
    who = shown.name or shown.address
    said = f"Dismissed {count(len(wanted), 'message')}."
    if chosen is None:
        said = f"Mail with {who} is not shown here any more. It stays in Mail."
    messages.success(request, said, extra_tags=reverse("unlinked_restore", args=[act]))
    return _after(request, viewer, member, pk)


@members
@require_GET
def dismissed(request: HttpRequest) -> HttpResponse:
    """What was dismissed, with the way back."""
    viewer = viewer_for(member_of(request))
    found, older = unlinked.dismissed(viewer, request.GET.get("after", "")[:200])
    return render(request, "unlinked/dismissed.html", {"acts": found, "older": older})


@members
@require_POST
def restore(request: HttpRequest, act: UUID) -> HttpResponse:
    """Show again what was dismissed with one click."""
    member = require(request, "edit records")
    if not unlinked.restore(viewer_for(member), act):
        raise Expected("This was shown again already. Nothing was changed.")
    messages.success(request, "Shown again.")
    return redirect("unlinked")


def _list(request: HttpRequest, viewer: Viewer) -> dict[str, Any]:
    after = request.GET.get("after", "")[:200] if request.GET.get("part") == "rows" else ""
    if policy.current().unmatched == Policy.Unmatched.KEEP:
        return {"groups": (), "older": None, "kept": True}
    shown = unlinked.page(viewer, after)
    facts: dict[str, Any] = {"groups": shown.groups, "older": shown.next}
    if not shown.groups:
        facts |= {"imports": mail.imports(replace(viewer, shared={})), "own": viewer.own}
    return facts


def _person(
    request: HttpRequest, viewer: Viewer, member: Member, pk: int, *, offering: bool = True
) -> dict[str, Any]:
    """What the pane of one person needs; 404 if none of their mail waits (any more)."""
    after = request.GET.get("after", "")[:200] if request.method == "GET" else ""
    text = request.GET.get("q", "").strip()[:200]
    shown = unlinked.letters(viewer, pk, after)
    if shown is None:
        raise Http404
    facts: dict[str, Any] = {"person_id": pk, "shown": shown, "text": text, "first": not after}
    if not offering:
        return facts
    threads = {one.thread_id for one in shown.letters}
    facts["offers"] = (
        offers.search(viewer, member, text)
        if text
        else offers.suggest(viewer, member, shown.address, shown.name, threads)
    )
    return facts | {
        "total": len(unlinked.messages(viewer, pk)),
        "creations": registry.creation_paths(shown.name, shown.address, member),
        "adopts": any(registry.adopts(kind) for kind in registry.kinds()),
        "may_edit": member.may("edit records"),
    }


def _after(request: HttpRequest, viewer: Viewer, member: Member, pk: int) -> HttpResponse:
    """What is left of the person's mail; the page goes on to the next one if nothing is."""
    if not is_partial(request):
        return redirect("unlinked")
    try:
        facts = _person(request, viewer, member, pk)
    except Http404:
        return render(request, "unlinked/_done.html", {"person_id": pk})
    return render(request, "unlinked/_person.html", facts)


def _chosen(request: HttpRequest) -> list[int]:
    given = request.POST.getlist("message")[:MOST_IDS]
    return [int(one) for one in given if one.isascii() and one.isdecimal() and len(one) < 19]
