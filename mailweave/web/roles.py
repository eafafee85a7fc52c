"""Settings > Roles: how far each role reaches; admins choose, everybody sees."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mailweave.kit.errors import Expected
from mailweave.people import roles
from mailweave.people.access import Scopes
from mailweave.people.member import member_of, members, require
from mailweave.people.models import Role, RoleReach, Scope

ABOUT = {
    Role.OWNER: "Everything, and who else is an owner.",
    Role.ADMIN: "Everything but owners: members, policies, integrations, all records.",
    Role.MANAGER: "Looks after the work of others, too.",
    Role.MEMBER: "Works with records and mail.",
    Role.VIEWER: "Looks, and changes nothing.",
}
DEEDS = {
    "see": "See",
    "edit": "Add, change, link mail",
    "delete": "Delete",
    "export": "Export",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """How far a role reaches with one deed. ``name`` is the form's."""

    name: str
    label: str
    chosen: Scope


@dataclass(frozen=True, slots=True)
class Row:
    """A role of the table; ``fixed`` if nobody can choose for it."""

    label: str
    about: str
    fixed: bool
    choices: tuple[Choice, ...]


@members
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The table of roles."""
    if request.method == "POST":
        return _change(request)
    facts = {
        "deeds": DEEDS.values(),
        "rows": [_row(Role(role), scopes) for role, scopes in roles.table().items()],
        "scopes": Scope.choices,
        "managing": member_of(request).may("manage members"),
        "changed": RoleReach.objects.select_related("changed_by").order_by("-changed_at").first(),
    }
    return render(request, "settings/roles.html", facts)


@members
@require_POST
def undo(request: HttpRequest, act: UUID) -> HttpResponse:
    """Let the roles reach as far as they did before one change."""
    member = require(request, "manage members")
    if not roles.undo(act, member.user_id):
        raise Expected("The roles were changed again since. Nothing was undone.")
    messages.success(request, "Undone. The roles reach as far as before.")
    return redirect("roles")


def _change(request: HttpRequest) -> HttpResponse:
    member = require(request, "manage members")
    standing = roles.table()
    wanted = {role.value: _chosen(request, role, standing[role]) for role in roles.CHOSEN}
    act = roles.change(wanted, member.user_id)
    if act is None:
        messages.info(request, "Nothing was different.")
    else:
        said = "The roles are saved. They count from now on."
        messages.success(request, said, extra_tags=reverse("roles_undo", args=[act]))
    return redirect("roles")


def _chosen(request: HttpRequest, role: str, standing: Scopes) -> Scopes:
    """What the form says of a role; what it does not speak of stays."""
    given = [
        request.POST.get(f"{role}.{deed}", getattr(standing, deed).value) for deed in roles.DEEDS
    ]
    if not set(given) <= set(Scope.values):
        raise Expected("Choose from what is offered. Nothing was changed.")
    return roles.read(given)


def _row(role: Role, scopes: Scopes) -> Row:
    choices = tuple(
        Choice(f"{role.value}.{deed}", DEEDS[deed], getattr(scopes, deed)) for deed in roles.DEEDS
    )
    return Row(str(role.label), ABOUT[role], role not in roles.CHOSEN, choices)
