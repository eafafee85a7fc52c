"""What workers run for the CRM: a slice of an import, and a look for imports that wait."""

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from mailweave.kit import jobs, scope
from mailweave.records.crm import importing


@app.task(name="crm.import")
def import_(workspace_id: int, import_id: int) -> None:
    """A slice of importing a file."""
    close_old_connections()
    importing.advance(workspace_id, import_id)


@app.periodic(cron="* * * * * */20")  # the sixth field is seconds
@app.task(name="crm.sweep")
def sweep(timestamp: int) -> None:
    """Nudge every import that runs: a lost alarm costs seconds, no more."""
    del timestamp
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, import_id FROM crm_imports()")
        running = cursor.fetchall()
    for workspace_id, import_id in running:
        with scope.workspace(workspace_id):
            jobs.nudge("crm.import", workspace_id=workspace_id, import_id=import_id)
