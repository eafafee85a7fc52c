"""CSV of all kinds: read whole, or refused in words."""

import pytest

from mailweave.kit.errors import Expected
from mailweave.records.crm import csvfile

TEXT = 'Name;E-mail\r\n"Zoë; Müller";zoe@acme.example\r\n\r\nJon;"j@acme.example"\r\n'
ROWS = ((2, ("Zoë; Müller", "zoe@acme.example")), (4, ("Jon", "j@acme.example")))


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_encodings(encoding: str, said: str) -> None:
    sheet = csvfile.read(TEXT.encode(encoding))
    assert (sheet.encoding, sheet.delimiter) == (said, ";")
    assert sheet.columns == ("Name", "E-mail")
    assert sheet.rows == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    text = f'Name{delimiter}Note\nMara{delimiter}"a, b; c | d"\nJon{delimiter}\n'
    sheet = csvfile.read(text.encode())
    assert sheet.delimiter == delimiter
    assert [cells for _, cells in sheet.rows] == [("Mara", "a, b; c | d"), ("Jon", "")]


def test_one_column_lines_in_cells_and_a_line_that_says_the_delimiter() -> None:
    assert csvfile.read(b"Name\nMara, CFO\n").rows[0][1][0] == "Mara"
    sheet = csvfile.read(b'sep=;\nName;Note\nMara;"one\ntwo"\nJon;x\n')
    assert [cells for _, cells in sheet.rows] == [("Mara", "one\ntwo"), ("Jon", "x")]
    assert csvfile.read(b",b\nx,y").columns == ("Column 1", "b")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"Name,Email\n", "no rows"),
        (b"PK\x03\x04...", "spreadsheet"),
        (b"Name\nMa\x00ra\n", "characters that no text has"),
        (b"Name\n\x81\xff\xfe\n", "no encoding"),
        (b"\xff\xfeN\x00\x00\xd8", "no encoding"),
        (b'Name,Note\nMara,"' + b"x" * 200_000, "quotation mark"),
        (b'Name,Note\nMara,"' + b"x" * 50_000 + b'"', "quotation mark"),
        (b"a," * 101 + b"b\nc\n", "more than 100 columns"),
        (b"Name\n" + b"x\n" * 100_001, "more than 100,000 rows"),
        (b"x" * (20 * 1024 * 1024 + 1), "larger than 20 MB"),
    ],
)
def test_what_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(Expected, match=said):
        csvfile.read(data)


def test_formulas_are_text_on_the_way_out_and_back() -> None:
    cells = ["=1+1", "+49 30 1", "-x", "@home", "\tx", "'quoted", "plain", "a=b", "'=odd"]
    written = "".join(csvfile.write([["h"] * len(cells), cells]))
    assert written.startswith("\ufeff")
    sheet = csvfile.read(written.encode())
    shown = sheet.rows[0][1]
    assert not any(cell.startswith(csvfile.FORMULA) for cell in shown)
    assert [csvfile.unescape(cell) for cell in shown][:8] == cells[:8]
