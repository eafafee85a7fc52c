"""Inviting people by a link they can be handed: made, looked at, accepted, revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import QuerySet

from mailweave.kit import clock, scope
from mailweave.kit.errors import Expected
from mailweave.people.models import Invitation, Membership, User

LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Found:
    """An invitation as its link shows it to somebody who is not in the workspace yet."""

    workspace_id: int
    workspace_name: str
    invited_by: str
    role: str


def invite(invited_by_id: int, role: str, note: str = "") -> tuple[Invitation, str]:
    """A new invitation to the current workspace and its token, which is not kept."""
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        token_hash=hash_token(token),
        role=role,
        note=note,
        invited_by_id=invited_by_id,
        expires_at=clock.now() + LIFETIME,
    )
    return invitation, token


def find(token: str) -> Found:
    """What a token invites to, without any workspace set. Raises Expected if it is dead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM people_find_invitation(%s)", [hash_token(token)])
        row = cursor.fetchone()
    if row is None:
        raise Expected(
            "This invitation link is not valid any more. Links work once, for 7 days. "
            "Ask the person who sent it for a new one."
        )
    return Found(*row)


def pending() -> QuerySet[Invitation]:
    """The invitations to the current workspace that can still be accepted, newest first."""
    rows: QuerySet[Invitation] = Invitation.objects.filter(
        accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=clock.now()
    )
    return rows.select_related("invited_by").order_by("-pk")


def revoke(invitation_id: int) -> None:
    """End an invitation. Raises Invitation.DoesNotExist if there is none that can be accepted."""
    if not pending().filter(pk=invitation_id).update(revoked_at=clock.now()):
        raise Invitation.DoesNotExist


def accept(token: str, user: User) -> int:
    """Make ``user`` a member by this token, once; a new user is saved with it.

    Returns the workspace's id; raises Expected. Who is a member already does not use it up.
    """
    found = find(token)
    with scope.workspace(found.workspace_id):
        if user.pk and Membership.objects.filter(user=user).exists():
            raise Expected(
                f"You are in {found.workspace_name} already. The link can still be used."
            )
        taken = pending().filter(token_hash=hash_token(token)).update(accepted_at=clock.now())
        if not taken:
            raise Expected("This invitation has just been used.")
        if user.pk is None:
            user.save(force_insert=True)
        Membership.objects.create(user=user, role=found.role)
    return found.workspace_id


def hash_token(token: str) -> str:
    """What is kept of a token. It is 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
