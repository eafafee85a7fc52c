"""Bodies of several parts, cut at their boundary without changing a byte inside."""

import re

BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
BLANK = re.compile(rb"\r?\n\r?\n")

Headers = dict[str, str]


def split_parts(content_type: str, body: bytes) -> list[tuple[Headers, bytes]]:
    """Every part as (headers, content); ValueError when the type names no boundary."""
    match = BOUNDARY.search(content_type)
    if match is None:
        raise ValueError("missing boundary")
    line = re.escape(b"--" + (match[1] or match[2]).encode("latin-1", "replace"))
    cut = re.split(rb"(?:^|\r?\n)" + line + rb"(--)?[ \t]*(?:\r?\n|$)", body)
    # The pattern's group stands between the chunks; it is set on the closing line.
    chunks = [cut[i] for i in range(2, len(cut), 2) if cut[i - 1] is None]
    return [_headers_and_rest(chunk) for chunk in chunks]


def read_headers(head: bytes) -> Headers:
    """Header lines by their lower-case names."""
    lines = (line.split(b":", 1) for line in re.split(rb"\r?\n", head) if b":" in line)
    return {
        name.strip().lower().decode("latin-1"): value.strip().decode("latin-1")
        for name, value in lines
    }


def cut_headers(data: bytes) -> tuple[bytes, bytes]:
    """What stands before the first empty line, and what after it."""
    pieces = BLANK.split(data, maxsplit=1)
    return pieces[0], pieces[1] if len(pieces) > 1 else b""


def _headers_and_rest(chunk: bytes) -> tuple[Headers, bytes]:
    if chunk.startswith((b"\r\n", b"\n")):
        return {}, chunk.lstrip(b"\r\n")
    head, rest = cut_headers(chunk)
    return read_headers(head), rest
