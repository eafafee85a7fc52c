"""What every process of ours does first: have a database that answers."""

import logging
import os
import threading
from pathlib import Path

from mailweave.config import database
from mailweave.kit.postgres import PostgresError

log = logging.getLogger(__name__)

LOOK, LONGEST_LOOK = 1.0, 30.0
"""Seconds between looks at the embedded server."""


def start() -> None:
    """Name the settings, and start the embedded PostgreSQL unless a server is configured."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailweave.config.settings")
    database.start_embedded(_data_dir())


def serve() -> None:
    """The same for a process that lives long: it also starts the server again when it has died.

    Whoever stops the server on purpose ends these processes first.
    """
    start()
    if not os.environ.get("DATABASE_URL"):
        threading.Thread(target=_keep, name="keep the database", daemon=True).start()


def _keep() -> None:
    server = database.embedded(_data_dir())
    waiting = threading.Event()
    pause = LOOK
    while True:
        waiting.wait(pause)
        pause = min(2 * pause, LONGEST_LOOK)  # a server that does not start is tried less often
        if server.running():
            pause = LOOK
            continue
        log.warning("The database server is gone; starting it again.")
        try:
            server.start()
        except (PostgresError, OSError) as error:
            log.warning("It does not start: %s", error)


def _data_dir() -> Path:
    home = Path(__file__).resolve().parent.parent.parent
    return Path(os.environ.get("MAILWEAVE_DATA", home / "var")).resolve()
