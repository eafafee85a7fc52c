"""The rows in which a contact's addresses are typed: one each, and an empty one to go on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from mailweave.mime.address import normalise, parse_list

MAX_ROWS = 50
WRONG = "This is not an e-mail address. One looks like mara@acme.example."


@dataclass(frozen=True, slots=True)
class Row:
    """One input. ``error`` is what is wrong with its text, for the person who typed it."""

    index: int
    text: str
    primary: bool = False
    error: str = ""
    fresh: bool = False


def show(addresses: Sequence[str]) -> list[Row]:
    """Rows for addresses, the primary one first, and an empty one."""
    rows = [Row(index, text, primary=index == 0) for index, text in enumerate(addresses)]
    return [*rows, Row(len(rows), "", primary=not rows)]


def read(data: QueryDict) -> list[Row]:
    """The rows that were filled in, told what is wrong with them, and an empty one."""
    texts = [text.strip() for text in data.getlist("address")[:MAX_ROWS]]
    chosen = data.get("primary", "")
    filled = [(str(at) == chosen, text) for at, text in enumerate(texts) if text]
    rows = [_row(index, text, primary) for index, (primary, text) in enumerate(filled)]
    if rows and not any(row.primary for row in rows):
        rows[0] = replace(rows[0], primary=True)
    return [*rows, Row(len(rows), "", primary=not rows)]


def more(data: QueryDict) -> list[Row]:
    """The rows as they were typed, unjudged, with one more to type in."""
    texts = data.getlist("address")[: MAX_ROWS - 1]
    chosen = data.get("primary", "")
    rows = [Row(index, text, primary=str(index) == chosen) for index, text in enumerate(texts)]
    return [*rows, Row(len(rows), "", fresh=True)]


def good(rows: Sequence[Row]) -> list[str]:
    """The normalised addresses of rows without errors, the primary one first."""
    filled = sorted((row for row in rows if row.text), key=lambda row: not row.primary)
    return [address for row in filled if (address := _address(row.text))]


def _row(index: int, text: str, primary: bool) -> Row:
    error = (
        "" if _address(text) else "This is not an e-mail address. One looks like mara@acme.example."
    )
    return Row(index, text, primary, error)


def _address(text: str) -> str | None:
    """The normalised address people mean; ``Mara <mara@acme.example>`` may be pasted."""
    if "<" in text:
        found = parse_list(text)
        text = found[0].address if len(found) == 1 else ""
    return normalise(text)
