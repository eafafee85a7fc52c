# ruff: noqa: RUF001 - letters of many alphabets on purpose
import email
import time
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime import compose
from mailweave.mime.address import parse_list
from mailweave.mime.compose import File, Outgoing, Person, Unwritable, write
from mailweave.mime.headers import Headers, decode, message_id, references
from mailweave.mime.parse import content, parse

ANA = Person("Ana Silva", "ana@quill.example")
BO = Person("Bo Li", "bo@haven.example")
LETTER = Outgoing(
    sender=ANA,
    to=(BO,),
    subject="Offer",
    text="Hello Bo",
    message_id="0123456789abcdef@quill.example",
    date=datetime(2026, 5, 3, 14, 5, tzinfo=timezone(timedelta(hours=2))),
)
OUTLOOK_ID = "AS8PR04MB{:04d}" + "F0C1A2B3D4E5" * 5 + "@AS8PR04MB8676.eurprd04.prod.outlook.example"


def strict(raw: bytes) -> EmailMessage:
    """The message as somebody else's parser has it; nothing in it may be found faulty."""
    message = cast(EmailMessage, email.message_from_bytes(raw, policy=policy.default))
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def test_a_plain_message_is_short_and_has_nothing_of_ours_in_it() -> None:
    assert write(LETTER).decode() == (
        "Date: Sun, 03 May 2026 14:05:00 +0200\r\n"
        "From: Ana Silva <ana@quill.example>\r\n"
        "To: Bo Li <bo@haven.example>\r\n"
        "Subject: Offer\r\n"
        "Message-ID: <0123456789abcdef@quill.example>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Hello Bo\r\n"
    )


def test_the_same_letter_gives_the_same_bytes() -> None:
    letter = replace(LETTER, html="<p>Hi", files=(File("a.pdf", "application/pdf", b"x"),))
    assert write(letter) == write(letter)


def test_every_level_is_there_and_only_if_needed() -> None:
    image = File("logo.png", "image/png", b"\x89PNG", "logo@quill")
    paper = File("offer.pdf", "application/pdf", b"%PDF")
    whole = strict(write(replace(LETTER, html='<img src="cid:logo@quill">', files=(paper, image))))
    assert [part.get_content_type() for part in whole.walk()] == [
        "multipart/mixed",
        "multipart/related",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    parts = list(whole.walk())
    assert (parts[5]["Content-ID"], parts[5].get_content_disposition()) == (
        "<logo@quill>",
        "inline",
    )
    assert (parts[6].get_filename(), parts[6].get_content_disposition()) == (
        "offer.pdf",
        "attachment",
    )
    plain = strict(write(replace(LETTER, files=(image,))))
    assert [part.get_content_type() for part in plain.walk()] == [
        "multipart/mixed",
        "text/plain",
        "image/png",
    ]
    assert plain.get_payload(1)["Content-ID"] is None  # type: ignore[union-attr, index]


@pytest.mark.parametrize("many", [2, 12, 40])
def test_long_references_stay_as_they_are(many: int) -> None:
    ids = tuple(OUTLOOK_ID.format(number) for number in range(many))
    raw = write(replace(LETTER, in_reply_to=ids[-1], references=ids))
    assert b"=?" not in raw.partition(b"\r\n\r\n")[0]
    kept = ids if many <= 11 else (ids[0], *ids[-10:])
    assert references(Headers(parse(raw).headers)) == kept
    assert strict(raw)["In-Reply-To"] == f"<{ids[-1]}>"
    assert strict(raw)["References"].split() == [f"<{one}>" for one in kept]


def test_the_message_answered_comes_last_and_ids_that_cannot_be_written_are_left_out() -> None:
    raw = write(
        replace(LETTER, in_reply_to="b@x", references=("a@x", "b@x", "ä@x", "c d", "e<f", "g\r\nB"))
    )
    assert strict(raw)["References"] == "<a@x> <b@x>"
    assert "References" not in strict(write(replace(LETTER, in_reply_to="no id", references=())))


@pytest.mark.parametrize(
    "name",
    [
        "Ana Silva",
        "Silva, Ana",
        "J. R. “Bob” Ødegård",
        'Ana "the pen" Silva\\',
        "阿娜·席尔瓦（销售部）" * 8,
        "ana@quill.example via Quill",
        "=?utf-8?q?admin?=",
        "Ana (Quill)",
        "Ana " * 60 + "Silva",
    ],
)
def test_names_come_out_as_they_went_in(name: str) -> None:
    raw = write(replace(LETTER, sender=Person(name, ANA.address), to=(Person(name, BO.address),)))
    for header in ("From", "To"):
        assert parse_list(Headers(parse(raw).headers).first(header))[0].name == name
        shown = strict(raw)[header].addresses[0].display_name
        assert shown.replace(" ", "") == name.replace(" ", "")  # theirs: bpo-35547
    assert strict(raw)["To"].addresses[0].addr_spec == BO.address


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "Grüße aus Łódź",
        "请查收附件中的报价单，谢谢！" * 10,
        "😀" * 120,
        "plain " * 60 + "end",
        "x" * 998,
        "=?utf-8?q?Re=3A_a?= literally",
        "mixed ß and = ? _ under_score",
    ],
)
def test_subjects_come_out_as_they_went_in(subject: str) -> None:
    raw = write(replace(LETTER, subject=subject))
    assert decode(Headers(parse(raw).headers).first("Subject")) == subject
    assert strict(raw)["Subject"] == subject
    words = [word for word in raw.split(b"\r\n\r\n")[0].split() if word.startswith(b"=?")]
    assert all(len(word) <= 75 for word in words)


