"""Small files as people attach them: valid, invented, and the same bytes on every machine."""

import io
import struct
import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from html import escape

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WORD_XML = f'<w:document xmlns:w="{WORD}"><w:body>{{}}</w:body></w:document>'
FONT = b"/Resources << /Font << /F1 5 0 R >> >>"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def pdf(lines: tuple[str, ...]) -> bytes:
    """One A4 page of text that viewers open; characters outside Latin-1 become question marks."""
    shown = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines]
    stream = "BT /F1 11 Tf 56 780 Td 16 TL " + " ".join(f"({line}) Tj T*" for line in shown) + " ET"
    content = stream.encode("latin-1", errors="replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % FONT,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    return numbered(objects)


def numbered(objects: tuple[bytes, ...]) -> bytes:
    """PDF objects with their cross-reference table."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)


def png(width: int, height: int, colours: tuple[int, int], wave: int = 7) -> bytes:
    """A two-colour picture of a wave. Not compressed, so that no zlib version changes a byte."""
    palette = b"".join(colour.to_bytes(3, "big") for colour in colours)
    stride = (width + 7) // 8
    rows = bytearray()
    for y in range(height):
        bits = 0
        for x in range(stride * 8):
            crest = height / 2 + (abs((x * 3 + wave) % (4 * wave) - 2 * wave) - wave) * height / (
                4 * wave
            )
            bits = bits << 1 | (x < width and y > crest)
        rows += b"\0" + bits.to_bytes(stride, "big")
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(bytes(rows), 0)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def docx(paragraphs: tuple[str, ...]) -> bytes:
    """A Word document of plain paragraphs."""
    body = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in paragraphs)
    types = (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{DOCX}.main+xml"/></Types>'
    )
    rels = (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>'
    )
    return archive(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": rels,
            "word/document.xml": WORD_XML.format(body),
        }
    )


def archive(members: dict[str, str]) -> bytes:
    """A zip of text files, stored, with a fixed date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as box:
        for name, content in members.items():
            box.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content.encode())
    return out.getvalue()


def csv(rows: tuple[tuple[str, ...], ...], separator: str = ",") -> bytes:
    """A table as comma-separated values."""
    return "".join(separator.join(row) + "\r\n" for row in rows).encode()


def invitation(
    uid: str,
    title: str,
    start: datetime,
    minutes: int,
    organiser: str,
    guests: tuple[str, ...],
    method: str = "REQUEST",
) -> bytes:
    """An iCalendar object (RFC 5545), folded as it must be."""
    stamp = "%Y%m%dT%H%M%SZ"
    start = start.astimezone(UTC)
    answer = "ACCEPTED" if method == "REPLY" else "NEEDS-ACTION"
    who = f"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};RSVP=TRUE:mailto:"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Quillhaven//Calendar 3.1//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{start - timedelta(days=3):{stamp}}",
        f"DTSTART:{start:{stamp}}",
        f"DTEND:{start + timedelta(minutes=minutes):{stamp}}",
        f"SUMMARY:{title.replace(',', chr(92) + ',')}",
        f"ORGANIZER:mailto:{organiser}",
        *(who + guest for guest in guests),
        "SEQUENCE:0",
        f"STATUS:{'CANCELLED' if method == 'CANCEL' else 'CONFIRMED'}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(fold(line) + "\r\n" for line in lines).encode()


def fold(line: str) -> str:
    """RFC 5545 section 3.1: no line longer than 75 bytes, continuation lines begin with a space."""
    pieces, current = [], ""
    for letter in line:
        if len((current + letter).encode()) > 73:
            pieces.append(current)
            current = ""
        current += letter
    return "\r\n ".join([*pieces, current])


def tnef(subject: str) -> bytes:
    """A winmail.dat with a subject and nothing else, checksums right."""
    attributes = (
        (1, 0x00089006, struct.pack("<I", 0x00010000)),
        (1, 0x00069007, struct.pack("<II", 1252, 0)),
        (1, 0x00018004, subject.encode("cp1252", errors="replace") + b"\0"),
    )
    out = struct.pack("<IH", 0x223E9F78, 1)
    for level, kind, data in attributes:
        out += (
            struct.pack("<BII", level, kind, len(data))
            + data
            + struct.pack("<H", sum(data) & 0xFFFF)
        )
    return out
