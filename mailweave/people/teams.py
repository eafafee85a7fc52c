"""Teams of the current workspace, and who belongs to which, with which modules."""

from collections.abc import Collection

from django.db.models import Count, OuterRef, QuerySet, Subquery

from mailweave.kit.errors import Expected
from mailweave.people.access import EVERYTHING, Member
from mailweave.people.members import take
from mailweave.people.models import Membership, Team

LONGEST = 80


def everyone() -> QuerySet[Team]:
    """All teams by name, each with how many members it has as ``size``."""
    mine = Membership.objects.filter(team=OuterRef("pk")).order_by().values("team")
    size = Subquery(mine.annotate(n=Count("pk")).values("n"))
    rows: QuerySet[Team] = Team.objects.annotate(size=size)
    return rows.order_by("name", "pk")


def add(name: str) -> Team:
    """A new team. Raises Expected for a name that is taken, or none."""
    team: Team = Team.objects.create(name=_checked(name))
    return team


def rename(team_id: int, name: str) -> Team:
    """Give a team another name. Raises Team.DoesNotExist, or Expected with the reason."""
    team: Team = Team.objects.select_for_update().get(pk=team_id)
    team.name = _checked(name, team_id)
    team.save(update_fields=["name"])
    return team


def remove(team_id: int) -> Team:
    """End a team; its members have none then. Raises Team.DoesNotExist."""
    team: Team = Team.objects.select_for_update().get(pk=team_id)
    Team.objects.filter(pk=team_id).delete()
    return team


def place(
    actor: Member, membership_id: int, team_id: int | None, modules: Collection[str]
) -> Membership:
    """Put a member into a team, with these modules. Raises Membership.DoesNotExist, or Expected.

    Owners and admins have every module, whatever is chosen: their choice counts when they are one
    no more.
    """
    found = take(actor, membership_id)
    if team_id is not None and not Team.objects.filter(pk=team_id).exists():
        raise Expected("That team is not here any more. Nothing was changed.")
    found.team_id = team_id
    if found.role not in EVERYTHING:
        found.modules = sorted(set(modules))
    found.save(update_fields=["team", "modules"])
    return found


def _checked(name: str, but: int = 0) -> str:
    tidy = " ".join(name.replace("\0", "").split())[:LONGEST]
    if not tidy:
        raise Expected("Give the team a name.")
    if Team.objects.filter(name__iexact=tidy).exclude(pk=but).exists():
        raise Expected(f"There is a team called {tidy} already.")
    return tidy
