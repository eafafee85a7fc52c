"""Settings > Members: who works here, as what."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mailweave.people import invitations
from mailweave.people import members as people
from mailweave.people.member import member_of, members, require
from mailweave.people.models import Membership
from mailweave.web.invitations import InviteForm


@members
@require_GET
def member_list(request: HttpRequest) -> HttpResponse:
    """Everybody can see who their colleagues are; owners and admins can change it."""
    member = member_of(request)
    managing = member.may("manage members")
    rows = [
        {"membership": row, "is_mine": people.may_manage(member, row.role)}
        for row in people.everyone()
    ]
    context = {
        "rows": rows,
        "roles": people.roles_for(member),
        "managing": managing,
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
