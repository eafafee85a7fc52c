"""Read and unread: told by an open thread, by a button, for all that a list shows; and undone."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.mail.visibility import NotFound, Viewer, viewer_for
from mailweave.people.access import Member
from mailweave.people.member import member_of, members
from mailweave.sync import marks
from mailweave.sync.marks import Marked, Which
from mailweave.web import lists
from mailweave.web.errors import is_partial
from mailweave.web.lists import Wanted
from mailweave.web.templatetags.ui import count

MOST_IDS = 1000
MOST_PAGES = 20
"""Pages of a search, or of a record's conversations, that are marked at a time."""


@members
@require_POST
def shown(request: HttpRequest, pk: int) -> HttpResponse:
    """An open page shows these messages of a thread: what was unread among them is read."""
    which = marks.of_messages(_ids(request.POST.get("messages", "")))
    marks.mark(viewer_for(member_of(request)), which, seen=True)
    return HttpResponse(status=204) if is_partial(request) else redirect("thread", pk)


@members
@require_POST
def thread(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Mark a conversation as read, or its newest message as unread."""
    if verb not in {"read", "unread"}:
        raise Http404
    which = marks.of_threads([pk]) if verb == "read" else marks.newest_of(pk)
    marked = marks.mark(viewer_for(member_of(request)), which, seen=verb == "read")
    if marked.count:
        messages.success(request, f"Marked as {verb}.", extra_tags=_undo(marked))
    else:
        messages.info(request, f"Nothing in your own mailboxes to mark as {verb} here.")
    return _after(request)


@members
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put back what one act of marking changed."""
    if marks.undo(viewer_for(member_of(request)), pk) is None:
        raise Expected("It is too late to undo this. Nothing was changed.")
    messages.success(request, "Undone.")
    return _after(request)


@members
@require_http_methods(["GET", "POST"])
def everything(request: HttpRequest) -> HttpResponse:
    """Mark everything as read that a list of the Mail page holds; asks first, with the count."""
    member = member_of(request)
    viewer, wanted = viewer_for(member), lists.asked(request)
    which, whole = _which(viewer, member, wanted)
    try:
        if request.method == "POST":
            marked = marks.mark(viewer, which, seen=True, mailbox_id=wanted.account)
            said = f"Marked {count(marked.count, 'message')} as read."
            messages.success(request, said, extra_tags=_undo(marked))
            return _after(request, wanted.query)
        found = marks.count(viewer, which, seen=True, mailbox_id=wanted.account)
    except NotFound:
        raise Http404 from None
    facts = {"wanted": wanted, "count": found, "whole": whole}
    part = request.headers.get("HX-Request-Type") == "partial"
    return render(request, "mail/_mark_all.html" if part else "mail/mark_all.html", facts)


def _which(viewer: Viewer, member: Member, wanted: Wanted) -> tuple[Which, bool]:
    """What a list holds, and whether that is all of it: a search may find too much for one go."""
    if not (wanted.text or wanted.record):
        return marks.everything(wanted.address), True
    found: list[int] = []
    place: str | None = ""
    for _ in range(MOST_PAGES):
        page = lists.find(viewer, member, wanted.at(place or ""))
        found += [row.thread_id for row in page.rows]
        place = page.next
        if place is None:
            break
    return marks.of_threads(found), place is None


def _ids(text: str) -> list[int]:
    found = [one for one in text.split(",") if one.isascii() and one.isdecimal() and len(one) < 19]
    return [int(one) for one in found[:MOST_IDS]]


def _undo(marked: Marked) -> str:
    return reverse("mark_undo", args=[marked.marking_id]) if marked.marking_id else ""


def _after(request: HttpRequest, query: str = "") -> HttpResponse:
    """Toasts alone, since open pages hear of the change themselves; without script, the list."""
    return HttpResponse() if is_partial(request) else redirect(reverse("mail") + query)
