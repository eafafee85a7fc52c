"""What there is to read: the files of the repository, the modules, the rooms, the models."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "mailweave"

FLOORS = (
    ("config",),
    ("web", "records"),
    ("outbox",),
    ("sync", "journal"),
    ("linking",),
    ("mail",),
    ("people",),
    ("providers",),
    ("mime",),
    ("kit",),
)
"""The rooms from the roof down, as the import contracts in pyproject.toml have them."""


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file, read."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def room(self) -> str:
        """The room it stands in: the folder below ``mailweave``."""
        return self.path.relative_to(PRODUCT).parts[0]


@cache
def files() -> tuple[Path, ...]:
    """Every file that git keeps or would keep; without git, every file outside caches."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        told = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and _kept(path))
    found = (ROOT / name for name in sorted(told.split("\0")) if name)
    return tuple(path for path in found if path.is_file())


def _kept(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return not any(part in {"var", "__pycache__"} or part.startswith(".") for part in parts)


@cache
def modules() -> tuple[Module, ...]:
    """The product's Python files, without migrations."""
    found = (path for path in files() if path.suffix == ".py" and PRODUCT in path.parents)
    return tuple(
        Module(path, ast.parse(path.read_text(), str(path)))
        for path in found
        if "migrations" not in path.parts
    )


def templates() -> Iterator[tuple[str, str]]:
    """(path in the repository, text) of every template."""
    for path in files():
        if path.suffix == ".html" and "templates" in path.parts and PRODUCT in path.parents:
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def rooms() -> tuple[str, ...]:
    """Every room there is on disk."""
    return tuple(sorted({one.room for one in modules() if one.path.parent != PRODUCT}))


def floor(room: str) -> int:
    """How high a room lies; 0 is the ground."""
    return next(number for number, level in enumerate(reversed(FLOORS)) if room in level)


def room_of(model: type[models.Model]) -> str:
    """The room a model of ours is defined in."""
    return model.__module__.split(".")[1]


def own_models() -> tuple[type[models.Model], ...]:
    """The models the product defines."""
    return tuple(one for one in apps.get_models() if one.__module__.startswith("mailweave."))
