"""Named queries from ``.sql`` files: each starts with ``-- name: what_it_is``."""

import re
from functools import lru_cache
from importlib import resources

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@lru_cache(maxsize=64)
def load(package: str, file: str) -> dict[str, str]:
    """The queries of ``package``/sql/``file``.sql by name."""
    text = (resources.files(package) / "sql" / f"{file}.sql").read_text()
    pieces = NAME.split(text)
    return {name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}
