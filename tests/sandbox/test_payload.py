"""Whatever is delivered is stored and served: broken, hostile, in any charset."""

import base64
import json
import time
from typing import Any

import pytest

from sandbox.google.charsets import decode
from sandbox.google.headers import shown_value
from sandbox.google.payload import find_part, render

MARK = "mark-nobody-guesses"


def opened(payload: dict[str, Any]) -> str:
    return base64.urlsafe_b64decode(payload["body"]["data"]).decode()


def tree(raw: bytes) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(raw, MARK).payload)
    return made


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("iso-8859-1", b"caf\xe9 \x80", "café €"),
        ("windows-1252", b"\x93x\x94", "“x”"),
        ("Shift_JIS", "日本".encode("shift_jis"), "日本"),
        ("ISO-2022-JP", "日本".encode("iso2022_jp"), "日本"),
        ("gb2312", "中国".encode("gbk"), "中国"),
        ("ks_c_5601-1987", "한국".encode("cp949"), "한국"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        (None, "grün".encode(), "grün"),
        (None, b"gr\xfcn", "grün"),
        ("x-unknown", "grün".encode(), "grün"),
        ("us-ascii", "grün".encode(), "grün"),
        ("rot13", b"abc", "abc"),
        ("utf-8", b"\xff ok", "ÿ ok"),
        ("utf-7", b"+2AA-x", "?x"),
        ("\x00\n; evil" * 50, b"ok", "ok"),
        ("punycode", b"abc-", "abc-"),
    ],
)
def test_charsets(charset: str | None, data: bytes, text: str) -> None:
    assert decode(data, charset) == text
    text.encode()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Subject", "=?utf-8?q?Gr=C3=BC=C3=9Fe?= to =?iso-8859-1?q?you=E9?=", "Grüße to youé"),
        ("Subject", "=?utf-8?b?w5xi?=\r\n =?utf-8?b?ZXI=?=", "Über"),
        ("Subject", "folded\r\n\tline", "folded line"),
        ("Subject", "=?nope?q?x?= =?utf-8?b?A?=", "x=?utf-8?b?A?="),
        ("From", "=?utf-8?q?M=C3=BCller=2C_Jos?= <a@b.example>", '"Müller, Jos" <a@b.example>'),
        ("From", '=?utf-8?q?a=22b?= <a@b.example>', '"a\\"b" <a@b.example>'),
        ("To", "Plain Name <a@b.example>, =?utf-8?q?=C3=9C?= <c@d.example>",
         'Plain Name <a@b.example>, "Ü" <c@d.example>'),
        ("To", '"Doe, J" <a@b.example>', '"Doe, J" <a@b.example>'),
        ("Subject", "raw gr\udcc3\udcbcn", "raw grün"),
    ],
)  # fmt: skip
def test_headers(name: str, value: str, shown: str) -> None:
    assert shown_value(name, value) == shown


MESSAGE = b"Content-Type: message/rfc822"
HOSTILE = {
    "empty": b"",
    "nuls": b"\x00" * 500,
    "no colon": b"just text\r\nmore\r\n",
    "only headers": b"Subject: x",
    "bad boundary": b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\ny",
    "unclosed": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody",
    "bad base64": b"Content-Transfer-Encoding: base64\r\n\r\n!!!abc\xff\r\n=x",
    "bad type": b"Content-Type: ;;; /\r\n\r\nx",
    "charset list": b"Content-Type: text/plain; charset*0*=utf-8''a; charset*1=b\r\n\r\nx",
    "odd filename": b"Content-Type: image/png; name*=utf-8''%ff%00..%2f\r\n\r\nx",
    "filename parts": b"Content-Type: a/b; name*9=x; name*0*=bad'x; name*1=\r\n\r\nx",
    "rfc822 base64": MESSAGE + b"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA",
    "rfc822 named 8bit": MESSAGE + b"; name=x.eml\r\n\r\nSubject: \xfc\r\n\r\n\xff",
    "external": b"Content-Type: message/external-body\r\n\r\nContent-Type: a/b\r\n\r\n",
    "surrogate": b"Subject: =?utf-7?q?+2AA-?=\r\n\r\n",
    "many headers": b"X: y\r\n" * 20_000 + b"\r\nbody",
    "huge header": b"Subject: " + b"a" * 2_000_000 + b"\r\n\r\nbody",
    "zone": b"Date: Mon, 02 Nov 2026 10:00:00 +1700\r\n\r\nx",
    "placeholder": b"Content-Type: a/b; name=x\r\n\r\n\x00",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_everything_is_stored_and_served(world: Any, raw: bytes) -> None:
    ana = "ana@company.example"
    number = world.state.deliver(ana, raw)
    messages = world.gmail().users().messages()
    for form in ("minimal", "metadata", "full", "raw"):
        got = messages.get(userId="me", id=number, format=form).execute()
        assert got["id"] == number
    assert base64.urlsafe_b64decode(got["raw"]) == raw
    world.gmail().users().threads().get(userId="me", id=number).execute()


def nested(depth: int) -> bytes:
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(depth)
    )
    return b"Subject: deep\r\n" + head + b"Content-Type: text/plain\r\n\r\nbottom\r\n"


