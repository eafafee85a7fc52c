"""The first visit: names the workspace and makes its owner. Gone once there is a user."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mailweave.people import workspaces
from mailweave.web.fields import NewUserForm
from mailweave.web.sign_in import sign_in


class SetupForm(NewUserForm):
    """A workspace and its first owner."""

    workspace = forms.CharField(
        label="Workspace", max_length=120, help_text="The name of your team or company."
    )

    field_order = ["workspace", *NewUserForm.field_order]


@never_cache
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Set this installation up, while nobody has."""
    if not workspaces.is_first_run():
        return redirect("home")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        owner = workspaces.open_first(form.cleaned_data["workspace"], form.made())
        sign_in(request, owner)
        return redirect("home")
    return render(request, "people/setup.html", {"form": form}, status=422 if form.errors else 200)
