"""The bombs must be as big as they say, or a reader that survives them proves nothing."""

from email.parser import BytesHeaderParser

import pytest

from sandbox import bombs


@pytest.mark.parametrize("name", bombs.ALL)
def test_begins_as_a_mail(name: str) -> None:
    head = BytesHeaderParser().parsebytes(bombs.ALL[name]()[:400].rpartition(b"\r\n")[0])
    assert str(head["From"]) == "bomb@attacker.example"


@pytest.mark.parametrize(
    ("bomb", "piece", "times"),
    [
        (bombs.multipart(50), b"multipart/mixed", 50),
        (bombs.multipart(50), b"--\r\n", 50),
        (bombs.rfc822(50), b"message/rfc822", 50),
        (bombs.parts(50), b"\r\n--b\r\n", 50),
        (bombs.continuations(50), b"filename*", 50),
        (bombs.recipients(50), b"@crowd.example", 50),
        (bombs.references(50), b"@crowd.example", 50),
        (bombs.comments(50), b"(", 50),
        (bombs.words(50), b"=?utf-8?", 50),
        (bombs.html(50), b"<div>", 50),
    ],
)
def test_has_as_many_pieces_as_asked(bomb: bytes, piece: bytes, times: int) -> None:
    assert bomb.count(piece) == times


def test_sizes() -> None:
    assert len(bombs.headers()) > 9_900_000
    assert max(map(len, bombs.long_header(1_000).split(b"\r\n"))) > 1_000
    assert max(map(len, bombs.content_type().split(b"\r\n"))) > 990_000
