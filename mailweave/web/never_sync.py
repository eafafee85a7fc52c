"""Settings > Never sync: people whose mail is not taken in; one's own list and the workspace's."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.mail import neversync
from mailweave.mail.models import NeverSync
from mailweave.people.access import Member
from mailweave.people.member import member_of, members, require
from mailweave.sync import policies
from mailweave.web.templatetags.ui import count

PAGE = 100
MINE, EVERYBODY = "mine", "workspace"


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as the page shows it. ``next`` is where its next page starts."""

    whose: str
    entries: tuple[NeverSync, ...]
    total: int
    next: str
    left_out: int
    may_change: bool


@members
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Both lists, and putting somebody on one; where stored mail goes with it, asked first."""
    if request.method == "POST":
        return _add(request)
    return _page(request)


@members
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take somebody off a list. What it left out can be looked at again."""
    entry = NeverSync.objects.filter(pk=pk).first()
    if entry is None:
        raise Http404
    _may(request, MINE if entry.user_id is not None else EVERYBODY, entry.user_id)
    policies.allow(entry)
    messages.success(request, f"{entry.value} is off the list. New mail with them comes in again.")
    return redirect("never_sync")


@members
@require_POST
def again(request: HttpRequest, whose: str) -> HttpResponse:
    """Look once more at what a list left out: who is not on it any more comes in."""
    found = policies.look_again(_owner(_may(request, whose), whose))
    messages.success(
        request, f"Looking again at {count(found, 'message')}. Who is still on a list stays out."
    )
    return redirect("never_sync")


def _add(request: HttpRequest) -> HttpResponse:
    typed = request.POST.get("value", "")[:1000]
    whose = request.POST.get("whose", "")
    member = _may(request, whose)
    try:
        entry, stored = policies.concerned(_owner(member, whose), typed)
    except Expected as error:
        return _page(request, whose, typed, str(error), status=422)
    if stored and request.POST.get("sure") != "yes":
        facts = {"entry": entry, "stored": stored, "whose": whose}
        return render(request, "settings/never_sync_sure.html", facts)
    policies.never(member, typed, everybody=whose == EVERYBODY)
    messages.success(request, f"Mail with {entry.value} is not taken in from now on.")
    return redirect("never_sync")


def _page(
    request: HttpRequest, whose: str = "", typed: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    member = member_of(request)
    after = request.GET.get("after", "")[:320]
    turned = request.GET.get("list", "")
    facts = {
        "lists": [
            _listing(member, one, after if one == turned else "") for one in (MINE, EVERYBODY)
        ],
        "whose": whose,
        "typed": typed,
        "error": error,
        "turned": turned,
    }
    return render(request, "settings/never_sync.html", facts, status=status)


def _listing(member: Member, whose: str, after: str) -> Listing:
    user_id = _owner(member, whose)
    rows = neversync.of(user_id)
    shown = list(
        rows.filter(value__gt=after.replace("\0", ""))
        .select_related("made_by")
        .order_by("value")[: PAGE + 1]
    )
    more = len(shown) > PAGE
    query = urlencode({"list": whose, "after": shown[PAGE - 1].value}) if more else ""
    return Listing(
        whose=whose,
        entries=tuple(shown[:PAGE]),
        total=rows.count(),
        next=f"{reverse('never_sync')}?{query}" if more else "",
        left_out=policies.left_out(user_id),
        may_change=whose == MINE or member.may("manage policies"),
    )


def _may(request: HttpRequest, whose: str, user_id: int | None = None) -> Member:
    """The member, if this list is theirs to change; else 404."""
    if whose == EVERYBODY:
        return require(request, "manage policies")
    member = member_of(request)
    if whose != MINE or user_id not in {None, member.user_id}:
        raise Http404
    return member


def _owner(member: Member, whose: str) -> int | None:
    return None if whose == EVERYBODY else member.user_id
