"""Opening a workspace, and finding the workspaces of a user."""

from django.db import transaction

from mailweave.kit import scope
from mailweave.people.access import Member
from mailweave.people.models import Membership, Role, User, Workspace


def is_first_run() -> bool:
    """Whether nobody has set this installation up yet."""
    return not User.objects.exists()


def open_workspace(name: str, owner_name: str, email: str, password: str, time_zone: str) -> User:
    """A new workspace with its first owner."""
    with transaction.atomic():
        workspace = Workspace.objects.create(name=name)
        owner = make_user(owner_name, email, password, time_zone)
        scope.tell_database(workspace.pk)
        Membership(workspace_id=workspace.pk, user=owner, role=Role.OWNER).save(force_insert=True)
    return owner


def make_user(name: str, email: str, password: str, time_zone: str = "UTC") -> User:
    """A user who can sign in. The password has been checked by the caller."""
    user = User(name=name, email=email, time_zone=time_zone)
    user.set_password(password)
    user.save(force_insert=True)
    return user


def memberships(user: User) -> list[Member]:
    """Where this user works, oldest workspace first."""
    with scope.user(user.pk):
        # The plain manager asks for a current workspace; here the user is the scope.
        rows = Membership._base_manager.filter(user=user).order_by("workspace_id")  # noqa: SLF001
        return [
            Member(row.workspace_id, user.pk, row.role, user.name, user.time_zone) for row in rows
        ]
