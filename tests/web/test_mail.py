"""The Mail page: what the list holds, how it is narrowed, and what it says when it is empty."""

import re

import pytest

from tests.web.letters import Post, make_post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post() -> Post:
    return make_post()


def page(post: Post, query: str = "") -> str:
    answer = post.browser.get(f"/mail/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def subjects(text: str) -> list[str]:
    return re.findall(r'class="sub"><b>(.*?)</b>', text)


def test_threads_come_newest_first_with_their_facts(post: Post) -> None:
    post.letter(minute=1, subject="First", sender="mara@acme.example", seen=False)
    post.letter(minute=2, subject="Second", direction="out", attachment_count=1)
    text = page(post)
    assert subjects(text) == ["Second", "First"]
    assert 'aria-label="Sent"' in text
    assert 'aria-label="Attachment"' in text
    assert text.count("data-unread>") == 1
    assert "Unread, " in text
    assert ">Mara</a>" in text


def test_strangers_are_sent_to_sign_in(post: Post, client: object) -> None:
    answer = client.get("/mail/")  # type: ignore[attr-defined]
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")
