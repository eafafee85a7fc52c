"""Whether a mailbox's provider tells us of changes, and if not, why; derived, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from mailweave.mail import policy
from mailweave.mail.models import Mailbox
from mailweave.providers import kinds
from mailweave.sync import subscriptions, trouble
from mailweave.sync.models import Sync
from mailweave.sync.subscriptions import Standing

DAY = 24 * 60
"""In minutes."""


@dataclass(frozen=True, slots=True)
class Push:
    """What a card says of it; all of it empty while there is nothing to say."""

    is_on: bool = False
    text: str = ""
    """How new mail comes in instead, and why."""
    retry_at: datetime | None = None


def judge(
    mailbox: Mailbox, sync: Sync | None, standing: Standing | None, rules: policy.Standing
) -> Push:
    """How a mailbox is told of changes now."""
    if mailbox.disconnected_at or sync is None or sync.problem in trouble.PERSONS_MOVE:
        return Push()
    if why := _why_not(mailbox, rules):
        return Push(text=f"{_polled(rules)}: {why}")
    if sync.push_problem:
        return Push(text=f"{_polled(rules)}. {sync.push_problem}", retry_at=sync.push_retry_at)
    return Push(is_on=bool(standing and standing.is_whole))


def _why_not(mailbox: Mailbox, rules: policy.Standing) -> str:
    if not rules.wants_push:
        return "the workspace's policy asks for no notices."
    if not settings.PUSH_URL:
        return "this installation has no public address."
    if not subscriptions.offered(mailbox.kind):
        company = kinds.describe(mailbox.kind).company
        return f"the operator has not set up notices from {company}."
    return ""


def _polled(rules: policy.Standing) -> str:
    minutes = int(rules.pause(is_told=False).total_seconds() // 60)
    often = "once a day" if minutes == DAY else f"every {minutes} minutes"
    return f"New mail is looked for {often}"
