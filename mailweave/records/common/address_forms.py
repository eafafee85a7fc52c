"""The rows in which addresses are typed: one each, and an empty one to go on.

Of people's addresses one is primary; each of a company's is of a kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from mailweave.linking.models import RecordAddress
from mailweave.mime.address import normalise, parse_list
from mailweave.records.common.addresses import Pair

MAX_ROWS = 50
WRONG = "This is not an e-mail address. One looks like mara@acme.example."
KINDS = RecordAddress.Kind


@dataclass(frozen=True, slots=True)
class Row:
    """One input. ``error`` is what is wrong with its text, for the person who typed it."""

    index: int
    text: str
    primary: bool = False
    error: str = ""
    fresh: bool = False
    kind: str = KINDS.PRIMARY


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


def show_kinds(pairs: Sequence[Pair]) -> list[Row]:
    """Rows for a company's addresses, each with its kind, and an empty one."""
    rows = [Row(index, text, kind=kind) for index, (text, kind) in enumerate(pairs)]
    return [*rows, Row(len(rows), "", kind=_usual(rows))]


def read_kinds(data: QueryDict) -> list[Row]:
    """The company's rows that were filled in, told what is wrong with them, and an empty one."""
    filled = [(text, kind) for text, kind in _typed(data) if text]
    rows = [
        replace(_row(index, text, primary=False), kind=kind)
        for index, (text, kind) in enumerate(filled)
    ]
    return [*rows, Row(len(rows), "", kind=_usual(rows))]


def more_kinds(data: QueryDict) -> list[Row]:
    """The company's rows as they were typed, unjudged, with one more to type in."""
    typed = _typed(data)[: MAX_ROWS - 1]
    rows = [Row(index, text, kind=kind) for index, (text, kind) in enumerate(typed)]
    return [*rows, Row(len(rows), "", fresh=True, kind=_usual(rows))]


def good_kinds(rows: Sequence[Row]) -> list[Pair]:
    """The normalised addresses of rows without errors, each with its kind."""
    return [(address, row.kind) for row in rows if row.text and (address := _address(row.text))]


def _typed(data: QueryDict) -> list[Pair]:
    texts = [text.strip() for text in data.getlist("address")[:MAX_ROWS]]
    kinds = [kind if kind in KINDS.values else KINDS.ADDITIONAL for kind in data.getlist("kind")]
    kinds += [KINDS.ADDITIONAL] * (len(texts) - len(kinds))
    return list(zip(texts, kinds, strict=False))


def _usual(rows: Sequence[Row]) -> str:
    """What the next address of a company most likely is."""
    return KINDS.ADDITIONAL if rows else KINDS.PRIMARY


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
