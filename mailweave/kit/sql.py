"""Named queries from ``.sql`` files: each starts with ``-- name: what_it_is``."""

import re
from functools import lru_cache
from importlib import resources
from typing import Any

from django.db import connection

from mailweave.kit import scope

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@lru_cache(maxsize=64)
def load(package: str, file: str) -> dict[str, str]:
    """The queries of ``package``/sql/``file``.sql by name."""
    text = (resources.files(package) / "sql" / f"{file}.sql").read_text()
    pieces = NAME.split(text)
    return {name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}


def run(query: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Run a query in the current workspace, which it knows as ``workspace``; its rows, if any."""
    with connection.cursor() as cursor:
        cursor.execute(query, {"workspace": scope.current(), **parameters})
        return list(cursor.fetchall()) if cursor.description else []
