from itertools import product
from typing import get_args

import pytest
from django.db.models import Q

from mailweave.people.access import (
    EVERYTHING,
    RULES,
    STANDARD,
    WIDTH,
    Deed,
    Member,
    Reach,
    Scopes,
    decide,
)
from mailweave.people.models import Role, Scope

ME, MATE, OTHER = 1, 2, 3
DEEDS = get_args(Deed)
# How far each role reaches until an admin decides: see, edit, delete, export.
TABLE = {
    Role.OWNER: ("all", "all", "all", "all"),
    Role.ADMIN: ("all", "all", "all", "all"),
    Role.MANAGER: ("all", "all", "team", "all"),
    Role.MEMBER: ("all", "all", "own", "none"),
    Role.VIEWER: ("all", "none", "none", "none"),
}
HELD = {
    "all": {None, ME, MATE, OTHER},
    "team": {None, ME, MATE},
    "own": {None, ME},
    "none": set(),
}


def held(reach: Reach) -> set[int | None]:
    return {one for one in (None, ME, MATE, OTHER) if reach.holds(one)}


def test_every_role_has_its_line() -> None:
    assert set(TABLE) == set(STANDARD) == set(Role)


@pytest.mark.parametrize(("role", "place"), list(product(Role, range(4))))
def test_the_standard(role: Role, place: int) -> None:
    member = Member(9, ME, role, team_id=5)
    found = decide(member, DEEDS[place], "crm", [ME, MATE])
    assert held(found) == HELD[TABLE[role][place]]


@pytest.mark.parametrize(("deed", "see", "does"), list(product(DEEDS[1:], Scope, Scope)))
def test_nothing_can_be_done_with_what_is_not_seen(deed: Deed, see: Scope, does: Scope) -> None:
    scopes = Scopes(see, *([does] * 3))
    found = decide(Member(9, ME, Role.MEMBER, team_id=5, scopes=scopes), deed, "crm", [MATE])
    assert held(found) == HELD[min(see, does, key=WIDTH.index)]


@pytest.mark.parametrize(("role", "deed"), list(product(Role, DEEDS)))
def test_without_the_module_there_is_nothing_but_for_owners_and_admins(
    role: Role, deed: Deed
) -> None:
    found = decide(Member(9, ME, role, modules=frozenset({"crm"})), deed, "recruiting", [])
    assert (found.scope == Scope.ALL) == (role in EVERYTHING)
    assert (found.scope == Scope.NONE) == (role not in EVERYTHING)


def test_applicants_are_closed_to_those_nobody_opened_them_for() -> None:
    member = Member(9, ME, Role.MANAGER)
    assert [member.has(one) for one in ("crm", "support", "recruiting")] == [True, True, False]


def test_what_an_admin_chose_does_not_bind_owners_and_admins() -> None:
    none = Scopes(*[Scope.NONE] * 4)
    assert Member(9, ME, Role.ADMIN, scopes=none).scope("delete") == Scope.ALL


def test_who_has_no_team_is_a_team_alone() -> None:
    assert held(decide(Member(9, ME, Role.MANAGER), "delete", "crm", [])) == {None, ME}


def test_a_viewer_edits_nothing_until_an_admin_lets_them() -> None:
    assert not Member(9, ME, Role.VIEWER).may("edit records")
    assert Member(9, ME, Role.VIEWER, scopes=Scopes(edit=Scope.OWN)).may("edit records")
    assert Member(9, ME, Role.MEMBER).may("edit records")


@pytest.mark.parametrize("verb", RULES)
def test_what_concerns_the_workspace_is_no_managers_business(verb: str) -> None:
    may = Member(9, ME, Role.MANAGER).may(verb)  # type: ignore[arg-type]
    assert may == (verb == "connect mailboxes")


def test_the_filter_says_the_same() -> None:
    users = frozenset({ME, MATE})
    assert Reach(Scope.ALL).owners() == Q()
    assert Reach(Scope.NONE).owners() == Q(pk__in=[])
    wanted = Q(boss__isnull=True) | Q(boss__in=[ME, MATE])
    assert Reach(Scope.TEAM, users).owners("boss") == wanted
