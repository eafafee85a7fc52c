"""Who is asking: puts the member on the request, and a member's view into their workspace."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from mailweave.kit import scope
from mailweave.people import workspaces
from mailweave.people.access import Member, Verb

View = Callable[..., HttpResponseBase]


class Refused(PermissionDenied):
    """What was asked for is seen, and not this member's to do. The text is for people: it says
    why, and whose move it is."""


SESSION_WORKSPACE = "workspace"


class MemberMiddleware:
    """Sets ``request.member`` for signed-in users, and their time zone for the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.member = find_member(request)  # type: ignore[attr-defined]
        zone = request.member.time_zone if request.member else "UTC"  # type: ignore[attr-defined]
        with timezone.override(zone):
            return self.get_response(request)


def find_member(request: HttpRequest) -> Member | None:
    """The membership this session works under; the first one unless another was chosen."""
    if not request.user.is_authenticated:
        return None
    found = workspaces.memberships(request.user)
    chosen = request.session.get(SESSION_WORKSPACE)
    return next((one for one in found if one.workspace_id == chosen), found[0] if found else None)


def member_of(request: HttpRequest) -> Member:
    """The member who asks. Only for views under :func:`members` or :func:`networked`."""
    member: Member | None = request.member  # type: ignore[attr-defined]
    if member is None:
        raise Http404
    return member


def members(view: View) -> View:
    """A page for members: signed in, and inside the transaction of their workspace.

    What the view wrote commits when it returns and is undone if it raises.
    """

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with scope.workspace(member_of(request).workspace_id):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()
            return response

    return cast(View, login_required(cast(Any, inside)))


def networked(view: View) -> View:
    """A page for members that talks to the network: it opens its own short transactions."""
    return cast(View, login_required(cast(Any, view)))


def require(request: HttpRequest, verb: Verb) -> Member:
    """The member, if the rules let them; else 404, so that strangers learn nothing."""
    member = member_of(request)
    if not member.may(verb):
        raise Http404
    return member
