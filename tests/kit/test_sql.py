"""Queries by name, from files."""

from pathlib import Path

import pytest

import mailweave
from mailweave.kit import sql

FILES = sorted(Path(mailweave.__file__).parent.rglob("sql/*.sql"))


def test_queries_are_found_by_name() -> None:
    found = sql.load("mailweave.mail", "store")
    assert "INSERT INTO mail_message" in found["add_messages"]
    assert found is sql.load("mailweave.mail", "store")


def test_what_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        sql.load("mailweave.mail", "nothing")


@pytest.mark.parametrize("file", FILES, ids=lambda one: f"{one.parent.parent.name}-{one.stem}")
def test_every_file_names_each_query_once(file: Path) -> None:
    text = file.read_text()
    names = sql.NAME.findall(text)
    assert len(names) == len(set(names)) > 0
    assert all(query.strip() for query in sql.NAME.split(text)[2::2])
