"""Reports that could not be read: told to whoever holds the mailbox, listed, tried again."""

from collections.abc import Collection

from django.db.models import QuerySet

from mailweave.kit import clock, jobs, live
from mailweave.mail.models import Mailbox
from mailweave.outbox.models import Report
from mailweave.people import notifications
from mailweave.sync import reports as holders


def wake(report: Report) -> None:
    """Have a worker read it."""
    jobs.nudge("outbox.report", workspace_id=report.workspace_id, report_id=report.pk)


def give_up(report: Report, why: str) -> None:
    """It cannot be read, for this reason: a sentence. Inside the caller's transaction."""
    state = {"state": Report.State.UNREADABLE, "why": why[:200], "due_at": None}
    Report.objects.filter(pk=report.pk).update(**state)
    mailbox = Mailbox.objects.select_related("owner", "delegate__owner").get(pk=report.mailbox_id)
    notifications.notify(
        [holders.holder(mailbox).pk],
        kind="bounce",
        key=_key(report.pk),
        title="A report about sent mail could not be read",
        text=f"{why} It came into {mailbox.address}, and may say that something was not delivered. "
        "The message itself is not lost. You can have it read again.",
        path=f"/settings/integrations/mailboxes/{mailbox.pk}/set-aside/",
    )
    live.tell(f"mailbox-{mailbox.pk}")


def of(mailbox_id: int) -> QuerySet[Report]:
    """Those of one mailbox, newest first."""
    rows = Report.objects.filter(mailbox_id=mailbox_id, state=Report.State.UNREADABLE)
    found: QuerySet[Report] = rows.select_related("message").order_by("-pk")
    return found


def retry(mailbox_id: int, only: Collection[int]) -> int:
    """Have these of a mailbox read again; how many there were."""
    found = list(of(mailbox_id).filter(pk__in=only))
    ids = [one.pk for one in found]
    fresh = {"state": Report.State.WAITING, "why": "", "tries": 0, "due_at": clock.now()}
    Report.objects.filter(pk__in=ids).update(**fresh)
    notifications.end([_key(pk) for pk in ids], "It is being read again.")
    for one in found:
        wake(one)
    return len(found)


def _key(report_id: int) -> str:
    return f"report-{report_id}"
