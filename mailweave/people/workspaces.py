"""Opening a workspace, and finding the workspaces of a user."""

from django.db import connection, transaction

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.people import roles
from mailweave.people.access import Member
from mailweave.people.models import Membership, Role, User, Workspace


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
        return _members(f"{_MEMBERS} ORDER BY m.workspace_id", [user.pk])


def member(user_id: int | None) -> Member | None:
    """The member of the current workspace that this user is; None if they are none (any more)."""
    found = _members(f"{_MEMBERS} AND m.workspace_id = %s", [user_id, scope.current()])
    return found[0] if found else None


# Asked by every request, so it is not built anew each time. How far a role reaches is null where
# the admins of its workspace left that as it is.
_MEMBERS = """
    SELECT m.workspace_id, u.id, m.role, u.name, u.time_zone, m.modules, m.team_id,
        r.sees, r.edits, r.deletes, r.exports
    FROM people_membership m JOIN people_user u ON u.id = m.user_id
    LEFT JOIN people_rolereach r ON r.workspace_id = m.workspace_id AND r.role = m.role
    WHERE m.user_id = %s
"""


def _members(query: str, parameters: list[int | None]) -> list[Member]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [_member(row[:5], row[5], row[6], row[7:]) for row in cursor.fetchall()]


def _member(
    who: tuple[int, int, str, str, str],
    modules: list[str],
    team: int | None,
    reach: tuple[str, ...],
) -> Member:
    return Member(*who, frozenset(modules), team, roles.read(reach) if reach[0] else None)
