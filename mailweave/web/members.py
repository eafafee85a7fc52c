"""Settings > Members: who works here, as what."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mailweave.linking import registry
from mailweave.people import invitations, teams
from mailweave.people import members as people
from mailweave.people.access import EVERYTHING
from mailweave.people.member import member_of, members, require
from mailweave.people.models import Membership
from mailweave.web.invitations import InviteForm


@members
@require_GET
def member_list(request: HttpRequest) -> HttpResponse:
    """Everybody can see who their colleagues are; owners and admins can change it."""
    member = member_of(request)
    managing = member.may("manage members")
    modules = registry.modules()
    rows = [
        {
            "membership": row,
            "is_mine": people.may_manage(member, row.role),
            "has_all": row.role in EVERYTHING,
            "modules": [label for word, label in modules.items() if word in row.modules],
        }
        for row in people.everyone()
    ]
    context = {
        "rows": rows,
        "roles": people.roles_for(member),
        "managing": managing,
        "modules": modules,
        "teams": teams.everyone(),
        "pending": invitations.pending() if managing else [],
        "form": InviteForm(roles=people.roles_for(member)),
    }
    return render(request, "people/members.html", context)


@members
@require_POST
def member_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a member another role."""
    member = require(request, "manage members")
    try:
        found = people.change_role(member, pk, request.POST.get("role", ""))
    except Membership.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"{found.user.name} is now {found.get_role_display().lower()}.")
    return redirect("members")


@members
@require_POST
def member_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """End a membership: the person cannot see this workspace any more."""
    member = require(request, "manage members")
    try:
        found = people.remove(member, pk)
    except Membership.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"{found.user.name} is not a member any more.")
    return redirect("home" if found.user_id == member.user_id else "members")


@members
@require_POST
def member_access(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a member into a team, and say which records they work with."""
    member = require(request, "manage members")
    team = request.POST.get("team", "")
    if team and not (team.isascii() and team.isdecimal() and len(team) < 19):
        raise Http404
    modules = [one for one in request.POST.getlist("module") if one in registry.modules()]
    try:
        found = teams.place(member, pk, int(team) if team else None, modules)
    except Membership.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"What {found.user.name} works with is saved.")
    return redirect("members")
