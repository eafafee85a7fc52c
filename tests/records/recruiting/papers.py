"""Documents for tests: good ones, and what people and attackers send instead."""

import io
import struct
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


def word97(*pieces: str, version: int = 0xC1, flags: int = 0x0200, pieces_at: int = 0) -> bytes:
    """A document of Word 97 whose text is these pieces; those in Latin take a byte a character."""
    main = bytearray(2048)
    struct.pack_into("<2H", main, 0, 0xA5EC, version)
    struct.pack_into("<H", main, 10, flags)
    places, entries = [0], b""
    for piece in pieces:
        narrow = piece.isascii()
        where = len(main) * 2 | 1 << 30 if narrow else len(main)
        entries += struct.pack("<HIH", 0, where, 0)
        main += piece.encode("cp1252" if narrow else "utf-16-le")
        places.append(places[-1] + len(piece))
    table = struct.pack(f"<{len(places)}I", *places) + entries
    modifiers = b"\x01" + struct.pack("<H", 3) + b"abc"
    clx = modifiers + b"\x02" + struct.pack("<I", len(table)) + table
    struct.pack_into("<I", main, 0x4C, places[-1])
    struct.pack_into("<2I", main, 0x1A2, pieces_at, len(clx))
    return _compound({"WordDocument": bytes(main), "1Table": clx})


def _compound(streams: dict[str, bytes]) -> bytes:
    """A compound file ([MS-CFB]) of a few streams, each too long for the mini stream."""
    chains, body, following = [], b"", []
    for data in streams.values():
        whole = data + bytes(max(4096, -(-len(data) // 512) * 512) - len(data))
        first, count = len(following), len(whole) // 512
        chains.append((first, len(whole)))
        following += [*range(first + 1, first + count), 0xFFFFFFFE]
        body += whole
    directory = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)
    for number, (name, (first, size)) in enumerate(zip(streams, chains, strict=True), 1):
        beside = number + 1 if number < len(streams) else 0xFFFFFFFF
        directory += _entry(name, 2, first, size, beside=beside)
    directory += bytes(-len(directory) % 512)
    at, sectors = len(following), len(directory) // 512
    following += [*range(at + 1, at + sectors), 0xFFFFFFFE, 0xFFFFFFFD]
    fat = struct.pack("<128I", *following, *[0xFFFFFFFF] * (128 - len(following)))
    head = struct.pack("<8s16x5H6x", OLE[:8], 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, 1, at, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", at + sectors, *[0xFFFFFFFF] * 108)
    return head + body + directory + fat


def _entry(
    name: str,
    kind: int,
    first: int,
    size: int,
    *,
    child: int = 0xFFFFFFFF,
    beside: int = 0xFFFFFFFF,
) -> bytes:
    wide = name.encode("utf-16-le")
    named = wide + bytes(64 - len(wide)) + struct.pack("<H2B", len(wide) + 2, kind, 1)
    return named + struct.pack("<3I36xIQ", 0xFFFFFFFF, beside, child, first, size)


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
