"""Files of a letter: in pieces, as images, taken out; and what is refused."""

from typing import Any

import pytest

from mailweave.outbox import files
from mailweave.outbox.models import Draft, DraftFile
from tests.browser.test_composer import PIXEL
from tests.web.letters import Post, make_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def draft(post: Post) -> int:
    answer = post.browser.post("/compose/")
    return int(answer["Location"].split("/")[2])


def begin(post: Post, draft: int, size: int, name: str = "offer.pdf", **more: str) -> Any:
    facts = {"name": name, "type": "application/pdf", "size": str(size), **more}
    return post.browser.post(f"/compose/{draft}/files/", facts)


def put(post: Post, path: str, start: int, data: bytes) -> int:
    kind = "application/octet-stream"
    return int(post.browser.post(f"{path}?start={start}", data, content_type=kind).status_code)


def test_a_file_comes_in_pieces_and_goes_on_where_it_stopped(post: Post, draft: int) -> None:
    path = begin(post, draft, 10)["Location"]
    assert put(post, path, 0, b"01234") == 200
    assert put(post, path, 0, b"01234") == 200
    assert put(post, path, 7, b"789") == 422
    assert put(post, path, 5, b"56789") == 200
    with post.inside():
        assert DraftFile.objects.get().ready
    answer = post.browser.get(path)
    assert answer.content == b"0123456789"
    assert answer["Content-Disposition"] == 'attachment; filename="offer.pdf"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_only_images_are_shown(post: Post, draft: int) -> None:
    path = begin(post, draft, len(PIXEL), "dot.html", inline="1")["Location"]
    put(post, path, 0, PIXEL)
    answer = post.browser.get(path)
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("inline")
    with post.inside():
        one = DraftFile.objects.get()
    html = f'<p><img src="{path}"><img src="/compose/{draft}/files/999/"></p>'
    given = {"version": "1", "mode": "rich", "html": html, "do": "save"}
    post.browser.post(f"/compose/{draft}/", given)
    with post.inside():
        assert Draft.objects.get().html == f'<p><img src="cid:{one.content_id}"></p>'
    assert (
        f"&lt;img src=&quot;{path}&quot;" in post.browser.get(f"/compose/{draft}/").content.decode()
    )


def test_there_is_a_limit_and_it_is_said(post: Post, draft: int) -> None:
    answer = begin(post, draft, files.LARGEST + 1)
    assert answer.status_code == 422
    assert "25 MB" in answer.content.decode()
    for size in ("-1", "x", "9" * 20):
        facts = {"name": "a", "size": size}
        assert post.browser.post(f"/compose/{draft}/files/", facts).status_code == 404


def test_it_can_be_taken_out_with_and_without_script(post: Post, draft: int) -> None:
    first, second = (begin(post, draft, 0)["Location"] for _ in range(2))
    assert post.browser.post(f"{first}remove/").status_code == 204
    number = second.rstrip("/").rpartition("/")[2]
    post.browser.post(f"/compose/{draft}/", {"version": "1", "do": f"remove:{number}"})
    with post.inside():
        assert not DraftFile.objects.exists()
