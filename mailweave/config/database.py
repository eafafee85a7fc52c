"""Where the rows are: a PostgreSQL server by DATABASE_URL, or the embedded one."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mailweave.kit.postgres import Cluster, reachable_home

NAME = "mailweave"


def embedded(data_dir: Path) -> Cluster:
    """The embedded server's cluster under the data directory."""
    return Cluster(reachable_home(data_dir / "postgres"))


def start_embedded(data_dir: Path) -> None:
    """Start the embedded server unless a server is configured; returns when it answers."""
    if not os.environ.get("DATABASE_URL"):
        cluster = embedded(data_dir)
        cluster.start()
        cluster.create_database(NAME)


def read(data_dir: Path, role: str, *, pool: bool) -> dict[str, Any]:
    """Django's setting for the database. ``role`` is what the application works as.

    With ``pool`` connections are kept and shared by all threads of a process; every web request
    has a thread of its own, so without it each would open one. A pooling proxy in front of the
    server does the same, and wants it off.
    """
    url = os.environ.get("DATABASE_URL") or embedded(data_dir).url(NAME)
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("DATABASE_URL must be postgresql://user:password@host:port/name")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    port = options.pop("port", None) or str(parts.port or "")
    user = options.pop("user", None) or unquote(parts.username or "")
    if role and pool:
        options["options"] = f"-c role={role}"
    elif role:
        options["assume_role"] = role
    if pool:
        options["pool"] = {"min_size": 1, "max_size": 20, "timeout": 15}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or NAME,
        "USER": user,
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
