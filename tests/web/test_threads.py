"""An open thread."""

import pytest

from tests.web.letters import Post, make_post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post() -> Post:
    return make_post()


def test_a_thread_opens_beside_the_list(post: Post) -> None:
    thread_id, message_id = post.letter(subject="Terms", html="<p>Hello</p>")
    text = post.browser.get(f"/mail/threads/{thread_id}/").content.decode()
    assert '<h2 id="thread-title" tabindex="-1">Terms</h2>' in text
    assert f'src="/mail/messages/{message_id}/body/"' in text
    assert 'id="list"' in text
