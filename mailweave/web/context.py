"""What every page knows: who asks, their theme, and where they can go."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from mailweave.people.access import Member, RoleVerb
from mailweave.people.models import Scope, User, Workspace
from mailweave.web import notifications


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere the navigation leads to: for all, for those who have a module of records, or for
    those who may do something."""

    label: str
    path: str
    icon: str
    keys: str = ""
    prefix: str = ""
    module: str = ""
    verb: RoleVerb | None = None
    is_current: bool = False

    @property
    def within(self) -> str:
        """What the paths of its pages begin with."""
        return self.prefix or self.path


NAV = (
    Place("Mail", "/mail/", "mail", "g m"),
    Place("Drafts", "/mail/drafts/", "pencil", "g e"),
    Place("Outbox", "/mail/outbox/", "send", "g s"),
    Place("Unlinked", "/mail/unlinked/", "link-2-off", "g u"),
    Place("Contacts", "/crm/contacts/", "users", "g c", module="crm"),
    Place("Companies", "/crm/companies/", "building-2", "g o", module="crm"),
    Place("Leads", "/crm/leads/", "user-plus", "g l", module="crm"),
    Place("Deals", "/crm/deals/", "briefcase", "g d", module="crm"),
    Place("Tickets", "/support/tickets/", "circle-help", "g t", module="support"),
    Place("Candidates", "/recruiting/candidates/", "user", "g a", module="recruiting"),
    Place("Jobs", "/recruiting/jobs/", "file-text", "g j", module="recruiting"),
    Place("Settings", "/settings/", "settings", "g ,"),
)
SETTINGS = (
    Place("Integrations", "/settings/integrations/", "plug"),
    Place("Policies", "/settings/policies/", "shield-check"),
    Place("Writing", "/settings/writing/", "pen-line"),
    Place("Support", "/support/settings/", "circle-help", module="support"),
    Place("Recruiting", "/recruiting/intakes/", "user-plus", module="recruiting"),
    Place("Never sync", "/settings/never-sync/", "x"),
    Place("E-mail log", "/settings/email-log/", "send", verb="manage integrations"),
    Place("Members", "/settings/members/", "users"),
    Place("Roles", "/settings/roles/", "key-round"),
    Place("Profile", "/settings/profile/", "user"),
    Place("Password", "/account/password/", "key-round"),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """The frame's variables. Of the database it asks, when shown, the workspace's name and how many
    notifications wait."""
    member: Member | None = getattr(request, "member", None)
    user = request.user if member else None
    if member is None or not isinstance(user, User):
        return {"member": None}
    return {
        "member": member,
        "workspace_name": _namer(member.workspace_id),
        "theme": "" if user.theme == User.Theme.SYSTEM else user.theme,
        "hotkeys_off": not user.hotkeys,
        "nav": seen_from(request.path, open_to(member, existing(NAV))),
        "settings_nav": seen_from(request.path, open_to(member, existing(SETTINGS))),
        "has_mail": bool(existing(NAV[:1])),
        "unseen": lambda: notifications.unseen(member),
    }


def seen_from(path: str, places: tuple[Place, ...]) -> list[Place]:
    """The places, the innermost one that ``path`` lies in marked."""
    around = [place for place in places if path.startswith(place.within)]
    here = max(around, key=lambda place: len(place.within), default=None)
    return [replace(place, is_current=place is here) for place in places]


def open_to(member: Member, places: tuple[Place, ...]) -> tuple[Place, ...]:
    """Those of ``places`` that are about mail, or about records the member works with, and are
    theirs to open."""
    sees = member.scope("see") != Scope.NONE
    places = tuple(one for one in places if one.verb is None or member.may(one.verb))
    return tuple(one for one in places if not one.module or (sees and member.has(one.module)))


@lru_cache(maxsize=8)
def existing(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """Those of ``places`` that some room answers for."""
    return tuple(place for place in places if answers(place.path))


def answers(path: str) -> bool:
    """Whether any view answers ``path``."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _namer(workspace_id: int) -> Callable[[], str]:
    def name() -> str:
        return Workspace.objects.only("name").get(pk=workspace_id).name

    return name
