"""The mail of a record, shown in one of three ways: threads, the timeline, or a flat list."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from mailweave.linking import policy
from mailweave.linking.registry import Card
from mailweave.mail.visibility import Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.web import flat, lists, panels, pending, timeline

Facts = Callable[[HttpRequest, Viewer, Member, Card], dict[str, Any]]
VIEWS: Mapping[str, tuple[str, str, Facts]] = {
    "threads": ("Conversations", "panels/_panel.html", panels.found),
    "timeline": ("Timeline", "journal/_timeline.html", timeline.found),
    "flat": ("Messages", "panels/_flat.html", flat.found),
}
"""By a choice of ``LinkPolicy.View``: what its tab is called, and what shows it."""


@members
@require_GET
def record_mail(request: HttpRequest, kind: str, record_id: int) -> HttpResponse:
    """The view that is asked for, else the one that the policy opens records of this kind with;
    ``alone``, it does not lead to the others. 404 for a record one may not see."""
    member = member_of(request)
    card, viewer = lists.card_of((kind, record_id), member), viewer_for(member)
    asked = request.GET.get("view", "")
    chosen = asked if asked in VIEWS else policy.current().view_of(kind)
    _, template, facts = VIEWS[chosen]
    here = reverse("record_mail", args=[kind, record_id])
    context = {
        "card": card,
        "chosen": chosen,
        "template": template,
        "views": [
            (word, label, f"{here}?view={word}", f"{card.url}?view={word}")
            for word, (label, _, _) in VIEWS.items()
            if "alone" not in request.GET
        ],
        **facts(request, viewer, member, card),
        **pending.facts_of(viewer, member, kind, record_id),
    }
    partial = request.headers.get("HX-Request-Type") == "partial"
    name = "panels/_record_mail.html" if partial else "panels/record_mail.html"
    response = render(request, name, context)
    response["Vary"] = "HX-Request-Type"
    return response
