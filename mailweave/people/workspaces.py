"""Opening a workspace, and finding the workspaces of a user."""

from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONArray

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.people import roles
from mailweave.people.access import Member
from mailweave.people.models import Membership, Role, RoleReach, User, Workspace


def is_first_run() -> bool:
    """Whether nobody has set this installation up yet."""
    return not User.objects.exists()


def open_first(name: str, owner: User) -> User:
    """The first workspace, with ``owner`` (not saved yet). Raises Expected if there is a user.

    Two people who set up at the same moment are put in a row, and the second is refused.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('people.open_first'))")
        if not is_first_run():
            raise Expected("Somebody else has just set this installation up.")
        return open_for(name, owner)


def open_workspace(name: str, owner_name: str, email: str, password: str, time_zone: str) -> User:
    """A new workspace with its first owner, who is new as well."""
    owner = User(name=owner_name, email=email, time_zone=time_zone)
    owner.set_password(password)
    return open_for(name, owner)


def open_for(name: str, owner: User) -> User:
    """A new workspace owned by ``owner``, who is saved if they are new."""
    with transaction.atomic():
        workspace = Workspace.objects.create(name=name)
        if owner.pk is None:
            owner.save(force_insert=True)
        scope.tell_database(workspace.pk)
        Membership(workspace_id=workspace.pk, user=owner, role=Role.OWNER).save(force_insert=True)
    return owner


def make_user(name: str, email: str, password: str, time_zone: str = "UTC") -> User:
    """A user who can sign in. The password has been checked by the caller."""
    user = User(name=name, email=email, time_zone=time_zone)
    user.set_password(password)
    user.save(force_insert=True)
    return user


def all_ids() -> list[int]:
    """The numbers of all workspaces, for what is done in each of them."""
    return list(Workspace.objects.order_by("pk").values_list("pk", flat=True))


def memberships(user: User) -> list[Member]:
    """Where this user works, oldest workspace first."""
    with scope.user(user.pk):
        # The plain manager asks for a current workspace; here the user is the scope.
        rows = Membership._base_manager.filter(user=user).order_by("workspace_id")  # noqa: SLF001
        return [_member(user, row) for row in rows.annotate(reach=_reach())]


def member(user_id: int | None) -> Member | None:
    """The member of the current workspace that this user is; None if they are none (any more)."""
    rows = Membership.objects.filter(user=user_id).select_related("user")
    row = rows.annotate(reach=_reach()).first()
    return _member(row.user, row) if row else None


def _reach() -> Subquery:
    """What the admins of a membership's workspace chose for its role, null if they did not."""
    rows = RoleReach._base_manager.filter(  # noqa: SLF001
        workspace_id=OuterRef("workspace_id"), role=OuterRef("role")
    )
    return Subquery(rows.values(words=JSONArray("sees", "edits", "deletes", "exports"))[:1])


def _member(user: User, row: Any) -> Member:
    return Member(
        row.workspace_id,
        user.pk,
        row.role,
        user.name,
        user.time_zone,
        frozenset(row.modules),
        row.team_id,
        roles.read(row.reach) if row.reach else None,
    )
