"""Workspace, User, Membership, Team, RoleReach, Invitation, Notification: who works here, what they
may do, and what they are told."""

import zoneinfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from mailweave.kit import tenancy


def check_time_zone(name: str) -> None:
    """Refuse a name the tz database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Unknown time zone.")


class Workspace(models.Model):
    """The organisation; every tenant row belongs to one."""

    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds people by address, whatever its letter case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in. What they may do is decided by their memberships."""

    class Theme(models.TextChoices):
        SYSTEM = "system", "Same as my device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone])
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    hotkeys = models.BooleanField("single-key shortcuts", default=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_staff(self) -> bool:
        """Nobody has Django's own admin pages."""
        return False


class Role(models.TextChoices):
    """What a member may do in a workspace; see :mod:`mailweave.people.access`."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MANAGER = "manager", "Manager"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Scope(models.TextChoices):
    """Whose records a role reaches, the fewest first. A record that is nobody's is everybody's."""

    NONE = "none", "None"
    OWN = "own", "Their own"
    TEAM = "team", "Their team's"
    ALL = "all", "All"


class Team(tenancy.TenantModel):
    """Members who look after each other's records."""

    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", Lower("name"), name="team_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


def standard_modules() -> list[str]:
    """The record modules a member has until an admin decides: what is about applicants is closed
    to those who do not work on it."""
    return ["crm", "support"]


class Membership(tenancy.TenantModel):
    """A user in a workspace, with a role; ``modules`` are the record modules they have, which for
    owners and admins is all of them."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=8, choices=Role.choices)
    team = tenancy.foreign_key("people.Team", null=True)
    modules = ArrayField(models.CharField(max_length=32), default=standard_modules)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "user", name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
        ]
        indexes = [models.Index(fields=["user"], name="membership_by_user")]


class RoleReach(tenancy.TenantModel):
    """How far a role reaches in this workspace, where admins chose other than the standard of
    :mod:`mailweave.people.access`. ``before`` is what the last act replaced, so that it can be
    undone."""

    role = models.CharField(max_length=8, choices=Role.choices)
    sees = models.CharField(max_length=4, choices=Scope.choices)
    edits = models.CharField(max_length=4, choices=Scope.choices)
    deletes = models.CharField(max_length=4, choices=Scope.choices)
    exports = models.CharField(max_length=4, choices=Scope.choices)
    before = ArrayField(models.CharField(max_length=4), default=list)
    act = models.UUIDField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "role", name="role_reach_once"),
        ]


class Invitation(tenancy.TenantModel):
    """A link that lets one person join. Only a hash of its token is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=8, choices=Role.choices)
    note = models.CharField("who is it for?", max_length=120, blank=True)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "-id"], name="invitation_newest")]


class Notification(tenancy.TenantModel):
    """Something a user should know wherever they are: a trouble, until it is over.

    ::

        open ---> ended     the trouble is over; the line stays, and says so

    ``key`` names what it is about; a user has at most one open one about a thing. ``kind`` is a
    word of the room that tells, by which pages choose a picture.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=1000, blank=True)
    path = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_text = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                "user",
                "key",
                condition=models.Q(ended_at__isnull=True),
                name="notification_open_once",
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "user", "-id"], name="notification_newest")]

    @property
    def is_new(self) -> bool:
        """Whether it waits to be seen: what is over asks for nothing."""
        return self.seen_at is None and self.ended_at is None
