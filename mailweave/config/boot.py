"""What every process of ours does first: have a database that answers."""

import os
from pathlib import Path

from mailweave.config import database


def start() -> None:
    """Name the settings, and start the embedded PostgreSQL unless a server is configured."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailweave.config.settings")
    home = Path(__file__).resolve().parent.parent.parent
    database.start_embedded(Path(os.environ.get("MAILWEAVE_DATA", home / "var")).resolve())
