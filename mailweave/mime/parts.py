"""The body of a message written: its parts, and how each of them is encoded."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence

from mailweave.mime import fields
from mailweave.mime.outgoing import File
from mailweave.mime.text import clean

Pieces = list[bytes]
"""A part, header and all, in pieces that are joined once."""

_ENDS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]+")
_PLAIN = re.compile(rb"(?:(?!From )(?!\.\r\n)[\t -~]{0,76}(?<![\t ])\r\n)*")


def lines(text: str) -> str:
    """``text`` with line ends as mail has them, one at its end, and without other controls."""
    text = _CONTROLS.sub("", _ENDS.sub("\r\n", clean(text)))
    return text if text.endswith("\r\n") else text + "\r\n"


def body(text: str, html: str, files: Sequence[File], *, seed: str) -> Pieces:
    """The fields and the content of a message's body; both texts as :func:`lines` makes them.

    Files with a content id are images of ``html``. ``seed`` makes the boundaries this message's
    own; none of them can stand in a part, since "=_" is in neither encoding.
    """
    mark = hashlib.sha256(seed.encode()).hexdigest()[:24]
    shown = [_file(one) for one in files if one.content_id]
    attached = [_file(one) for one in files if not one.content_id]
    whole = _text("plain", text)
    if html:
        whole = _multipart("alternative", f"=_a{mark}", [whole, _text("html", html)])
    if shown:
        whole = _multipart("related", f"=_r{mark}", [whole, *shown])
    if attached:
        whole = _multipart("mixed", f"=_m{mark}", [whole, *attached])
    return whole


def _multipart(kind: str, boundary: str, parts: Sequence[Pieces]) -> Pieces:
    inside = ' type="multipart/alternative";' if kind == "related" else ""
    words = [f"multipart/{kind};{inside}", f'boundary="{boundary}"']
    out = [fields.field("Content-Type", words), b"\r\n"]
    for part in parts:
        out += (f"--{boundary}\r\n".encode(), *part)
    return [*out, f"--{boundary}--\r\n".encode()]


def _text(kind: str, text: str) -> Pieces:
    encoding, content = _encoded(text.encode())
    return [
        fields.field("Content-Type", [f"text/{kind};", "charset=utf-8"]),
        fields.field("Content-Transfer-Encoding", [encoding]),
        b"\r\n",
        content,
    ]


def _encoded(data: bytes) -> tuple[str, bytes]:
    """(name, text) in the encoding that is readable as long as it is not much longer."""
    if _PLAIN.fullmatch(data):
        return "7bit", data
    quoted = binascii.b2a_qp(data, istext=True).replace(b"\r\nFrom ", b"\r\n=46rom ")
    quoted = b"=46" + quoted[1:] if quoted.startswith(b"From ") else quoted
    if len(quoted) <= len(data) * 5 // 3:
        return "quoted-printable", quoted
    return "base64", _base64(data)


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _file(file: File) -> Pieces:
    place = "inline" if file.content_id else "attachment"
    named = fields.parameter("filename", file.name)
    identified = [fields.field("Content-ID", [f"<{file.content_id}>"])] if file.content_id else []
    return [
        fields.field("Content-Type", [file.content_type]),
        fields.field("Content-Transfer-Encoding", ["base64"]),
        fields.field("Content-Disposition", [f"{place};", *named]),
        *identified,
        b"\r\n",
        _base64(file.data),
    ]
