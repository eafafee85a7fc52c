"""Inviting by a link, and the page the link opens."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.people import invitations
from mailweave.people.access import Member
from mailweave.people.member import SESSION_WORKSPACE, members, require
from mailweave.people.members import roles_for
from mailweave.people.models import Invitation, Role, User
from mailweave.web.errors import is_partial
from mailweave.web.fields import NewUserForm
from mailweave.web.sign_in import sign_in


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    note = forms.CharField(
        label="Who is it for?",
        max_length=120,
        required=False,
        help_text="Only to tell open invitations apart.",
    )
    role = forms.ChoiceField(initial=Role.MEMBER)

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["role"]).choices = roles


@members
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Make an invitation and show its link, this once."""
    member = require(request, "manage members")
    form = InviteForm(request.POST, roles=roles_for(member))
    if not form.is_valid():
        return render(request, _part(request, "invite_form"), {"form": form}, status=422)
    made, token = invitations.invite(
        member.user_id, form.cleaned_data["role"], form.cleaned_data["note"]
    )
    context = {
        "invitation": made,
        "link": request.build_absolute_uri(reverse("join", args=[token])),
        "pending": invitations.pending(),
    }
    return render(request, _part(request, "invited"), context)


@members
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an open invitation's link useless."""
    require(request, "manage members")
    try:
        invitations.revoke(pk)
    except Invitation.DoesNotExist:
        raise Http404 from None
    messages.success(request, "The invitation is revoked. Its link does not work any more.")
    return redirect("members")


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What the link opens: join as a new user, or as the one who is signed in."""
    try:
        found = invitations.find(token)
    except Expected as error:
        return render(request, "people/dead_link.html", {"message": str(error)}, status=410)
    if request.user.is_authenticated:
        return _join_as(request, token, found)
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.made()
        workspace_id = invitations.accept(token, user)
        sign_in(request, user)
        return _enter(request, workspace_id)
    context = {"form": form, "found": found}
    return render(request, "people/join.html", context, status=422 if form.errors else 200)


def _part(request: HttpRequest, name: str) -> str:
    """The template of a part for htmx, and of a page around it for browsers without scripts."""
    return f"people/{name}.html" if is_partial(request) else f"people/{name}_page.html"


def _join_as(request: HttpRequest, token: str, found: invitations.Found) -> HttpResponse:
    member: Member | None = request.member  # type: ignore[attr-defined]
    if request.method == "POST":
        return _enter(request, invitations.accept(token, cast(User, request.user)))
    return render(request, "people/join_as.html", {"found": found, "is_elsewhere": member})


def _enter(request: HttpRequest, workspace_id: int) -> HttpResponse:
    request.session[SESSION_WORKSPACE] = workspace_id
    return redirect("home")