@pytest.mark.parametrize(
    "name",
    [
        "résumé.pdf",
        'odd "quotes" and c:\\tmp\\b.txt',
        "请查收附件中的报价单" * 9 + ".docx",
        "a" * 150 + ".pdf",
        "100% of it; really='yes'.pdf",
    ],
)
def test_file_names_come_out_as_they_went_in(name: str) -> None:
    raw = write(replace(LETTER, files=(File(name, "application/pdf", b"%PDF"),)))
    expected = name.rpartition("\\")[2].strip()
    assert parse(raw).attachments[0].filename == expected
    assert [part.get_filename() for part in strict(raw).iter_attachments()] == [expected]


CONTROLS = ["\r", "\n", "\r\n", "\r\n\r\n", "\u2028", "\u2029", "\x85", "\v", "\f", "\x1c", "\x00"]


@pytest.mark.parametrize("control", [*CONTROLS, "=?utf-8?q?=0D=0A?=", "=?utf-8?b?DQo=?=", "\ud800"])
def test_no_value_holds_a_header(control: str) -> None:
    evil = f"a{control}Bcc: eve@evil.example{control}"
    letter = replace(
        LETTER,
        sender=Person(evil, ANA.address),
        reply_to=(Person(evil, ANA.address),),
        cc=(Person(evil, BO.address),),
        subject=evil,
        text=evil,
        html=f"<p>{evil}",
        files=(
            File(evil, f"text/x{control}Bcc: eve", b""),
            File(f"{control}.png", "image/png", b""),
        ),
        in_reply_to=evil,
        references=(evil,),
    )
    message = strict(write(letter))
    assert message.keys() == [
        *("Date", "From", "Reply-To", "To", "Cc", "Subject", "Message-ID"),
        *("MIME-Version", "Content-Type"),
    ]
    for part in message.walk():
        assert part["Bcc"] is None
    assert {part.get_content_type() for part in message.iter_attachments()} <= {
        "application/octet-stream",
        "image/png",
    }


@pytest.mark.parametrize("control", [*CONTROLS, ",", "<", ">", " ", "@", "ü", ":", "("])
def test_an_address_is_one_address_or_refused(control: str) -> None:
    for address in (f"bo{control}eve@haven.example", f"bo@haven.example{control}eve@evil.example"):
        with suppress(Unwritable):
            raw = write(replace(LETTER, to=(Person("", address),)))
            assert len(strict(raw)["To"].addresses) == 1
            assert strict(raw)["To"].addresses[0].domain == "haven.example"


def test_what_cannot_be_written_is_refused_in_words() -> None:
    with pytest.raises(Unwritable, match=r"letters that most mail servers do not take"):
        compose.ascii_address("josé@haven.example")
    with pytest.raises(Unwritable, match="no recipients"):
        write(replace(LETTER, to=()))
    crowd = tuple(Person("", f"p{number}@haven.example") for number in range(501))
    with pytest.raises(Unwritable, match="500 recipients"):
        write(replace(LETTER, to=crowd))
    with pytest.raises(Unwritable, match="998 characters"):
        write(replace(LETTER, subject="x" * 999))
    with pytest.raises(Unwritable, match="36 MB"):
        write(replace(LETTER, files=(File("a", "a/b", bytes(37 << 20)),)))
    with pytest.raises(Unwritable, match="id that cannot be written"):
        write(replace(LETTER, files=(File("a", "image/png", b"", "a>\r\nb"),)))


