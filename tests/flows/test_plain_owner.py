"""A database server of one's own, whose user owns one database and is nobody special."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import database

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.sql
@pytest.mark.usefixtures("db")
def test_who_is_no_superuser_can_prepare_and_sweep(settings: Any) -> None:
    cluster = database.cluster()
    with psycopg.connect(cluster.url(), autocommit=True) as server:
        name = f"plain_{os.getpid()}"
        server.execute(f"CREATE ROLE {name} LOGIN")
        server.execute(f"GRANT {settings.APP_ROLE} TO {name} WITH ADMIN OPTION")
        server.execute(f"CREATE DATABASE {name} OWNER {name}")
        address = cluster.url(name, name)
        try:
            done = subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0"],
                cwd=ROOT,
                env={**os.environ, "DATABASE_URL": address},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr[-2000:]
            with psycopg.connect(address) as owner:
                owner.execute(f"SET ROLE {settings.APP_ROLE}")
                owner.execute("SELECT set_config('mailweave.workspace_id', '7', true)")
                owner.execute("SELECT * FROM sync_due(now())")
                kept = owner.execute("SELECT current_setting('mailweave.workspace_id')").fetchone()
            assert kept == ("7",)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
            server.execute(f"DROP OWNED BY {name}")
            server.execute(f"DROP ROLE {name}")
