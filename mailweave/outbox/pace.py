"""How much may be sent from a mailbox, and from a workspace, and when there is room again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from mailweave.kit import clock
from mailweave.outbox import rules
from mailweave.outbox.models import Submission

MINUTE = 20
"""Letters a minute from one mailbox: Exchange Online takes 30 of all programs together
(https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits).
"""


@dataclass(frozen=True, slots=True)
class Hold:
    """Until when a letter waits, and why, in words."""

    until: datetime
    reason: str


def hold(submission: Submission) -> Hold | None:
    """What keeps a letter that is due from going now; None if nothing does."""
    rule = rules.current()
    every = Submission.objects.filter(sent_at__isnull=False)
    here = every.filter(mailbox_id=submission.mailbox_id)
    limits = (
        (here, timedelta(minutes=1), MINUTE, "from this mailbox in a minute"),
        (here, timedelta(hours=1), rule.mailbox_hour, "from a mailbox in an hour"),
        (here, timedelta(days=1), rule.mailbox_day, "from a mailbox in a day"),
        (every, timedelta(days=1), rule.workspace_day, "from this workspace in a day"),
    )
    found = [_full(rows, window, most, words) for rows, window, most, words in limits]
    return max((one for one in found if one), key=lambda one: one.until, default=None)


def _full(rows: "QuerySet[Submission]", window: timedelta, most: int, words: str) -> Hold | None:
    """When the oldest of the last ``most`` letters leaves the window, if they fill it."""
    since = clock.now() - window
    sent = rows.filter(sent_at__gt=since).order_by("-sent_at").values_list("sent_at", flat=True)
    last = sent[most - 1 : most].first() if most else clock.now()
    if last is None:
        return None
    return Hold(last + window, f"The limit is reached: {most} messages {words}.")
