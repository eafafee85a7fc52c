# ruff: noqa: E501 - bombs are long
import base64
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime.parse import Part, content, parse

NESTED = b"""From: Anna <anna@x.example>
Subject: =?utf-8?q?Caf=C3=A9?=
 and cake
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--inner
Content-Type: text/html; charset=utf-8

<p>Gr\xc3\xbc\xc3\x9fe</p>
--inner--
--outer
Content-Type: image/png; name="logo.png"
Content-ID: <logo@x>
Content-Transfer-Encoding: base64

aGVsbG8=
--outer
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf

%PDF
--outer--
epilogue
"""


def test_a_nested_message_is_read_with_gmails_numbers() -> None:
    parsed = parse(NESTED)
    assert parsed.headers[1] == ("Subject", "=?utf-8?q?Caf=C3=A9?= and cake")
    assert parsed.text == "Grüße"
    assert parsed.html == "<p>Grüße</p>"
    assert parsed.attachments == (
        Part("1", "logo.png", "image/png", 5, "logo@x", inline=True),
        Part("2", "résumé.pdf", "application/pdf", 4, "", inline=False),
    )
    assert parsed.truncated == ""
    assert content(NESTED, "1") == b"hello"
    assert content(NESTED, "0.0") == b"Gr\xfc\xdfe"
    assert content(NESTED, "7") is None


def test_line_ends_do_not_matter() -> None:
    assert parse(NESTED.replace(b"\n", b"\r\n")) == parse(NESTED)


def test_what_python_writes_is_read_back() -> None:
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("Füße\n")
    message.add_alternative("<p>Füße</p>\n", subtype="html")
    message.add_attachment(
        b"\x00\xff" * 99, maintype="application", subtype="zip", filename="ü.zip"
    )
    parsed = parse(message.as_bytes())
    assert (parsed.text, parsed.html) == ("Füße\n", "<p>Füße</p>\n")
    assert parsed.attachments == (Part("1", "ü.zip", "application/zip", 198, "", inline=False),)
    assert content(message.as_bytes(), "1") == b"\x00\xff" * 99


def test_a_message_in_a_message_is_an_attachment_to_open() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
    raw += NESTED + b"\n--b--\n"
    (part,) = parse(raw).attachments
    assert part.content_type == "message/rfc822"
    inner = content(raw, part.part_id)
    assert inner is not None
    assert parse(inner).text == "Grüße"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"Subject: x", ""),
        (b"\n\nno headers", ""),
        (b"From someone Mon\nSubject: x\n\nbody", "body"),
        (b"Content-Type: text/plain; charset=x-unknown\n\ncaf\xc3\xa9", "café"),
        (b"Content-Type: text/plain; charset=x-unknown\n\ncaf\xe9", "café"),
        (b"Content-Type: text/plain; charset=utf-8\n\ncaf\xe9", "café"),
        (b"Content-Type: text/plain; charset=utf-16\n\nabc", "abc"),
        (b"Content-Type: text/plain; charset=idna\n\nabc", "abc"),
        (b"Content-Type: garbage\nContent-Disposition: inline\n\nabc", None),
        (b"Content-Type: multipart/mixed\n\nno boundary", "no boundary"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nopen end", "open end"),
        (b"Content-Transfer-Encoding: base64\n\naGV\xffsbG8!", "hello"),
        (b"Content-Transfer-Encoding: base64\n\nA", ""),
        (b"Content-Transfer-Encoding: x-odd\n\nabc", "abc"),
    ],
)
def test_broken_messages_give_what_they_hold(raw: bytes, text: str | None) -> None:
    assert (parse(raw).text or "") == (text or "")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (r'filename="..\..\x.exe"', "x.exe"),
        ('filename="/etc/passwd"', "passwd"),
        ('filename="invoice.pdf' + " " * 200 + '.exe"', "invoice.pdf .exe"),
        ('filename="a\u202egpj.exe"', "agpj.exe"),
        ('filename="=?utf-8?q?x=0d=0aBcc:_evil?="', "x Bcc: evil"),
        ("filename*0*=utf-8''%C3%A9; filename*1=b.pdf", "éb.pdf"),
        ("filename=plain.txt; filename*=utf-8''real.txt", "real.txt"),
        ('filename="' + "x" * 500 + '.pdf"', "x" * 159 + "…" + "x" * 36 + ".pdf"),
        ('filename=".."', ""),
    ],
)
def test_file_names_are_harmless(disposition: str, name: str) -> None:
    raw = f"Content-Type: application/zip\nContent-Disposition: attachment; {disposition}\n\nx"
    (part,) = parse(raw.encode()).attachments
    assert part.filename == name


