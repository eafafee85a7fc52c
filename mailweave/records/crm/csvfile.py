"""CSV as people have it, in whatever encoding: read whole, or refused in words (RFC 4180).

Pure functions. Text stays text: what looks like a formula is neither computed nor, on its way out,
handed to a program that would.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mailweave.kit.errors import Expected

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_CELL = 20_000
DELIMITERS = ",;\t|"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula."""

_SHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SAMPLE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was read: its header, and each row that is not empty with its line."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(data: bytes) -> Sheet:
    """The file as rows of text. Raises Expected for what is too big or no CSV."""
    if len(data) > MAX_BYTES:
        raise Expected("The file is larger than 20 MB. Split it and import the parts.")
    text, encoding = decode(data)
    delimiter, text = _delimiter(text)
    rows = list(_rows(text, delimiter))
    if not rows:
        raise Expected("The file is empty.")
    _, header = rows[0]
    columns = tuple(name.strip()[:200] or f"Column {at}" for at, name in enumerate(header, 1))
    if len(rows) == 1:
        raise Expected("The file has a header and no rows.")
    return Sheet(encoding, delimiter, columns, tuple(rows[1:]))


def decode(data: bytes) -> tuple[str, str]:
    """The text, and the name of the encoding it is in: UTF-8, UTF-16 or Windows-1252."""
    if data.startswith(_SHEETS):
        raise Expected("This is a spreadsheet, not CSV. Save it as CSV and choose that file.")
    text, encoding = _decoded(data)
    if "\0" in text:
        raise Expected("This is not a CSV file: it holds characters that no text has.")
    return text, encoding


def escape(cell: str) -> str:
    """A cell as it is written: what a spreadsheet would compute gets an apostrophe before it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def unescape(cell: str) -> str:
    """A cell as it was before :func:`escape`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def write(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of CSV in UTF-8 with a mark that spreadsheets know it by, every cell escaped."""
    writer: Any = csv.writer(_Echo())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([escape(cell) for cell in row])


class _Echo:
    """What csv writes to: it hands each line back."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def _decoded(data: bytes) -> tuple[str, str]:
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"))
    for mark, name in (*marks, (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return _strictly(data, name), "UTF-8" if name == "utf-8-sig" else "UTF-16"
    if data[1:200:2].count(0) > len(data[1:200:2]) // 2:
        return _strictly(data, "utf-16-le"), "UTF-16"
    if data[:200:2].count(0) > len(data[:200:2]) // 2:
        return _strictly(data, "utf-16-be"), "UTF-16"
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _strictly(data, "cp1252"), "Windows-1252"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Expected(
            "The file is in no encoding we know. Save it as CSV in UTF-8 and try again."
        ) from error


def _delimiter(text: str) -> tuple[str, str]:
    """What parts the cells, and the text without a line that only says so."""
    first, _, rest = text.partition("\n")
    said = first.strip().strip('"').lower()
    if said.startswith("sep=") and len(said) == 5:  # as spreadsheets write it
        return said[4], rest
    sample = text[:_SAMPLE]
    return max(DELIMITERS, key=lambda one: _fit(sample, one)), text


def _fit(sample: str, delimiter: str) -> tuple[int, int]:
    """How many rows have as many cells as the header, more than one; and how many those are."""
    try:
        rows = [row for row, _ in zip(_reader(sample, delimiter), range(50), strict=False) if row]
    except csv.Error:
        return (0, 0)
    width = len(rows[0]) if rows else 0
    return (sum(len(row) == width for row in rows) if width > 1 else 0, width)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    reader = _reader(text, delimiter)
    found = 0
    line = 1
    try:
        for row in reader:
            start, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            found += 1
            _refuse(row, found, start)
            yield start, tuple(row)
    except csv.Error as error:
        raise Expected(
            f"Line {line} cannot be read: a quotation mark may be missing its partner."
        ) from error


def _refuse(row: Sequence[str], found: int, line: int) -> None:
    if found > MAX_ROWS + 1:
        raise Expected("The file has more than 100,000 rows. Split it and import the parts.")
    if len(row) > MAX_COLUMNS:
        raise Expected(f"Line {line} has more than {MAX_COLUMNS} columns.")
    if max(map(len, row)) > MAX_CELL:
        raise Expected(
            f"Line {line} has a cell of more than {MAX_CELL:,} characters: a quotation mark may be "
            "missing its partner."
        )


def _reader(text: str, delimiter: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
