"""Who is asking: puts the member on the request and the request into their workspace."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

from mailweave.kit import scope
from mailweave.people import workspaces
from mailweave.people.access import Member, Verb
from mailweave.people.models import User

View = Callable[..., HttpResponseBase]
SESSION_WORKSPACE = "workspace"


class MemberMiddleware:
    """Sets ``request.member`` for signed-in users and runs their views inside their workspace.

    The view is one transaction: what it wrote commits when it returns and is undone if it raises.
    A view marked by :func:`networked` gets no transaction and opens short ones itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.member = find_member(request)  # type: ignore[attr-defined]
        zone = request.member.time_zone if request.member else "UTC"  # type: ignore[attr-defined]
        with timezone.override(zone):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Run a member's view in the transaction of their workspace."""
        member: Member | None = request.member  # type: ignore[attr-defined]
        if not getattr(view, "for_members", False) or member is None:
            return None
        with scope.workspace(member.workspace_id):
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response = response.render()
            return response


def find_member(request: HttpRequest) -> Member | None:
    """The membership this session works under; the first one unless another was chosen."""
    if not request.user.is_authenticated:
        return None
    found = workspaces.memberships(cast(User, request.user))
    chosen = request.session.get(SESSION_WORKSPACE)
    return next((one for one in found if one.workspace_id == chosen), found[0] if found else None)


def member_of(request: HttpRequest) -> Member:
    """The member who asks. Only for views under :func:`members` or :func:`networked`."""
    member: Member | None = request.member  # type: ignore[attr-defined]
    if member is None:
        raise Http404
    return member


def members(view: View) -> View:
    """A page for members: signed in, and inside the transaction of their workspace."""
    wrapped = login_required(cast(Any, view))
    wrapped.for_members = True  # type: ignore[attr-defined]
    return cast(View, wrapped)


def networked(view: View) -> View:
    """A page for members that talks to the network: it opens its own short transactions."""
    return cast(View, login_required(cast(Any, view)))


def require(request: HttpRequest, verb: Verb) -> Member:
    """The member, if the rules let them; else 404, so that strangers learn nothing."""
    member = member_of(request)
    if not member.may(verb):
        raise Http404
    return member