def test_a_content_type_cannot_carry_markup() -> None:
    (part,) = parse(
        b"Content-Type: text/<script>\nContent-Disposition: attachment\n\nx"
    ).attachments
    assert part.content_type == "application/octet-stream"


def nested(depth: int) -> bytes:
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)
    )
    return b"Subject: bomb\n" + b"".join(levels) + b"\nx\n"


LINES = (b"A" * 76 + b"\n") * 100_000
BOMBS = {
    "nested": (nested(5_000), "deep"),
    "nested and long": (nested(900) + LINES, "deep"),
    "parts": (b"Subject: bomb\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000, "parts"),
    "headers": (b"Subject: bomb\n" + b"X: y\n" * 1_000_000 + b"\nx", "256 KB"),
    "many headers": (b"Subject: bomb\n" + b"X: y\n" * 5_000 + b"\nx", "1,000 headers"),
    "long header": (b"Subject: bomb\nX: " + b"y" * 100_000 + b"\n\nx", "64 KB"),
    "folded header": (b"Subject: bomb\n" + b" y\n" * 3_000_000, "256 KB"),
    "parameters": (b"Subject: bomb\nContent-Type: text/plain; " + b";" * 100_000 + b"\n\nx", "64 KB"),
    "rfc 2231": (b"Subject: bomb\nContent-Type: text/plain; " + b"".join(b"a*%d=x;" % n for n in range(50_000)) + b"\n\nx", "256 KB"),
    "quotes": (b"Subject: bomb\nContent-Type: text/plain; " + b'a="\\' * 9_000 + b"\n\nx", ""),
    "messages": (b"Subject: bomb\n" + b"Content-Type: message/rfc822\n\n" * 5_000, ""),
    "blank lines": (b"Subject: bomb\n\n" + b"\n" * 5_000_000, ""),
    "size": (b"Subject: bomb\n\n" + b"x" * (51 * 1024 * 1024), "50 MB"),
    "text": (b"Subject: bomb\n\n" + b"x" * (11 * 1024 * 1024), "10 MB"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_gives_its_headers_and_the_reason(name: str) -> None:
    raw, reason = BOMBS[name]
    started = time.process_time()
    parsed = parse(raw)
    assert time.process_time() - started < 2.0
    name, value = parsed.headers[0]
    assert name == "Subject"
    assert value.startswith("bomb")
    assert reason in parsed.truncated
    assert bool(parsed.truncated) is bool(reason)


PIECES = st.sampled_from(
    [b"\n", b"\r\n", b"--b", b"--b--", b"Content-Type: multipart/mixed; boundary=b", b"\x00", b"\xff", b"Content-Type: text/plain; charset=utf-7", b"Content-Transfer-Encoding: base64", b"==", b":", b"Content-Disposition: attachment; filename*0*=x''%", b" ", b"text", b'"', b"\\", b"From "]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map(b"".join) | st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(raw: bytes) -> None:
    parsed = parse(raw)
    for part in parsed.attachments:
        assert content(raw, part.part_id) is not None
    (parsed.text or "").encode()
    (parsed.html or "").encode()


def test_size_is_that_of_the_decoded_bytes() -> None:
    raw = b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
    (part,) = parse(raw + base64.encodebytes(b"z" * 1_000)).attachments
    assert part.size == 1_000
    assert part.part_id == ""
