"""PostgreSQL's own programs, on whatever database Mailweave uses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests import database

SCRIPT = Path(__file__).resolve().parents[2] / "script" / "pg.py"


def run(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url}
    argv = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def url(db: None) -> str:
    return database.cluster().url(connection.settings_dict["NAME"])


def test_a_program_finds_the_database(url: str) -> None:
    told = run("psql", "-At", "-c", "SELECT current_database()", url=url)
    assert told.stdout.strip() == connection.settings_dict["NAME"], told.stderr


def test_what_a_program_answers_is_the_answer(url: str) -> None:
    assert run("psql", "-c", "SELECT 1 FROM nowhere", url=url).returncode == 1


@pytest.mark.parametrize("arguments", [(), ("--help",), ("no_such_program",)])
def test_what_is_no_program_is_said(arguments: tuple[str, ...], url: str) -> None:
    told = run(*arguments, url=url)
    assert told.returncode == 1
    assert "usage" in told.stderr or "There is no" in told.stderr
    assert "Traceback" not in told.stderr


def test_what_cannot_be_passed_on_is_refused(url: str) -> None:
    told = run("psql", url=f"{url}&gssencmode=disable")
    assert told.returncode == 1
    assert "gssencmode" in told.stderr
