"""A message's body, and the rules it comes with."""

import pytest

from tests.web.letters import Post, make_post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post() -> Post:
    return make_post()


def test_the_body_comes_with_rules_of_its_own(post: Post) -> None:
    _, pk = post.letter(html="<p>Hello<script>alert(1)</script></p>")
    answer = post.browser.get(f"/mail/messages/{pk}/body/")
    assert "<p>Hello</p>" in answer.content.decode()
    assert "allow-scripts" not in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "img-src http://testserver/mail/attachments/ data:" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Cache-Control"] == "private, no-cache"
