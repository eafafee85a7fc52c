"""JSON as it comes, mended where mail is broken and refused where it is not JSON."""

import pytest

from mailweave.providers.gmail import wire


def test_lone_surrogates_and_broken_utf_8_are_mended() -> None:
    lone = wire.read(wire.MESSAGE, b'{"id":"a","snippet":"x\\ud83d y\\u0000"}')
    assert lone.snippet == "x\ud83d y\x00"
    broken = wire.read(wire.MESSAGE, b'{"id":"a","snippet":"x\xff"}')
    assert broken.snippet == "x\ufffd"


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"id":"a"', b'{"id":"a"}x', b"\xff\xfe"])
def test_what_is_no_json_is_garbage(data: bytes) -> None:
    with pytest.raises(wire.Garbage):
        wire.read(wire.MESSAGE, data)


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"null",
        b"{}",
        b'{"id":null}',
        b'{"id":"a","labelIds":{}}',
        b'{"id":"a","payload":{"parts":[1]}}',
        b'{"id":"a","payload":' + b'{"parts":[' * 5000 + b"{}" + b"]}" * 5000 + b"}",
        b'{"id":"a","other":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda data: repr(data[:30]),
)
def test_what_has_another_shape_is_unreadable(data: bytes) -> None:
    with pytest.raises(wire.Unreadable) as caught:
        wire.read(wire.MESSAGE, data)
    assert not isinstance(caught.value, wire.Garbage)


def test_an_error_names_its_reasons() -> None:
    told = wire.told(
        b'{"error":{"code":403,"message":"m","status":"S","errors":[{"reason":"a"}],'
        b'"details":[{"@type":"t","reason":"b"},{"@type":"u"}]}}'
    )
    assert told == wire.Told("m", frozenset({"a", "b", "S"}))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"x"}', b'{"error":{}}'])
def test_a_page_from_somebody_else_is_no_error_envelope(body: bytes) -> None:
    assert wire.told(body) is None
