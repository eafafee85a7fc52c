"""Answers are read as they are, mended where mail is broken, refused where they are no JSON."""

import json
from typing import Any

import pytest

from mailweave.providers.graph import wire
from tests.providers.graph import stub


def page(*entries: Any) -> bytes:
    return json.dumps({"value": list(entries)}).encode()


def test_a_page_is_read_at_once() -> None:
    told, odd = wire.read_page(wire.MESSAGES, page(stub.message("a"), stub.message("b")))
    assert [one.id for one in told.value] == ["a", "b"]
    assert odd == []


def test_a_broken_entry_is_named_and_the_others_are_read() -> None:
    broken = stub.message("b", hasAttachments="maybe")
    told, odd = wire.read_page(wire.MESSAGES, page(stub.message("a"), broken, 7, {"id": 8}))
    assert [one.id for one in told.value] == ["a"]
    assert [one.id for one in odd] == ["b", "", ""]
    assert "hasAttachments" in odd[0].reason


@pytest.mark.parametrize("text", ["lone \ud83d surrogate", "nul \x00", "\ud83d\ude00 whole"])
def test_broken_text_is_mended(text: str) -> None:
    (got,) = wire.read_page(wire.MESSAGES, page(stub.message("a", subject=text)))[0].value
    assert got.subject == text.encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    ).replace("\ufffd", "?")
    assert bytes(got.from_)


def test_broken_utf_8_is_mended() -> None:
    body = page(stub.message("a", subject="here")).replace(b"here", b"\xff\xfe")
    (got,) = wire.read_page(wire.MESSAGES, body)[0].value
    assert got.subject == "\ufffd\ufffd"
    assert wire.read(wire.RECIPIENTS, got.from_) is not None


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"value":', b"{'value': []}", b"\xff"])
def test_what_is_no_json_is_garbage(body: bytes) -> None:
    with pytest.raises(wire.Garbage):
        wire.read_page(wire.MESSAGES, body)
    with pytest.raises(wire.Garbage):
        wire.read(wire.MESSAGE, body)


@pytest.mark.parametrize(
    "body", [b"[]", b"7", b"null", b"{}", b'{"value":null}', b'{"value":{}}', b"[" * 100_000]
)
def test_json_that_is_no_page_is_unreadable(body: bytes) -> None:
    with pytest.raises(wire.Unreadable) as caught:
        wire.read_page(wire.MESSAGES, body)
    assert type(caught.value) is wire.Unreadable


def test_links_of_a_wrong_kind_are_unreadable() -> None:
    with pytest.raises(wire.Unreadable):
        wire.read_page(wire.STATES, b'{"value":[],"@odata.nextLink":7}')


def test_everything_may_be_null_but_the_id() -> None:
    nothing = dict.fromkeys(stub.message("a"), None) | {"id": "a"}
    (got,) = wire.read_page(wire.MESSAGES, page(nothing))[0].value
    assert got.subject is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error":{"code":"ErrorItemNotFound","message":"x"}}', "erroritemnotfound"),
        (b'{"error":{"code":null,"message":null}}', ""),
        (b'{"error":{}}', ""),
    ],
)
def test_a_refusal_says_its_code(body: bytes, code: str) -> None:
    told = wire.told(body)
    assert told is not None
    assert told.code == code


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error":"text"}', b'{"error":{"code":7}}'])
def test_what_is_no_refusal_says_nothing(body: bytes) -> None:
    assert wire.told(body) is None