@pytest.mark.parametrize(
    "change",
    [
        {"date": datetime(2026, 5, 3)},  # noqa: DTZ001
        {"message_id": "a b"},
        {"headers": (("X-Other", "1"),)},
        {"headers": (("X-Mailweave-Key\r\nBcc", "1"),)},
        {"headers": (("X-Mailweave-Key", "1\r\nBcc: eve@evil.example"),)},
    ],
)
def test_what_no_person_chose_is_a_mistake_of_ours(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        write(replace(LETTER, **change))


def test_addresses_are_written_as_every_server_takes_them() -> None:
    assert compose.ascii_address("Ana@bücher.example") == "Ana@xn--bcher-kva.example"
    assert compose.ascii_address("a..b@docomo.example") == '"a..b"@docomo.example'
    assert compose.ascii_address('"a b"@haven.example') == '"a b"@haven.example'
    people = (Person("", "bo@haven.example"), Person("Again", "BO@haven.example"))
    assert strict(write(replace(LETTER, to=people)))["To"] == "bo@haven.example"


def test_our_own_headers_are_written() -> None:
    raw = write(replace(LETTER, headers=(("X-Mailweave-Key", "0f" * 16),), bcc=(BO,)))
    assert strict(raw)["X-Mailweave-Key"] == "0f" * 16
    assert strict(raw)["Bcc"] == "Bo Li <bo@haven.example>"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Hello\n-- \nAna", "quoted-printable"),
        ("From here on\nFrom there\n.\nlast", "quoted-printable"),
        ("a long line " * 100, "quoted-printable"),
        ("Grüße aus Köln, Ana", "quoted-printable"),
        ("请查收附件中的报价单，谢谢！", "base64"),
        ("one\r\ntwo\rthree\n\n", "7bit"),
    ],
)
def test_texts_come_out_as_they_went_in(text: str, encoding: str) -> None:
    raw = write(replace(LETTER, text=text, html=f"<p>{text}</p>"))
    part = cast(EmailMessage, strict(raw).get_payload(0))
    assert part["Content-Transfer-Encoding"] == encoding
    assert part.get_content().split() == text.split()
    assert b"\r\nFrom " not in raw.partition(b"\r\n\r\n")[2]
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_forty_files_and_fifty_people() -> None:
    files = tuple(File(f"scan {n} ü.png", "image/png", bytes([n]) * n) for n in range(40))
    crowd = tuple(Person(f"Person Nr. {n} Ä", f"person{n}@haven.example") for n in range(50))
    raw = write(replace(LETTER, to=crowd, cc=crowd[:25], files=files))
    assert [one.filename for one in parse(raw).attachments] == [one.name for one in files]
    assert content(raw, "40") == files[39].data
    assert len(strict(raw)["To"].addresses) == 50
    assert max(map(len, raw.split(b"\r\n"))) <= 100


def test_twenty_five_megabytes_take_a_moment_and_little_room() -> None:
    data = bytes(range(256)) * 4096 * 25
    tracemalloc.start()
    started = time.process_time()
    raw = write(replace(LETTER, html="<p>Here", files=(File("a.bin", "a/b", data),)))
    took, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert content(raw, "1") == data
    assert took < 8
    assert peak < 8 * len(data)


LINE = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=120)


@settings(deadline=None)
@given(subject=LINE, name=LINE, file=LINE, text=LINE, html=LINE)
def test_whatever_is_typed_can_be_sent(
    subject: str, name: str, file: str, text: str, html: str
) -> None:
    raw = write(
        replace(
            LETTER,
            sender=Person(name, ANA.address),
            subject=subject,
            text=text,
            html=html,
            files=(File(file, "image/png", b"x"), File(file, "image/png", b"x", "cid")),
        )
    )
    headers = Headers(parse(raw).headers)
    assert message_id(headers) == LETTER.message_id
    assert strict(raw)["From"].addresses[0].addr_spec == ANA.address
