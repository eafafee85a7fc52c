"""What workers run for the outbox: a slice for one letter, and a look around every ten seconds."""

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from mailweave.kit import clock, jobs, scope
from mailweave.outbox import delivery, drafts, identities, reports
from mailweave.people import workspaces
from mailweave.providers.errors import ProviderError


@app.task(name="outbox.advance")
def advance(workspace_id: int, submission_id: int) -> None:
    """What is due for one letter."""
    close_old_connections()
    delivery.advance(workspace_id, submission_id)


@app.task(name="outbox.report")
def report(workspace_id: int, report_id: int) -> None:
    """Read one report about a letter of ours."""
    close_old_connections()
    reports.advance(workspace_id, report_id)


@app.task(name="outbox.identify")
def identify(workspace_id: int, mailbox_id: int) -> None:
    """Ask as whom a mailbox may send."""
    close_old_connections()
    try:
        identities.refresh(workspace_id, mailbox_id)
    except ProviderError:
        return  # asked again with the next draft


@app.periodic(cron="* * * * * */10")  # the sixth field is seconds
@app.task(name="outbox.sweep")
def sweep(timestamp: int) -> None:
    """Nudge every letter and report that is due: a lost alarm costs seconds, no more."""
    del timestamp
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, submission_id FROM outbox_due(%s)", [clock.now()])
        due = cursor.fetchall()
        cursor.execute("SELECT workspace_id, report_id FROM outbox_reports_due(%s)", [clock.now()])
        unread = cursor.fetchall()
    for workspace_id, report_id in unread:
        with scope.workspace(workspace_id):
            jobs.nudge("outbox.report", workspace_id=workspace_id, report_id=report_id)
    for workspace_id, submission_id in due:
        with scope.workspace(workspace_id):
            jobs.nudge("outbox.advance", workspace_id=workspace_id, submission_id=submission_id)


@app.periodic(cron="17 * * * *")
@app.task(name="outbox.forget")
def forget(timestamp: int) -> None:
    """Drafts that were thrown away long ago are gone for good."""
    del timestamp
    close_old_connections()
    for workspace_id in workspaces.all_ids():
        with scope.workspace(workspace_id):
            drafts.forget_old()
