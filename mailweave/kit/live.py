"""Telling open pages that something changed: names only, never contents.

A browser that hears ``mailbox-12`` asks for it by the ordinary view, with the ordinary
permission check. Told inside the transaction, heard only if it commits.
"""

import json
from collections.abc import Iterable

from django.db import connection

from mailweave.kit import scope

CHANNEL = "mailweave_live"


def tell(*topics: str) -> None:
    """Tell the current workspace's open pages about ``topics``, when this transaction commits."""
    payload = json.dumps({"w": scope.current(), "t": sorted(set(topics))[:100]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def hear(payload: str) -> tuple[int, Iterable[str]]:
    """What a notification said: (workspace id, topics). Raises ValueError for anything else."""
    told = json.loads(payload)
    return int(told["w"]), [str(topic) for topic in told["t"]]
