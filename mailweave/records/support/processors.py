"""Processors: kept, with whom they may give tickets to; and the mailboxes they read, watched."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from mailweave.kit import clock
from mailweave.linking import handing
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.records.support.models import Processor, ProcessorAgent, Reading
from mailweave.records.support.tickets import MODULE


def mailboxes(member: Member) -> QuerySet[Mailbox]:
    """The connected mailboxes whose mail a member may have made into tickets: their own, and those
    that belong to the workspace."""
    rows: QuerySet[Mailbox] = Mailbox.objects.filter(disconnected_at=None)
    return rows.filter(Q(owner_id=member.user_id) | Q(delegate__isnull=False)).order_by("address")


def store(processor: Processor, agents: Sequence[int]) -> None:
    """Keep a processor, and see that it is handed what its mailbox receives from now on."""
    before = Processor.objects.filter(pk=processor.pk).values_list("mailbox_id", flat=True).first()
    processor.save()
    rows = ProcessorAgent.objects.filter(processor=processor)
    rows.exclude(user__in=agents).delete()
    ProcessorAgent.objects.bulk_create(
        [ProcessorAgent(processor=processor, user_id=one) for one in dict.fromkeys(agents)],
        ignore_conflicts=True,
    )
    _follow(processor.mailbox_id)
    if before and before != processor.mailbox_id:
        _follow(before)


def delete(processor: Processor) -> None:
    """Delete a processor. Its tickets stay, and so does what became of mail."""
    Reading.objects.filter(processor=processor).update(processor=None)
    processor.delete()
    _follow(processor.mailbox_id)


def agents(processor: Processor) -> list[int]:
    """The users it may give tickets to."""
    rows = ProcessorAgent.objects.filter(processor=processor).order_by("pk")
    return list(rows.values_list("user_id", flat=True))


def _follow(mailbox_id: int) -> None:
    """A mailbox is watched as long as an active processor reads it."""
    if Processor.objects.filter(mailbox_id=mailbox_id, active=True).exists():
        handing.watch(MODULE, mailbox_id, clock.now())
    else:
        handing.unwatch(MODULE, mailbox_id)
