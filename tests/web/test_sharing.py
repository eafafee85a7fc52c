"""What colleagues see of one conversation: told on its page, chosen there, undone."""

import re
from typing import Any

import pytest

from mailweave.mail.models import Copy
from tests.web.letters import Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


def read(browser: Any, thread: int) -> str:
    answer = browser.get(f"/mail/threads/{thread}/")
    return answer.content.decode() if answer.status_code == 200 else ""


def chip(text: str) -> str:
    found = re.search(r'<span class="cut">(Colleagues see: [^<]*)</span>', text)
    return found[1] if found else ""


def filed(post: Post) -> int:
    thread, _ = post.letter(sender="mara@acme.example", subject="Terms", text="Very secret")
    post.contact("Mara Okafor", "mara@acme.example")
    return thread


def test_the_owner_chooses_and_undoes(post: Post) -> None:
    thread = filed(post)
    text = read(post.browser, thread)
    assert chip(text) == "Colleagues see: everything"
    assert "As the mailbox shares its mail: everything" in text
    assert "Very secret" in read(post.other, thread)
    path = f"/mail/threads/{thread}/sharing/{post.mailbox_id}/"
    answer = post.browser.post(f"{path}metadata/", follow=True)
    assert "Of this conversation colleagues see people and dates." in answer.content.decode()
    assert f'action="{path}usual/"' in answer.content.decode()
    assert chip(read(post.browser, thread)) == "Colleagues see: people and dates"
    told = read(post.other, thread)
    assert "Ada Lind shares people and dates of this conversation only." in told
    assert "Terms" not in told
    assert "Very secret" not in told
    post.browser.post(f"{path}private/")
    assert read(post.other, thread) == ""
    post.browser.post(f"{path}usual/")
    assert "Very secret" in read(post.other, thread)
    with post.inside():
        assert not Copy.objects.filter(sharing__isnull=False).exists()


def test_what_is_not_linked_is_seen_by_nobody_and_says_so(post: Post) -> None:
    thread, _ = post.letter()
    text = read(post.browser, thread)
    assert chip(text) == "Colleagues see: nothing, it is not linked"
    assert "once it is linked to a record" in text


def test_only_the_owner_is_asked(post: Post) -> None:
    thread = filed(post)
    assert chip(read(post.other, thread)) == ""
    for browser in (post.other, make_stranger()):
        path = f"/mail/threads/{thread}/sharing/{post.mailbox_id}/private/"
        assert browser.post(path).status_code == 404
    assert post.browser.post(path.replace("private", "loud")).status_code == 404
    assert "Very secret" in read(post.other, thread)
