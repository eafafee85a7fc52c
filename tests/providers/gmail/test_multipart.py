"""Batches on bytes: composed as documented, taken apart whatever the order and the dirt."""

import pytest

from mailweave.providers.gmail import multipart

TYPE = "multipart/mixed; boundary=batch_abc"
TWO = b"""\
--batch_abc
Content-Type: application/http
Content-ID: <response-call+1>

HTTP/1.1 404 Not Found
Content-Type: application/json; charset=UTF-8
Retry-After: 7

{"error":{"code":404}}
--batch_abc
content-type: application/http
content-id: <call+0>

HTTP/2 200
Content-Type: application/json

{"id":"--batch_abc"}
--batch_abc--
"""


def crlf(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("body", [TWO, crlf(TWO), b"preamble\n" + TWO, crlf(TWO) + b"epilogue"])
def test_parts_are_matched_by_content_id(body: bytes) -> None:
    first, second = multipart.parse(TYPE, body)
    assert (first.number, first.status, first.retry_after) == (1, 404, "7")
    assert first.body.strip() == b'{"error":{"code":404}}'
    assert (second.number, second.status, second.retry_after) == (0, 200, "")
    assert second.body.strip() == b'{"id":"--batch_abc"}'


def test_a_quoted_boundary_is_understood() -> None:
    assert len(list(multipart.parse('multipart/mixed; boundary="batch_abc"', TWO))) == 2


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", TWO),
        ("text/html", b"<html>"),
        ("multipart/mixed", TWO),
        ("multipart/mixed; boundary=other", TWO),
        (TYPE, b""),
    ],
)
def test_something_else_is_malformed(content_type: str, body: bytes) -> None:
    with pytest.raises(multipart.Malformed):
        list(multipart.parse(content_type, body))


@pytest.mark.parametrize(
    "broken",
    [
        TWO.replace(b"+1>", b">"),
        TWO.replace(b"Content-ID: <response-call+1>\n", b""),
        TWO.replace(b"HTTP/1.1 404 Not Found", b"what?"),
        TWO.replace(b"call+1", b"call+9999999"),
    ],
)
def test_a_part_nobody_can_match_is_left_out(broken: bytes) -> None:
    assert [part.number for part in multipart.parse(TYPE, broken)] == [0]


def test_a_batch_that_breaks_off_gives_what_came() -> None:
    parts = list(multipart.parse(TYPE, crlf(TWO)[:-30]))
    assert [part.number for part in parts] == [1, 0]
    assert not parts[1].body.endswith(b"}")


def test_compose_numbers_its_calls() -> None:
    where = "/gmail/v1/users/me/messages"
    body = multipart.compose([("GET", f"{where}/a?x=1", None), ("GET", f"{where}/b", None)])
    assert body.count(b"Content-Type: application/http\r\n") == 2
    assert b"Content-ID: <call+1>\r\n\r\nGET /gmail/v1/users/me/messages/b HTTP/1.1\r\n" in body
    assert body.endswith(f"--{multipart.BOUNDARY}--\r\n".encode())
