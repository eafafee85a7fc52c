"""What a file is by its bytes, whatever its name says. Pure, and quick for any input."""

import io
import zipfile

from mailweave.kit.errors import Expected
from mailweave.records.recruiting.models import ResumeFile

PDF, DOCX, DOC = ResumeFile.Kind.PDF, ResumeFile.Kind.DOCX, ResumeFile.Kind.DOC
ZIP = b"PK\x03\x04"
ENTRY = b"PK\x01\x02"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_ENTRIES = 2000

LIKE = (
    (b"<", "a web page or other markup"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"#!", "a program"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1f\x8b", "an archive"),
)
"""How files begin that are sent instead."""


def recognise(data: bytes) -> str:
    """The kind of a résumé (:class:`ResumeFile.Kind`); raises Expected, in words, for what is
    none, or holds macros, or is locked."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if head.startswith(b"%PDF-"):
        return PDF
    if data.startswith(ZIP):
        return _zipped(data)
    if data.startswith(OLE):
        return _compound(data)
    raise Expected(_instead(head))


def _zipped(data: bytes) -> str:
    if data.count(ENTRY) > MOST_ENTRIES:
        raise Expected("This is an archive of thousands of files, not a Word document.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {one.lower() for one in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Expected("The file is damaged: only a part of it arrived.") from error
    if any(name.endswith("vbaproject.bin") for name in names):
        raise Expected("The document contains macros. Ask for one without, or for a PDF.")
    if "word/document.xml" not in names:
        raise Expected("This is an archive or another kind of document, not a Word document.")
    return DOCX


def _compound(data: bytes) -> str:
    """Word 97's own format, and others that share its container; names in it are UTF-16."""
    if _wide("EncryptedPackage") in data:
        raise Expected("The document is protected by a password. Ask for one without.")
    if _wide("_VBA_PROJECT") in data or _wide("Macros") in data:
        raise Expected("The document contains macros. Ask for one without, or for a PDF.")
    if _wide("WordDocument") not in data:
        raise Expected("This is another kind of Office document, not a Word document.")
    return DOC


def _wide(name: str) -> bytes:
    return name.encode("utf-16-le")


def _instead(head: bytes) -> str:
    if not head:
        return "The file is empty."
    what = next((word for start, word in LIKE if head.startswith(start)), "")
    named = f"It is {what}" if what else "It is something else"
    return f"This is not a PDF or Word document, whatever its name says. {named}."
