"""Records that may be the same, side by side: one value of each field is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict


@dataclass(frozen=True, slots=True)
class Cell:
    """One record's value of a field."""

    pk: int
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A field in which the records may differ."""

    name: str
    label: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether there is anything to choose."""
        return len({cell.text for cell in self.cells}) > 1


def choices(fields: Sequence[tuple[str, str]], records: Sequence[Any]) -> tuple[Choice, ...]:
    """The fields (name, label) with each record's value; chosen is the first there is."""
    return tuple(_choice(name, label, records) for name, label in fields)


def chosen(fields: Sequence[tuple[str, str]], data: QueryDict) -> dict[str, int]:
    """By field, the record whose value was chosen, as a form sends it."""
    taken = {name: number(data.get(f"take_{name}", "")) for name, _ in fields}
    return {name: pk for name, pk in taken.items() if pk}


def picked(data: QueryDict, most: int) -> list[int]:
    """The numbers of the records that were picked, each once; at most one more than ``most``."""
    given = [number(text) for text in data.getlist("id")[: most + 1]]
    return list(dict.fromkeys(pk for pk in given if pk))


def number(text: str) -> int:
    """The number of a record as a form sends it; 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _choice(name: str, label: str, records: Sequence[Any]) -> Choice:
    shown = [(record.pk, _said(record, name)) for record in records]
    first = next((pk for pk, text in shown if text), shown[0][0])
    return Choice(name, label, tuple(Cell(pk, text, pk == first) for pk, text in shown))


def _said(record: Any, name: str) -> str:
    display = getattr(record, f"get_{name}_display", None)
    value = display() if display else getattr(record, name)
    return str(getattr(value, "name", value) or "")
