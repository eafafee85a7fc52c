"""Each user's own page: name, time zone, theme, shortcuts; and the workspaces they are in."""

from typing import TYPE_CHECKING, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.people import workspaces
from mailweave.people.member import SESSION_WORKSPACE, members
from mailweave.people.models import User, Workspace
from mailweave.web.fields import ZoneField

if TYPE_CHECKING:  # generic for the type checker only
    _UserForm = forms.ModelForm[User]
else:
    _UserForm = forms.ModelForm


class ProfileForm(_UserForm):
    """What a user may change about themselves."""

    time_zone = ZoneField()

    class Meta:
        model = User
        fields = ["name", "time_zone", "theme", "hotkeys"]
        labels = {"name": "Your name", "hotkeys": "Single-key shortcuts (such as / and g m)"}
        widgets = {"theme": forms.Select}


@members
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the signed-in user's own settings."""
    user = cast(User, request.user)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    return render(
        request,
        "people/profile.html",
        {"form": form, "places": _places(user)},
        status=422 if form.errors else 200,
    )


@login_required
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Work in another of the user's workspaces from now on."""
    if pk not in {one.workspace_id for one in workspaces.memberships(cast(User, request.user))}:
        raise Http404
    request.session[SESSION_WORKSPACE] = pk
    return redirect("home")


def _places(user: User) -> list[Workspace]:
    ids = [one.workspace_id for one in workspaces.memberships(user)]
    return list(Workspace.objects.filter(pk__in=ids).order_by("name"))
