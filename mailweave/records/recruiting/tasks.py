"""What workers run for recruiting: a résumé fetched, a résumé read, and a look for what waits."""

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from mailweave.kit import clock, jobs, scope
from mailweave.records.recruiting import fetching, opening, resumes


@app.task(name="recruiting.read")
def read(workspace_id: int, resume_id: int) -> None:
    """The text of a résumé."""
    close_old_connections()
    resumes.read(workspace_id, resume_id)


@app.task(name="recruiting.fetch")
def fetch(workspace_id: int, wanted_id: int) -> None:
    """An attachment that is to be kept."""
    close_old_connections()
    fetching.fetch(workspace_id, wanted_id)


@app.task(name="recruiting.open")
def open_(workspace_id: int, entry_id: int) -> None:
    """A message that was forwarded as an attachment."""
    close_old_connections()
    opening.open_(workspace_id, entry_id)


@app.periodic(cron="* * * * * */10")  # the sixth field is seconds
@app.task(name="recruiting.sweep")
def sweep(timestamp: int) -> None:
    """Nudge everything that waits: a lost nudge costs seconds, no more."""
    del timestamp
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM recruiting_due(%s)", [clock.now()])
        waiting = cursor.fetchall()
    for workspace_id, what, pk in waiting:
        with scope.workspace(workspace_id):
            if what == "resume":
                jobs.nudge("recruiting.read", workspace_id=workspace_id, resume_id=pk)
            elif what == "wanted":
                jobs.nudge("recruiting.fetch", workspace_id=workspace_id, wanted_id=pk)
            else:
                jobs.nudge("recruiting.open", workspace_id=workspace_id, entry_id=pk)
