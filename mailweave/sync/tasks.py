"""What workers run: one slice for one mailbox, a look around every ten seconds, a slower one."""

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from mailweave.kit import clock, jobs, scope
from mailweave.people import notifications, workspaces
from mailweave.sync import alerts, engine, purging


@app.task(name="sync.advance")
def advance(workspace_id: int, sync_id: int) -> None:
    """A slice of work for one mailbox."""
    close_old_connections()
    engine.advance(workspace_id, sync_id)


@app.task(name="sync.purge")
def purge(workspace_id: int, purge_id: int) -> None:
    """A slice of applying a stricter rule to what is stored."""
    close_old_connections()
    purging.advance(workspace_id, purge_id)


@app.periodic(cron="* * * * * */10")  # the sixth field is seconds
@app.task(name="sync.sweep")
def sweep(timestamp: int) -> None:
    """Nudge every mailbox that is due, and every purge: a lost alarm costs seconds, no more."""
    del timestamp
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, sync_id FROM sync_due(%s)", [clock.now()])
        due = cursor.fetchall()
        cursor.execute("SELECT workspace_id, purge_id FROM sync_purges()")
        purges = cursor.fetchall()
    for workspace_id, sync_id in due:
        with scope.workspace(workspace_id):
            jobs.nudge("sync.advance", workspace_id=workspace_id, sync_id=sync_id)
    for workspace_id, purge_id in purges:
        with scope.workspace(workspace_id):
            jobs.nudge("sync.purge", workspace_id=workspace_id, purge_id=purge_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="sync.watch")
def watch(timestamp: int) -> None:
    """Notice what no slice can: that there was none for long, or that an end draws near."""
    del timestamp
    close_old_connections()
    for workspace_id in workspaces.all_ids():
        with scope.workspace(workspace_id):
            alerts.look()
            purging.follow_up()
            notifications.forget_old()
