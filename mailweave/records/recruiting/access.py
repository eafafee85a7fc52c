"""Who sees what of recruiting: those who have the module, and of them whom their role lets.

Everything here that reads rows for a member asks :func:`within`; every page asks :func:`enters`.
"""

from typing import Any

from django.db.models import QuerySet

from mailweave.people import access
from mailweave.people.access import Deed, Member

MODULE = "recruiting"


def enters(member: Member) -> bool:
    """Whether recruiting exists for this member at all."""
    return member.has(MODULE)


def within(member: Member, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the rows, which have an ``owner``, that this member may see."""
    return rows.filter(access.reach(member, "see", MODULE).owners())


def allows(member: Member, deed: Deed, owner_id: int | None) -> bool:
    """Whether this member may do that with a record of this owner."""
    return access.reach(member, deed, MODULE).holds(owner_id)
