"""What workers run for linking: a slice of linking stored mail anew, plug-ins that read what was
handed to them, and a look for what is due."""

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from mailweave.kit import clock, jobs, scope
from mailweave.linking import handing, relinking


@app.task(name="linking.relink")
def relink(workspace_id: int, relinking_id: int) -> None:
    """A slice of looking at stored mail again."""
    close_old_connections()
    relinking.advance(workspace_id, relinking_id)


@app.task(name="linking.read")
def read(workspace_id: int) -> None:
    """Plug-ins read what was handed to them."""
    close_old_connections()
    handing.work(workspace_id)


@app.periodic(cron="* * * * * */10")  # the sixth field is seconds
@app.task(name="linking.sweep")
def sweep(timestamp: int) -> None:
    """Nudge everything that goes on: a lost nudge costs seconds, no more."""
    del timestamp
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, relinking_id FROM linking_relinkings()")
        going = cursor.fetchall()
        cursor.execute("SELECT workspace_id FROM linking_handed_due(%s)", [clock.now()])
        waiting = cursor.fetchall()
    for workspace_id, relinking_id in going:
        with scope.workspace(workspace_id):
            jobs.nudge("linking.relink", workspace_id=workspace_id, relinking_id=relinking_id)
    for (workspace_id,) in waiting:
        with scope.workspace(workspace_id):
            handing.wake()
