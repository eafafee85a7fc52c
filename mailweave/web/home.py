"""The front door: sends each visitor where they can do something."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from mailweave.people import workspaces
from mailweave.web import context


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Members go to their first place, strangers to sign in, the first visitor to set up."""
    if request.user.is_authenticated:
        if request.member is None:  # type: ignore[attr-defined]
            return render(request, "people/nowhere.html")
        return redirect(context.existing(context.NAV)[0].path)
    if workspaces.is_first_run():
        return redirect("setup")
    return redirect("account_login")


@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    """Settings open at the first of their pages."""
    del request
    return redirect(context.existing(context.SETTINGS)[0].path)
