"""What a workspace decided about sending: read, and changed by its admins."""

from collections.abc import Sequence

from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.outbox import recipients
from mailweave.outbox.models import SendingRule
from mailweave.people.access import Member

MOST = 10
"""Addresses that every letter can be copied to."""
LARGEST = 100_000


def current() -> SendingRule:
    """The rule as it stands; its defaults until somebody decides."""
    return SendingRule.objects.first() or SendingRule()


def change(
    member: Member,
    *,
    copy_to: Sequence[str],
    mailbox_hour: int,
    mailbox_day: int,
    workspace_day: int,
) -> SendingRule:
    """Decide anew. Raises Expected for what cannot be. The caller asked whether ``member`` may."""
    found = recipients.read(copy_to)
    if wrong := [one.problem for one in found if one.problem]:
        raise Expected(" ".join(wrong))
    if len(found) > MOST:
        raise Expected(f"At most {MOST} addresses can get a copy of every message.")
    if not 1 <= mailbox_hour <= mailbox_day <= workspace_day <= LARGEST:
        raise Expected(
            "Limits are at least 1, and each at least as high as the one before: a mailbox in an "
            "hour, a mailbox in a day, the workspace in a day."
        )
    made: SendingRule
    made, _ = SendingRule.objects.update_or_create(
        defaults={
            "copy_to": [str(one) for one in found],
            "mailbox_hour": mailbox_hour,
            "mailbox_day": mailbox_day,
            "workspace_day": workspace_day,
            "changed_by_id": member.user_id,
            "changed_at": clock.now(),
        }
    )
    return made
