"""Waking a worker. Rows are the truth; losing every job must lose nothing but seconds.

Procrastinate is the alarm clock only: no lock, no built-in retry, no state in a job. Deferring
goes through an App of our own on Django's connection, so that a nudge inside a transaction is
rolled back with it; inside a worker the library's own app would use another connection.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

import procrastinate
from django.db import connection, transaction
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued


@lru_cache(maxsize=1)
def _clock() -> procrastinate.App:
    return procrastinate.App(connector=DjangoConnector())


def nudge(task: str, *, at: datetime | None = None, **arguments: int) -> None:
    """Ask a worker to run ``task`` (a dotted name) with ids, now or at ``at`` (aware UTC).

    Several nudges for the same thing now collapse into one that has not started, and so do alarms
    for the same second: whoever wakes and sets the next alarm must not make two of it. A later
    alarm never swallows a nudge for now.
    """
    key = ":".join([task, *(str(value) for _, value in sorted(arguments.items()))])
    options: dict[str, Any] = {"queueing_lock": key}
    if at:
        options = {"queueing_lock": f"{key}@{int(at.timestamp())}", "schedule_at": at}
    deferrer = _clock().configure_task(task, **options)
    try:
        # AlreadyEnqueued is a unique violation: without a savepoint it would end our transaction.
        with transaction.atomic():
            deferrer.defer(**arguments)
    except AlreadyEnqueued:
        return


def count() -> list[tuple[str, str, int]]:
    """How many jobs there are: (task, status, number)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, status::text, count(*) FROM procrastinate_jobs"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return list(cursor.fetchall())


def run_worker(concurrency: int) -> None:
    """Run jobs until told to stop (SIGINT or SIGTERM), finishing the ones in hand."""
    from procrastinate.contrib.django import app

    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    with worker.open():
        worker.run_worker(
            concurrency=concurrency,
            wait=True,
            fetch_job_polling_interval=0.3,
            shutdown_graceful_timeout=10,
            delete_jobs="always",
            install_signal_handlers=True,
        )
