"""Documents for tests: good ones, and what people and attackers send instead."""

import io
import zipfile
import zlib

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(*lines: str) -> bytes:
    """A PDF of one page with these lines."""
    shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
    return _pdf(f"BT /F1 12 Tf 40 780 Td {shown} ET".encode())


def pdf_bomb(size: int) -> bytes:
    """A PDF whose one page unfolds to ``size`` bytes of drawing, four times over."""
    packed = b" " * size
    for _ in range(2):
        packed = zlib.compress(packed, 9)
    return _pdf(packed, filters="/Filter [/FlateDecode /FlateDecode]")


def locked_pdf() -> bytes:
    """A PDF that opens with a password only."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Secret"))))
    writer.encrypt("open sesame", algorithm="AES-256")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def docx(*paragraphs: str, xml: bytes = b"", extra: str = "") -> bytes:
    """A Word document with these paragraphs, or with this XML; ``extra`` names one more file."""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    document = f'<w:document xmlns:w="{NAMESPACE}"><w:body>{body}</w:body></w:document>'
    return archive(
        {"word/document.xml": xml or document.encode(), **({extra: b""} if extra else {})}
    )


def archive(files: dict[str, bytes]) -> bytes:
    """A ZIP archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return made.getvalue()


def doc(*names: str) -> bytes:
    """What looks like a compound file with streams of these names."""
    return OLE + b"".join(name.encode("utf-16-le") for name in names)


def _pdf(stream: bytes, filters: str = "") -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page + b"/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}{filters}>>stream\n".encode() + stream + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n".encode() + one + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    tail = f"trailer<</Size 6/Root 1 0 R>>\nstartxref\n{len(made)}\n%%EOF"
    return made + f"xref\n0 6\n0000000000 65535 f \n{table}".encode() + tail.encode()
