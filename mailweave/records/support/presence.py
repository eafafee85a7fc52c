"""Who else has a ticket open: a page says so every few seconds, and is forgotten when it stops."""

from datetime import timedelta

from mailweave.kit import clock
from mailweave.people.access import Member
from mailweave.records.support.models import Looker

GONE = timedelta(seconds=30)


def look(member: Member, ticket_id: int) -> list[str]:
    """Note that a member has the ticket open; the names of the others who do."""
    now = clock.now()
    Looker.objects.filter(at__lt=now - GONE).delete()
    Looker.objects.update_or_create(
        ticket_id=ticket_id, user_id=member.user_id, defaults={"at": now}
    )
    others = Looker.objects.filter(ticket_id=ticket_id).exclude(user_id=member.user_id)
    return list(others.order_by("user__name").values_list("user__name", flat=True))
