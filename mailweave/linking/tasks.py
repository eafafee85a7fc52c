"""What workers run for linking: a slice of linking stored mail anew, and a look for what is due."""

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from mailweave.kit import jobs, scope
from mailweave.linking import relinking


@app.task(name="linking.relink")
def relink(workspace_id: int, relinking_id: int) -> None:
    """A slice of looking at stored mail again."""
    close_old_connections()
    relinking.advance(workspace_id, relinking_id)


@app.periodic(cron="* * * * * */10")  # the sixth field is seconds
@app.task(name="linking.sweep")
def sweep(timestamp: int) -> None:
    """Nudge everything that goes on: a lost nudge costs seconds, no more."""
    del timestamp
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, relinking_id FROM linking_relinkings()")
        going = cursor.fetchall()
    for workspace_id, relinking_id in going:
        with scope.workspace(workspace_id):
            jobs.nudge("linking.relink", workspace_id=workspace_id, relinking_id=relinking_id)
