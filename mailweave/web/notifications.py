"""The bell: what a member was told, on every page and on a page of its own."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mailweave.kit import scope
from mailweave.people import notifications
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.people.models import Notification
from mailweave.web.errors import is_partial
from mailweave.web.templatetags.ui import count

FEW = 8
"""How many the bell shows; the page has all of them."""


@members
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """All of them, newest first, page by page."""
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    told = notifications.told(member_of(request).user_id, number)
    return render(request, "notifications/page.html", {"told": told, "is_first": number is None})


@members
@require_GET
def latest(request: HttpRequest) -> HttpResponse:
    """The newest few, as the bell shows them when it is opened."""
    return _latest(request)


@members
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The bell alone, as open pages ask for it when something is new."""
    return render(request, "notifications/_bell.html")


@members
@require_POST
def open_(request: HttpRequest, pk: int) -> HttpResponse:
    """Go where something can be done about it; it is seen then."""
    try:
        row = notifications.see(member_of(request).user_id, pk)
    except Notification.DoesNotExist:
        raise Http404 from None
    return redirect(row.path or "notifications")


@members
@require_POST
def see_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    seen = notifications.see_all(member_of(request).user_id)
    if is_partial(request):
        return _latest(request)
    if seen:
        messages.success(request, f"{count(seen, 'notification')} marked as read.")
    return redirect("notifications")


def unseen(member: Member) -> int:
    """How many wait to be seen. For templates, which may be rendered outside any workspace."""
    try:
        scope.current()
    except scope.OutsideWorkspaceError:
        with scope.workspace(member.workspace_id):
            return notifications.unseen(member.user_id)
    return notifications.unseen(member.user_id)


def _latest(request: HttpRequest) -> HttpResponse:
    told = notifications.told(member_of(request).user_id, limit=FEW)
    return render(request, "notifications/_latest.html", {"told": told})
