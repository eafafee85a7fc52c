"""The members of the current workspace: listed, given another role, removed."""

from django.db.models import Q, QuerySet

from mailweave.kit.errors import Expected
from mailweave.people.access import EVERYTHING, RULES, Member, RoleVerb
from mailweave.people.models import Membership, Role


def everyone() -> QuerySet[Membership]:
    """All members with their users, by name."""
    rows: QuerySet[Membership] = Membership.objects.select_related("user", "team")
    return rows.order_by("user__name", "pk")


def working_with(module: str) -> QuerySet[Membership]:
    """Those of all members who have a module's records, by name."""
    return everyone().filter(Q(role__in=EVERYTHING) | Q(modules__contains=[module]))


def who_may(verb: RoleVerb) -> set[int]:
    """The users the rules let do ``verb`` in this workspace."""
    rows = Membership.objects.filter(role__in=RULES[verb])
    return set(rows.values_list("user_id", flat=True))


def may_manage(actor: Member, role: str) -> bool:
    """Whether ``actor`` may give ``role`` to somebody, or take it away."""
    return actor.may("manage owners" if role == Role.OWNER else "manage members")


def roles_for(actor: Member) -> list[tuple[str, str]]:
    """The roles ``actor`` may hand out, as choices for a form."""
    return [(value, label) for value, label in Role.choices if may_manage(actor, value)]


def change_role(actor: Member, membership_id: int, role: str) -> Membership:
    """Give a member another role. Raises Membership.DoesNotExist, or Expected with the reason."""
    found = take(actor, membership_id)
    if role not in Role.values or not may_manage(actor, role):
        raise Expected("Only an owner can make somebody an owner.")
    if found.role == Role.OWNER and role != Role.OWNER:
        _spare_last_owner(found)
    found.role = role
    found.save(update_fields=["role"])
    return found


def remove(actor: Member, membership_id: int) -> Membership:
    """End a membership. Raises Membership.DoesNotExist, or Expected with the reason."""
    found = take(actor, membership_id)
    if found.role == Role.OWNER:
        _spare_last_owner(found)
    Membership.objects.filter(pk=found.pk).delete()
    return found


def take(actor: Member, membership_id: int) -> Membership:
    """The membership, locked, if ``actor`` may manage it. Raises Membership.DoesNotExist, or
    Expected."""
    locked = Membership.objects.select_for_update(of=("self",)).select_related("user")
    found: Membership = locked.get(pk=membership_id)
    if not may_manage(actor, found.role):
        raise Expected("Only an owner can change or remove an owner.")
    return found


def _spare_last_owner(found: Membership) -> None:
    """Refuse to leave the workspace without an owner, also when two people try at once."""
    owners = Membership.objects.select_for_update().filter(role=Role.OWNER).order_by("pk")
    if {owner.pk for owner in owners} <= {found.pk}:
        raise Expected(f"{found.user.name} is the only owner. Make somebody else an owner first.")
