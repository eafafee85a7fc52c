"""Attachments: whose they are, what they are called, and what is said when they are gone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import AsyncRequestFactory

from mailweave.kit.downloads import file_name
from mailweave.mail.models import Part
from mailweave.mail.reading import PartSource
from mailweave.providers.errors import AuthExpired, ConsentNeeded, Refused, Unavailable
from mailweave.sync import attachments as fetching
from mailweave.web import attachments
from tests import loops
from tests.makers_mail import make_part
from tests.web.letters import Post, make_post, make_stranger

pytestmark = pytest.mark.django_db
SOURCE = PartSource(1, "r1", "1", "a.pdf", "application/pdf", 5, "")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def bytes_of(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the provider answers: chunks, or an error to raise in their place."""
    answer: list[Any] = [b"first ", b"second"]

    def stream(workspace_id: int, source: PartSource) -> Iterator[bytes]:
        for one in answer:
            if isinstance(one, Exception):
                raise one
            yield one

    monkeypatch.setattr(fetching, "stream", stream)
    return answer


def attach(post: Post, *, state: str = "stored", **fields: Any) -> int:
    _, pk = post.letter(state=state, sender="mara@acme.example")
    with post.inside():
        return make_part(pk, **fields)


def test_an_attachment_is_saved_under_its_name(post: Post, bytes_of: list[Any]) -> None:
    answer = post.browser.get(f"/mail/attachments/{attach(post, filename='Angebot für.pdf')}/")
    assert b"".join(answer.streaming_content) == b"first second"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''Angebot%20f%C3%BCr.pdf"
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "application/xml", "text/javascript", "x/y"]
)
def test_what_could_run_has_no_type(post: Post, bytes_of: list[Any], kind: str) -> None:
    part = attach(post, content_type=kind, filename="x.html")
    answer = post.browser.get(f"/mail/attachments/{part}/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


def test_an_image_of_the_text_is_shown_by_its_bytes(post: Post, bytes_of: list[Any]) -> None:
    bytes_of[:] = [PNG, b"rest"]
    part = attach(post, content_type="image/svg+xml", filename="logo.svg")
    answer = post.browser.get(f"/mail/attachments/{part}/?inline=1")
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("inline")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert b"".join(answer.streaming_content) == PNG + b"rest"


@pytest.mark.parametrize("start", [b"<svg xmlns=", b"<html>", b"", b"GIF", b"%PDF-1.4"])
def test_nothing_else_is_shown_inline(post: Post, bytes_of: list[Any], start: bytes) -> None:
    bytes_of[:] = [start]
    part = attach(post, content_type="image/png")
    answer = post.browser.get(f"/mail/attachments/{part}/?inline=1")
    assert answer.status_code == 415
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert start not in answer.content or not start


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (AuthExpired("x"), 409, "must be reconnected"),
        (ConsentNeeded("x"), 409, "must be reconnected"),
        (Refused("x"), 410, "does not have this attachment any more"),
        (Unavailable("x"), 503, "did not answer"),
    ],
)
def test_failures_say_whose_move_it_is(
    post: Post, bytes_of: list[Any], error: Exception, status: int, words: str
) -> None:
    bytes_of[:] = [error]
    answer = post.browser.get(f"/mail/attachments/{attach(post)}/")
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_what_breaks_off_is_not_taken_for_whole(post: Post, bytes_of: list[Any]) -> None:
    bytes_of[:] = [b"half", Unavailable("x")]
    answer = post.browser.get(f"/mail/attachments/{attach(post)}/")
    with pytest.raises(Unavailable):
        list(answer.streaming_content)


def test_a_server_that_streams_holds_one_chunk_at_a_time(bytes_of: list[Any]) -> None:
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield b"%d" % number

    async def read() -> list[tuple[bytes, int]]:
        request = AsyncRequestFactory().get("/")
        answer: Any = attachments._stream(request, SOURCE, b"first ", chunks())
        return [(chunk, len(taken)) async for chunk in answer.streaming_content]

    assert loops.run(read()) == [(b"first ", 0), (b"0", 1), (b"1", 2), (b"2", 3)]


def test_a_deleted_message_has_no_attachments(post: Post, bytes_of: list[Any]) -> None:
    part = attach(post, state="gone")
    answer = post.browser.get(f"/mail/attachments/{part}/")
    assert answer.status_code == 410
    assert "was deleted in its mailbox" in answer.content.decode()
    assert make_stranger().get(f"/mail/attachments/{part}/").status_code == 404
    assert post.other.get(f"/mail/attachments/{part}/").status_code == 404


def test_rights_are_looked_at_now(post: Post, bytes_of: list[Any]) -> None:
    part = attach(post)
    path = f"/mail/attachments/{part}/"
    assert post.other.get(path).status_code == 404
    post.contact("Mara", "mara@acme.example")
    assert post.other.get(path).status_code == 200
    post.share("subject")
    assert post.other.get(path).status_code == 404
    assert make_stranger().get(path).status_code == 404
    assert post.browser.get("/mail/attachments/987654321/").status_code == 404
    with post.inside():
        Part.objects.all().delete()
    assert post.browser.get(path).status_code == 404


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\x\\y.exe", "C:_x_y.exe"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("a\r\nX: y\0.txt", "a_X: y_.txt"),
        ("", "attachment"),
        (" . ", "attachment"),
        ("a" * 300 + ".pdf", "a" * 150 + ".pdf"),
        ("b" * 300, "b" * 150),
    ],
)
def test_names_are_fit_for_files(given: str, made: str) -> None:
    assert file_name(given, "application/pdf") == made
