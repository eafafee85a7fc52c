"""Plain functions that make people and workspaces for tests. Everything else makes its own rows."""

from collections.abc import Collection
from itertools import count

from django.test import Client

from mailweave.kit import scope
from mailweave.people import teams
from mailweave.people.access import Member
from mailweave.people.models import Membership, Role, Team, User, Workspace
from mailweave.people.workspaces import memberships
from mailweave.web.sign_in import BACKEND

PASSWORD = "correct horse battery"
_number = count(1)


def make_workspace(name: str = "Northwind") -> Workspace:
    """A workspace without anybody in it."""
    return Workspace.objects.create(name=name)


def make_user(
    name: str = "Sam Reyes",
    email: str = "",
    *,
    password: str = "",
    time_zone: str = "UTC",
) -> User:
    """A user in no workspace. Without a password nobody can sign in as them but a test's client."""
    user = User(
        name=name, email=email or f"person{next(_number)}@northwind.example", time_zone=time_zone
    )
    if password:
        user.set_password(password)
    else:
        user.password = "matches nothing"  # hashing takes its time
    user.save()
    return user


def make_member(
    role: str = Role.OWNER,
    workspace: Workspace | None = None,
    user: User | None = None,
    *,
    name: str = "Sam Reyes",
    email: str = "",
    time_zone: str = "UTC",
    modules: Collection[str] | None = None,
    team: Team | None = None,
) -> Member:
    """A member of ``workspace`` (a new one unless given), who is a new user unless given."""
    workspace = workspace or make_workspace()
    user = user or make_user(name, email, time_zone=time_zone)
    with scope.workspace(workspace.pk):
        given = {} if modules is None else {"modules": sorted(modules)}
        Membership.objects.create(user=user, role=role, team=team, **given)
    (member,) = (one for one in memberships(user) if one.workspace_id == workspace.pk)
    return member


def make_team(workspace: Workspace, name: str = "Sales") -> Team:
    """A team without anybody in it."""
    with scope.workspace(workspace.pk):
        return teams.add(name)


def signed_in(member: Member, *, csrf: bool = False) -> Client:
    """A browser in which ``member`` is signed in; with ``csrf``, one that checks forms' tokens."""
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(User.objects.get(pk=member.user_id), backend=BACKEND)
    return client
