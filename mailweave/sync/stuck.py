"""Messages that were set aside: another try, when a person asks for it."""

from mailweave.kit import live
from mailweave.mail.models import Copy
from mailweave.sync import backfill
from mailweave.sync.models import Sync


def retry(mailbox_id: int) -> int:
    """Put what was set aside back on the list; returns how many."""
    rows = Copy.objects.filter(mailbox_id=mailbox_id, state=Copy.State.STUCK)
    count = rows.update(state=Copy.State.LISTED, reason="", place=-1)
    if count:
        live.tell(f"mailbox-{mailbox_id}")
        backfill.wake(Sync.objects.get(mailbox_id=mailbox_id))
    return count
