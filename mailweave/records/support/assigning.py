"""Who gets a ticket that a processor opens."""

from django.db.models import Count, F, Q

from mailweave.kit import clock
from mailweave.people import members
from mailweave.records.support.models import Processor, ProcessorAgent, Ticket
from mailweave.records.support.tickets import MODULE

Assignment = Processor.Assignment


def pick(processor: Processor) -> int | None:
    """The user a processor gives its next ticket to, and a note that it did; None where people take
    tickets themselves, or nobody it may choose works here any more."""
    if processor.assignment == Assignment.MANUAL:
        return None
    agents = list(
        ProcessorAgent.objects.filter(
            processor=processor, user__in=members.working_with(MODULE).values("user")
        ).order_by(F("given_at").asc(nulls_first=True), "pk")
    )
    if not agents:
        return None
    if processor.assignment == Assignment.LEAST_LOADED:
        load = _load([one.user_id for one in agents])
        agents.sort(key=lambda one: load.get(one.user_id, 0))  # stable: then in turn
    chosen = agents[0]
    ProcessorAgent.objects.filter(pk=chosen.pk).update(given_at=clock.now())
    return int(chosen.user_id)


def _load(user_ids: list[int]) -> dict[int, int]:
    """How many unsettled tickets each of these has."""
    unsettled = Q(status__in=Ticket.UNSETTLED, merged_into=None)
    rows = Ticket.objects.filter(unsettled, owner__in=user_ids).values("owner")
    return dict(rows.annotate(n=Count("pk")).values_list("owner", "n"))
