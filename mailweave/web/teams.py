"""Settings > Members: teams made, renamed, removed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from mailweave.people import teams
from mailweave.people.member import members, require
from mailweave.people.models import Team


@members
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """A new team, without anybody in it."""
    require(request, "manage members")
    made = teams.add(request.POST.get("name", ""))
    messages.success(request, f"The team {made.name} is there. Put people into it by their Access.")
    return redirect("members")


@members
@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a team another name."""
    require(request, "manage members")
    try:
        found = teams.rename(pk, request.POST.get("name", ""))
    except Team.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"The team is called {found.name} now.")
    return redirect("members")


@members
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """End a team; its members stay."""
    require(request, "manage members")
    try:
        found = teams.remove(pk)
    except Team.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"The team {found.name} is removed. Its members have no team now.")
    return redirect("members")
