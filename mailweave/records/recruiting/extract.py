"""The text of a document: a program of its own, run by :mod:`.extraction` in a child process.

``extract.py KIND < document`` writes one JSON object: ``text``, or ``fault``, a word. It imports
nothing of ours, so that it can be run apart from everything, and takes its own limits before it
looks at a single byte.
"""

import json
import resource
import sys
import zipfile
from io import BytesIO
from typing import Any

CPU_SECONDS = 20
MEMORY = 1024 * 2**20
MOST_TEXT = 200_000
MOST_PAGES = 200
MOST_XML = 30 * 2**20
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class Fault(Exception):
    """Why there is no text, as a word: locked, damaged, large."""


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


def main() -> None:
    """Read standard input, write what came of it."""
    limit()
    try:
        data = sys.stdin.buffer.read()
        answer = {"text": pdf(data) if sys.argv[1] == "pdf" else docx(data)}
    except Fault as fault:
        answer = {"fault": str(fault)}
    except (MemoryError, RecursionError):
        answer = {"fault": "large"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
