"""Bytes of one part: found anew, streamed, and equal."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from mailweave.kit import clock
from mailweave.providers.errors import Refused, Unavailable
from mailweave.providers.gmail import attachments
from tests.providers.stub import NOW, Inner, each, found, message, reader, sealed

DATA = bytes(range(256)) * 40 + b"\xfb\xff"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(clock.Hands(NOW)):
        yield


def tree(leaf: dict[str, Any]) -> dict[str, Any]:
    return message(
        "a",
        payload={
            "partId": "",
            "parts": [
                {"partId": "0"},
                {"partId": "1", "parts": [{"partId": "1.0"}, {"partId": "1.1", "body": leaf}]},
            ],
        },
    )


def saying(body: bytes, *, step: int = 0) -> Any:
    """Answers the attachment with ``body``, in pieces of ``step`` bytes."""

    def say(request: httpx2.Request) -> httpx2.Response:
        if "/attachments/" not in request.url.path:
            return each(lambda _: found(tree({"size": 9, "attachmentId": "X/9"})))(request)
        assert request.url.raw_path.startswith(b"/gmail/v1/users/me/messages/a/attachments/X%2F9?")
        size = step or max(1, len(body))
        pieces = (body[at : at + size] for at in range(0, len(body), size))
        return httpx2.Response(200, content=pieces)

    return say


@pytest.mark.parametrize("step", [0, 1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(
    "shape",
    [
        '{{"data":"{}"}}',
        '{{\n  "size": 9,\n  "data" : "{}"\n}}\n',
        '{{"attachmentId":"x","size":9,"data":"{}","more":"QUJD"}}',
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_bytes_are_equal_however_they_come(step: int, shape: str, cut: int) -> None:
    data = DATA[: 600 - cut]
    with reader(saying(shape.format(sealed(data)).encode(), step=step)) as made:
        assert b"".join(made.attachment("a", "1.1")) == data


def test_escaped_or_absent_padding_is_understood() -> None:
    for text in (sealed(b"ab").replace("=", "\\u003d"), sealed(b"ab").rstrip("=")):
        with reader(saying(f'{{"data":"{text}"}}'.encode(), step=1)) as made:
            assert b"".join(made.attachment("a", "1.1")) == b"ab"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html>Sign in</html>",
        b'{"data":null}',
        b'{"data":"QUJD',
        b'{"data":"A"}',
        b'{"size":1,' * 100_000,
    ],
)
def test_what_is_no_attachment_is_unavailable(body: bytes) -> None:
    with reader(saying(body)) as made, pytest.raises(Unavailable):
        b"".join(made.attachment("a", "1.1"))


def test_only_the_ids_are_read_to_find_a_part() -> None:
    asked: list[str] = []

    def answer(path: str) -> Inner:
        asked.append(parse_qs(urlsplit(path).query)["fields"][0])
        if "/attachments/" in path:
            return found({"data": sealed(DATA)})
        return found(tree({"size": 9, "attachmentId": "X"}))

    with reader(each(answer)) as made:
        assert b"".join(made.attachment("a", "1.1")) == DATA
    own = "partId,body(attachmentId,size)"
    assert asked == [f"id,payload({own},parts({own},parts({own})))", "data"]


def test_a_part_that_lies_in_its_message_is_read_from_there() -> None:
    def answer(path: str) -> Inner:
        fields = parse_qs(urlsplit(path).query)["fields"][0]
        leaf = {"size": 9} if "(" in fields else {"size": 9, "data": sealed(DATA)}
        return found(tree(leaf))

    with reader(each(answer)) as made:
        assert b"".join(made.attachment("a", "1.1")) == DATA


def test_an_empty_part_is_empty_and_a_missing_one_is_refused() -> None:
    with reader(each(lambda _: found(tree({"size": 0})))) as made:
        assert b"".join(made.attachment("a", "1.1")) == b""
        with pytest.raises(Refused):
            list(made.attachment("a", "1.2"))


def test_deep_part_ids_ask_no_bottomless_question() -> None:
    assert attachments._mask("0." * 5000 + "0").count("parts(") < 30
