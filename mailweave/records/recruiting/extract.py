"""The text of a document: a program of its own, run by :mod:`.extraction` in a child process.

``extract.py KIND < document`` writes one JSON object: ``text``, or ``fault``, a word. It imports
nothing of ours, so that it can be run apart from everything, and takes its own limits before it
looks at a single byte.
"""

import json
import re
import resource
import struct
import sys
import zipfile
from io import BytesIO
from itertools import pairwise
from typing import Any

CPU_SECONDS = 20
MEMORY = 1024 * 2**20
MOST_TEXT = 200_000
MOST_PAGES = 200
MOST_XML = 30 * 2**20
ENCRYPTED, SECOND_TABLE = 0x0100, 0x0200
"""Flags of the FibBase, [MS-DOC] section 2.5.2."""
WORD_97 = 0xC1
MAIN_TEXT, PIECES = 0x4C, 0x1A2
"""Where ccpText, and fcClx with lcbClx, stand in the WordDocument stream."""
ONE_BYTE = 1 << 30
SHOWN = {
    7: "\n",
    11: "\n",
    12: "\n",
    13: "\n",
    30: "-",
    160: " ",
    **dict.fromkeys((1, 2, 5, 8, 19, 20, 21, 31)),
}
"""Ends of cells, lines, pages and paragraphs, hyphens, and marks of what is no text."""
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class Fault(Exception):
    """Why there is no text, as a word: locked, damaged, large, old."""


def limit() -> None:
    """No more time, memory, files or processes than a document can need."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def pdf(data: bytes) -> str:
    """The text of a PDF, page after page."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Fault("locked")
        return _join(page.extract_text() for page in _first(reader.pages))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Fault("damaged") from error


def docx(data: bytes) -> str:
    """The text of a Word document, a paragraph a line."""
    from lxml import etree

    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, archive.open("word/document.xml") as part:
            xml = part.read(MOST_XML + 1)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, RuntimeError) as error:
        raise Fault("damaged") from error
    if len(xml) > MOST_XML:
        raise Fault("large")
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise Fault("damaged")  # no Word document has one
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return _join(_paragraphs(etree.fromstring(xml, parser)))
    except etree.XMLSyntaxError as error:
        raise Fault("damaged") from error


def doc(data: bytes) -> str:
    """The text of a document of Word 97 to 2003: its pieces in order, which the table stream names
    ([MS-DOC] sections 2.4.1 and 2.5.1,
    https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-doc/).
    """
    import olefile

    try:
        with olefile.OleFileIO(BytesIO(data)) as file:
            main = file.openstream("WordDocument").read()
            flags, version = (
                struct.unpack_from("<H", main, 10)[0],
                struct.unpack_from("<H", main, 2)[0],
            )
            if flags & ENCRYPTED:
                raise Fault("locked")
            if version < WORD_97:
                raise Fault("old")
            table = file.openstream("1Table" if flags & SECOND_TABLE else "0Table").read()
        start, size = struct.unpack_from("<2I", main, PIECES)
        (length,) = struct.unpack_from("<I", main, MAIN_TEXT)
        text = "".join(_pieces(main, _piece_table(table[start : start + size])))[:length]
    except (OSError, struct.error, ValueError, IndexError, TypeError, AttributeError) as error:
        raise Fault("damaged") from error
    # What a field shows stands between 14 and 15; what it is made from before that.
    text = re.sub("\x13[^\x13-\x15]*\x14?", "", text)
    return text.translate(SHOWN)[:MOST_TEXT]


def _piece_table(clx: bytes) -> bytes:
    """The PlcPcd of a Clx: it comes after any number of property modifiers."""
    at = 0
    while clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if clx[at] != 2:
        raise ValueError
    (size,) = struct.unpack_from("<I", clx, at + 1)
    return clx[at + 5 : at + 5 + size]


def _pieces(main: bytes, table: bytes) -> Any:
    count = (len(table) - 4) // 12
    places = struct.unpack_from(f"<{count + 1}I", table)
    size = 0
    for number, (first, last) in enumerate(pairwise(places)):
        (where,) = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * number + 2)
        one_byte = bool(where & ONE_BYTE)
        start = (where & (ONE_BYTE - 1)) // (2 if one_byte else 1)
        length = max(0, last - first) * (1 if one_byte else 2)
        size += length
        if size > MOST_XML:
            raise Fault("large")
        yield main[start : start + length].decode("cp1252" if one_byte else "utf-16-le", "replace")


def _paragraphs(root: Any) -> Any:
    for paragraph in root.iter(f"{WORD}p"):
        runs = paragraph.iter(f"{WORD}t", f"{WORD}tab", f"{WORD}br")
        yield "".join((one.text or "") if one.tag == f"{WORD}t" else " " for one in runs)


def _first(pages: Any) -> Any:
    for number, page in enumerate(pages):
        if number == MOST_PAGES:
            return
        yield page


def _join(pieces: Any) -> str:
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece) + 1
        if size > MOST_TEXT:
            break
    return "\n".join(found)[:MOST_TEXT]


READERS = {"pdf": pdf, "docx": docx, "doc": doc}


def main() -> None:
    """Read standard input, write what came of it."""
    limit()
    try:
        data = sys.stdin.buffer.read()
        answer = {"text": READERS[sys.argv[1]](data)}
    except Fault as fault:
        answer = {"fault": str(fault)}
    except (MemoryError, RecursionError):
        answer = {"fault": "large"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
