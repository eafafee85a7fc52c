"""Who else has a ticket open: a page says so every few seconds, and is forgotten when it stops."""

from dataclasses import dataclass
from datetime import timedelta

from mailweave.kit import clock
from mailweave.people.access import Member
from mailweave.records.support.models import Looker

GONE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else who has the ticket open, and whether they have begun to write there."""

    name: str
    writing: bool


def look(member: Member, ticket_id: int, *, writing: bool = False) -> list[Other]:
    """Note that a member has the ticket open, and whether they write something; the others who
    have it open."""
    now = clock.now()
    Looker.objects.filter(at__lt=now - GONE).delete()
    Looker.objects.update_or_create(
        ticket_id=ticket_id, user_id=member.user_id, defaults={"at": now, "writing": writing}
    )
    others = Looker.objects.filter(ticket_id=ticket_id).exclude(user_id=member.user_id)
    rows = others.order_by("user__name").values_list("user__name", "writing")
    return [Other(*row) for row in rows]
