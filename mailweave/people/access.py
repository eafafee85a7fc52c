"""May this person do that? One table of rules for what concerns the workspace, one for records.

A member reaches a record if they have its module, and their role reaches its owner: everybody's
records, their team's, or their own. A record without an owner is everybody's who has the module.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q

from mailweave.people.models import Membership, Role, Scope, standard_modules

RoleVerb = Literal[
    "manage members",
    "manage owners",
    "manage integrations",
    "manage policies",
    "connect mailboxes",
    "correct entries",
]
Verb = RoleVerb | Literal["edit records"]
Deed = Literal["see", "edit", "delete", "export"]
"""What can be done with records."""

RULES: dict[RoleVerb, frozenset[str]] = {
    "manage owners": frozenset({Role.OWNER}),
    "manage members": frozenset({Role.OWNER, Role.ADMIN}),
    "manage integrations": frozenset({Role.OWNER, Role.ADMIN}),
    "manage policies": frozenset({Role.OWNER, Role.ADMIN}),
    "connect mailboxes": frozenset(Role.values),
    "correct entries": frozenset({Role.OWNER, Role.ADMIN}),
}
EVERYTHING = frozenset({Role.OWNER, Role.ADMIN})
"""The roles that have every module, and reach every record."""
WIDTH = tuple(Scope)
"""From the fewest records to all of them."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """How far a role reaches with each deed. What one cannot see, one can do nothing with."""

    see: Scope = Scope.ALL
    edit: Scope = Scope.ALL
    delete: Scope = Scope.ALL
    export: Scope = Scope.ALL

    def of(self, deed: Deed) -> Scope:
        """How far the role really reaches with it."""
        chosen: Scope = getattr(self, deed)
        return min(self.see, chosen, key=WIDTH.index)


STANDARD: Mapping[str, Scopes] = {
    Role.OWNER: Scopes(),
    Role.ADMIN: Scopes(),
    Role.MANAGER: Scopes(delete=Scope.TEAM),
    Role.MEMBER: Scopes(delete=Scope.OWN, export=Scope.NONE),
    Role.VIEWER: Scopes(edit=Scope.NONE, delete=Scope.NONE, export=Scope.NONE),
}
"""How far roles reach until an admin decides otherwise."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who is acting, in which workspace, as what. Passed to everything that decides.

    ``scopes`` are those of the role, None for its standard.
    """

    workspace_id: int
    user_id: int
    role: str
    name: str = ""
    time_zone: str = "UTC"
    modules: frozenset[str] = frozenset(standard_modules())
    team_id: int | None = None
    scopes: Scopes | None = None

    def may(self, verb: Verb) -> bool:
        """Whether the rules let this member do ``verb``; for "edit records", with any record."""
        if verb == "edit records":
            return self.scope("edit") != Scope.NONE
        return self.role in RULES[verb]

    def has(self, module: str) -> bool:
        """Whether this member works with a module's records at all."""
        return self.role in EVERYTHING or module in self.modules

    def scope(self, deed: Deed) -> Scope:
        """Whose records this member's role lets them do that with."""
        if self.role in EVERYTHING:
            return Scope.ALL
        return (self.scopes or STANDARD[self.role]).of(deed)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which records of a module a member can do something with: those of ``users`` and nobody's,
    unless the scope is all of them or none."""

    scope: Scope
    users: frozenset[int] = frozenset()

    def holds(self, owner_id: int | None) -> bool:
        """Whether a record of this owner is among them; without an owner it is everybody's."""
        if self.scope in {Scope.ALL, Scope.NONE}:
            return self.scope == Scope.ALL
        return owner_id is None or owner_id in self.users

    def owners(self, field: str = "owner") -> Q:
        """The same as a filter; ``field`` is the foreign key to the owner, which is a user."""
        if self.scope == Scope.ALL:
            return Q()
        if self.scope == Scope.NONE:
            return Q(pk__in=[])
        return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__in": sorted(self.users)})


def decide(member: Member, deed: Deed, module: str, team: Collection[int]) -> Reach:
    """Which records of a module a member reaches; ``team`` are the users of their team."""
    scope = member.scope(deed) if member.has(module) else Scope.NONE
    if scope == Scope.TEAM:
        return Reach(scope, frozenset({member.user_id, *team}))
    return Reach(scope, frozenset({member.user_id}) if scope == Scope.OWN else frozenset())


def reach(member: Member, deed: Deed, module: str) -> Reach:
    """:func:`decide` with the member's team as it is now: one query where the team matters."""
    team = team_of(member) if member.scope(deed) == Scope.TEAM else ()
    return decide(member, deed, module, team)


def door(module: str, owner_id: int | None = None) -> str:
    """The door to what is about a record of this owner; 0 stands for nobody."""
    return f"{module}:{owner_id or 0}"


def doors(member: Member) -> tuple[str, ...] | None:
    """The doors that open for a member: a module's own where they see all of its records, else
    those of the owners whose records they see. None if every door does."""
    if member.role in EVERYTHING:
        return None
    scope = member.scope("see")
    if scope == Scope.NONE:
        return ()
    if scope == Scope.ALL:
        return tuple(sorted(member.modules))
    users = {0, member.user_id} | (team_of(member) if scope == Scope.TEAM else set())
    return tuple(door(module, user) for module in sorted(member.modules) for user in sorted(users))


def team_of(member: Member) -> frozenset[int]:
    """The users of the member's team."""
    if member.team_id is None:
        return frozenset()
    rows = Membership.objects.filter(team=member.team_id)
    return frozenset(rows.values_list("user_id", flat=True))
