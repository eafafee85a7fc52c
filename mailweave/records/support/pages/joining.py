"""Merging two tickets, and splitting one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.linking import flat
from mailweave.mail.visibility import viewer_for
from mailweave.people.member import member_of, members
from mailweave.records.common import rights
from mailweave.records.support import facts, merging, parting, tickets
from mailweave.records.support.models import Ticket
from mailweave.records.support.pages.common import held, seen

edits = require_http_methods(["GET", "HEAD", "POST"])
FOUND = 10
MOST = 100
"""Messages of a ticket that can be chosen from at once."""


@members
@edits
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the ticket that this one becomes part of, and make it so."""
    ticket = held(request, pk)
    if request.method == "POST":
        into = seen(request, _number(request.POST.get("into", "")))
        rights.insist(member_of(request), "edit", into)
        merged = merging.merge(member_of(request), into.pk, ticket.pk)
        said = f"{ticket.reference} is part of {merged.reference} now."
        undo = reverse("support:ticket-part", args=[ticket.pk])
        messages.success(request, said, extra_tags=undo)
        return redirect("support:ticket", merged.pk)
    text = request.GET.get("q", "").strip()[:200]
    return render(
        request,
        "support/merge.html",
        {"ticket": ticket, "text": text, "found": _offered(request, ticket, text)},
    )


@members
@require_POST
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo that a ticket became part of another."""
    other = Ticket.objects.filter(pk=pk).first()
    found = facts.leads_to(pk) if other else None
    if other is None or found is None:
        raise Http404
    rights.insist(member_of(request), "edit", seen(request, found.pk))
    parting.undo(member_of(request), pk)
    messages.success(request, f"{other.reference} stands for itself again, as before.")
    return redirect("support:ticket", pk)


def _offered(request: HttpRequest, ticket: Ticket, text: str) -> list[Ticket]:
    """What was searched for; before that, the ticket its mail names, and the customer's others."""
    member = member_of(request)
    rows = rights.seen(member, tickets.find(member, text), "edit").exclude(pk=ticket.pk)
    if not text:
        rows = rows.filter(customer=ticket.customer) | rows.filter(pk=ticket.named_id)
    found = list(rows.order_by("-number")[:FOUND])
    return sorted(found, key=lambda one: one.pk != ticket.named_id)


@members
@edits
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the messages that become a ticket of their own, and make it so."""
    ticket = held(request, pk)
    viewer = viewer_for(member_of(request))
    page = flat.messages_of(viewer, [(tickets.KIND, ticket.pk)], "", None, MOST)
    if request.method == "POST":
        given = {_number(one) for one in request.POST.getlist("message")[:MOST]}
        visible = {row.id for row in page.rows} & given
        made = merging.split(member_of(request), ticket, visible)
        messages.success(request, f"{made.reference} was split off {ticket.reference}.")
        return redirect("support:ticket", made.pk)
    context: dict[str, Any] = {"ticket": ticket, "rows": page.rows}
    return render(request, "support/split.html", context)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Expected("Choose one from the list. Nothing was changed.")
    return int(text)
