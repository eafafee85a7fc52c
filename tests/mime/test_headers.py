import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailweave.mime.headers import (
    Headers,
    date,
    decode,
    is_automatic,
    is_bulk,
    message_id,
    references,
)


def test_headers_are_found_whatever_their_case_and_in_order() -> None:
    headers = Headers([("Received", "one"), ("RECEIVED", "two"), ("Subject", "x")])
    assert headers.first("received") == "one"
    assert headers.all("Received") == ("one", "two")
    assert headers.first("To") == ""
    assert "subject" in headers


def test_headers_are_capped() -> None:
    headers = Headers([("X", "y" * 100_000)] + [("A", "b")] * 2_000)
    assert len(headers.first("X")) == 64 * 1024
    assert len(headers.all("A")) == 999


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?caf=C3=A9?=", "café"),
        ("=?UTF-8?B?Y2Fmw6k=?=", "café"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?q?=C3?=\r\n =?utf-8?q?=A9?=", "é"),
        ("=?utf-8?b?Y2Fmw6k?=", "café"),
        ("=?utf-8?b?!!!?=", ""),
        ("=?utf-8?b?A?=", ""),
        ("=?x-unknown?q?caf=C3=A9?=", "café"),
        ("=?x-unknown?q?caf=E9?=", "café"),
        ("=?iso-8859-1?q?=80?=", "€"),
        ("=?utf-8*en?q?a_b?=", "a b"),
        ("=?ansi_x3.4-1968?q?a?=", "a"),
        ("=?gb2312?b?xOO6ww==?=", "你好"),
        ("=?idna?q?xn--abc?=", "xn--abc"),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("one\r\n two", "one two"),
        ("caf\udcc3\udca9", "café"),
        ("a\ud83dz", "az"),
    ],
)
def test_header_values_are_decoded(value: str, expected: str) -> None:
    assert decode(value) == expected


@pytest.mark.parametrize(
    "control",
    ["=0D=0A", "=0A", "=0D", "=00", "=1C", "=0B", "=0C", "=C2=85", "=E2=80=A8", "=E2=80=AE"],
)
def test_no_encoded_control_survives(control: str) -> None:
    decoded = decode(f"=?utf-8?q?x{control}Bcc:_evil@e.test?=")
    assert len(decoded.splitlines()) == 1
    assert decoded.isprintable()


@pytest.mark.parametrize("charset", ["uu", "hex", "base64", "zip", "rot13", "idna", "undefined"])
def test_what_is_no_text_encoding_is_none(charset: str) -> None:
    assert decode(f"=?{charset}?Q?M=C3=B6we?=") == "Möwe"


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"(=\?[a-z0-9-]{0,9}\?[bq]\?[^?]{0,9}\?= ?){1,3}"))
def test_any_value_is_decoded_onto_one_line(value: str) -> None:
    decoded = decode(value)
    assert len(decoded.splitlines()) <= 1
    decoded.encode()
    assert decode(decoded).isprintable() or not decoded.isascii()


@pytest.mark.parametrize(
    "unit", ["=?utf-8?q?a?= ", "=?", "=?a?q?", "=?a?b?", "?", "\r\n ", "\udcff"]
)
def test_long_values_are_decoded_quickly(unit: str) -> None:
    started = time.process_time()
    decode(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 1.0


def test_message_id() -> None:
    assert message_id(Headers([("Message-Id", " <a@x.example> ")])) == "a@x.example"
    assert message_id(Headers([("Message-ID", "<a\r\n b@x.example>")])) == "ab@x.example"
    assert message_id(Headers([("Message-ID", "a@x.example")])) == ""
    assert message_id(Headers([("Message-ID", f"<{'a' * 999}>")])) == ""
    assert message_id(Headers([])) == ""


def test_references_end_with_the_message_answered() -> None:
    headers = Headers([("In-Reply-To", "<3@x>"), ("References", "<1@x> <2@x>\r\n\t<1@x> junk")])
    assert references(headers) == ("1@x", "2@x", "3@x")


def test_a_hundred_references_at_most() -> None:
    headers = Headers([("References", " ".join(f"<{n}@x>" for n in range(5_000)))])
    assert references(headers) == tuple(f"{n}@x" for n in range(4_900, 5_000))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mon, 5 Feb 2024 10:00:00 +0100", datetime(2024, 2, 5, 9, tzinfo=UTC)),
        ("Mon, 5 Feb 2024 10:00:00 +1700", datetime(2024, 2, 4, 17, tzinfo=UTC)),
        ("Mon, 5 Feb 2024 10:00:00 +9999", datetime(2024, 2, 5, 10, tzinfo=UTC)),
        ("Mon, 5 Feb 2024 10:00:00 GMT (a comment)", datetime(2024, 2, 5, 10, tzinfo=UTC)),
        ("Mon, 5 Feb 2024 10:00:60 +0000", datetime(2024, 2, 5, 10, 0, 59, tzinfo=UTC)),
        ("Tue, 5 Feb 102 10:00:00 +0000", datetime(2002, 2, 5, 10, tzinfo=UTC)),
        ("5 Feb 99 10:00 EST", datetime(1999, 2, 5, 15, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_utc(value: str, expected: datetime) -> None:
    assert date(Headers([("Date", value)])) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage",
        "Mon, 32 Feb 2024 10:00:00 +0000",
        "1 Jan 1969 00:00:00 +0000",
        "1 Jan 99999 0:0",
        "1 Jan 2200 00:00:00 +0000",
        "1 Jan 9999 00:00:00 -2300",
        "1 Jan 2024 25:00:00 +0000",
        ",",
        "\x00",
    ],
)
def test_impossible_dates_are_none(value: str) -> None:
    assert date(Headers([("Date", value)])) is None


@settings(deadline=None)
@given(st.text(alphabet="0123456789 :+-,.JanFebMonGT()/", max_size=60) | st.text(max_size=40))
def test_any_date_is_read_without_an_error(value: str) -> None:
    moment = date(Headers([("Date", value)]))
    assert moment is None or (moment.tzinfo is UTC and 1970 <= moment.year < 2200)


@pytest.mark.parametrize(
    ("name", "value", "bulk", "automatic"),
    [
        ("List-Id", "<dev.x.example>", True, True),
        ("List-Unsubscribe", "<https://x.example/u>", True, True),
        ("Precedence", "Bulk", True, True),
        ("Precedence", "auto_reply", False, True),
        ("Precedence", "first-class", False, False),
        ("Auto-Submitted", "auto-replied; vendor=x", False, True),
        ("Auto-Submitted", "no (really)", False, False),
        ("Return-Path", "<>", False, True),
        ("Content-Type", "multipart/report; boundary=x", False, True),
        ("X-Auto-Response-Suppress", "All", False, False),
        ("Subject", "hello", False, False),
    ],
)
def test_mail_of_machines_is_told_apart(name: str, value: str, bulk: bool, automatic: bool) -> None:
    headers = Headers([(name, value)])
    assert is_bulk(headers) is bulk
    assert is_automatic(headers) is automatic