@pytest.mark.parametrize("depth", [70, 500, 3000, 20_000])
def test_nesting_bombs_become_one_text_part(depth: int) -> None:
    started = time.process_time()
    payload = tree(nested(depth))
    assert time.process_time() - started < 5
    assert payload["mimeType"] == "text/plain"
    assert {"name": "Subject", "value": "deep"} in payload["headers"]
    assert "bottom" in opened(payload)


def test_rfc822_bombs_end_too() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\n" * 5000 + b"\r\nbottom"
    assert "bottom" in opened(tree(raw))


def test_deep_but_honest_mail_keeps_its_parts() -> None:
    payload = tree(nested(20))
    for _ in range(20):
        payload = payload["parts"][0]
    assert opened(payload) == "bottom"


def test_line_ends_inside_text_are_kept() -> None:
    assert opened(tree(b"Subject: x\r\n\r\none\r\ntwo\n")) == "one\r\ntwo\n"


def test_a_sender_cannot_forge_an_attachment_placeholder(world: Any) -> None:
    text = f"{MARK}0{MARK} {world.state.mark[:5]}"
    number = world.state.deliver("ana@company.example", world.letter(text=text, extra="X: y\r\n"))
    got = world.gmail().users().messages().get(userId="me", id=number).execute()
    assert opened(got["payload"]) == text + "\r\n"


def test_parts_are_found_by_their_ids() -> None:
    raw = nested(2)
    assert find_part(raw, "0.0") == b"bottom"
    for wrong in ("5", "0.0.0", "x", "-", "0..0"):
        assert find_part(raw, wrong) is None


def test_a_snippet_comes_from_html_when_there_is_no_text() -> None:
    raw = b"Content-Type: text/html\r\n\r\n<style>p{}</style><p>Tom &amp; <b>Jerry</b></p>"
    from sandbox.google.payload import snippet_of

    assert snippet_of(render(raw, MARK).plain) == "Tom &amp; Jerry"


@pytest.mark.parametrize("name", ["content-type", "Content-Disposition"])
def test_endless_parameters_do_not_stall(name: str) -> None:
    raw = f"Subject: deep\r\n{name}: a/b".encode() + b";\r\n x=y" * 100_000 + b"\r\n\r\nbottom"
    started = time.process_time()
    payload = tree(raw)
    assert time.process_time() - started < 2
    assert opened(payload) == "bottom"


def test_a_type_without_its_semicolon_is_still_a_type() -> None:
    payload = tree(b'Content-Type: text/plain\r\n charset="utf-8"\r\n\r\nx')
    assert payload["mimeType"] == "text/plain"


def test_an_attached_mail_opens_as_it_came_and_shows_its_parts() -> None:
    inner = (
        b"Subject: =?utf-8?q?caf=C3=A9?= " + b"long " * 40 + b"\r\nX-Raw: \xfc\r\n"
        b"Content-Type: text/plain; charset=latin-1\r\n\r\nFrom here \xe9\r\n"
    )
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/rfc822; name=fwd.eml\r\n\r\n" + inner + b"\r\n--b--\r\n"
    )
    part = tree(raw)["parts"][0]
    assert part["filename"] == "fwd.eml"
    assert part["body"] == {"attachmentId": f"{MARK}0{MARK}", "size": len(inner)}
    assert opened(part["parts"][0]) == "From here é\r\n"
    assert find_part(raw, "0") == inner
