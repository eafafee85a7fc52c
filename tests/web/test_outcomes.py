"""What servers said of letters: shown where the letter is, to who may know of whom it went to."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.people.models import User
from tests.web.letters import Post, make_post, make_stranger
from tests.web.letters_sent import order, sent, tell

pytestmark = pytest.mark.django_db

NOT_THERE = "Not delivered to ben@partner.example: There is no such address there. (5.1.1)"


@pytest.fixture
def post() -> Post:
    return make_post()


def read(post: Post, path: str, *, colleague: bool = False) -> str:
    answer = (post.other if colleague else post.browser).get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_bounce_stands_on_the_message_that_came_back(post: Post) -> None:
    thread, message = sent(post)
    tell(post, order(post, message))
    text = read(post, f"/mail/threads/{thread}/")
    assert NOT_THERE in text
    assert "Sending it again would not help." in text
    assert "<summary>What their server said</summary>" in text
    assert "550 5.1.1 &lt;ben@partner.example&gt; User unknown" in text
    assert text.index(NOT_THERE) < text.index(f'id="inside-{message}"')


@pytest.mark.parametrize(
    ("action", "lasting", "words"),
    [
        ("failed", "soft", "It may work later: you can send it again."),
        ("delayed", "soft", "Their server goes on trying; nothing is lost."),
    ],
)
def test_what_may_still_work_says_so(post: Post, action: str, lasting: str, words: str) -> None:
    thread, message = sent(post)
    tell(post, order(post, message), action, lasting)
    assert words in read(post, f"/mail/threads/{thread}/")


def test_what_arrived_after_all_is_no_trouble_and_a_late_delay_no_news(post: Post) -> None:
    thread, message = sent(post)
    letter = order(post, message)
    tell(post, letter, "delayed", "soft")
    tell(post, letter, "delivered")
    tell(post, letter, "delayed", "soft")
    assert "Delayed on the way" not in read(post, f"/mail/threads/{thread}/")
    page = read(post, f"/mail/outbox/{letter}/")
    assert "Delivered to ben@partner.example" in page
    assert "Delayed" not in page


def test_a_thread_asks_once_for_all_of_its_messages(post: Post) -> None:
    thread, first = sent(post, minute=1)
    tell(post, order(post, first))

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            read(post, f"/mail/threads/{thread}/")
        return sum("outbox_outcome" in one["sql"] for one in asked)

    assert queries() == 1
    for minute in range(2, 6):
        _, more = sent(post, thread=thread, minute=minute)
        tell(post, order(post, more))
    assert queries() == 1


def test_nothing_is_asked_for_a_thread_of_received_mail(post: Post) -> None:
    thread, _ = post.letter()
    with CaptureQueriesContext(connection) as asked:
        read(post, f"/mail/threads/{thread}/")
    assert not any("outbox_outcome" in one["sql"] for one in asked)


def test_a_colleague_does_not_learn_of_hidden_recipients(post: Post) -> None:
    thread, message = sent(post)
    contact = post.contact("Ben Hale", "ben@partner.example")
    letter = order(post, message, bcc=["eve@hidden.example"])
    tell(post, letter, address="eve@hidden.example")
    records = f"/records/crm.contact/{contact}"
    paths = [f"/mail/threads/{thread}/", f"{records}/threads/", f"{records}/timeline/"]
    assert "eve@hidden.example" in read(post, paths[0])
    for path in paths:
        text = read(post, path, colleague=True)
        assert "eve@hidden" not in text
        assert "Not delivered" not in text
    tell(post, letter)
    assert NOT_THERE in read(post, paths[0], colleague=True)


def test_colleagues_who_see_no_text_see_no_bounce(post: Post) -> None:
    thread, message = sent(post)
    contact = post.contact("Ben Hale", "ben@partner.example")
    tell(post, order(post, message))
    post.share("metadata")
    for path in (f"/mail/threads/{thread}/", f"/records/crm.contact/{contact}/threads/"):
        assert "Not delivered" not in read(post, path, colleague=True)


def test_who_sees_a_thread_without_the_message_that_came_back_sees_no_mark(post: Post) -> None:
    thread, message = sent(post)
    contact = post.contact("Ben Hale", "ben@partner.example")
    with post.inside():
        theirs = post.archive.mailbox(User.objects.get(pk=post.colleague.user_id))
        answer = post.archive.message(thread, sender="ben@partner.example")
        post.archive.copy(answer, theirs)
        post.archive.settle()
    tell(post, order(post, message))
    post.share("private")
    path = f"/records/crm.contact/{contact}/threads/"
    assert "</svg>Not delivered</span>" in read(post, path)
    text = read(post, path, colleague=True)
    assert f'href="/mail/threads/{thread}/"' in text
    assert "Not delivered" not in text


def test_lines_on_a_record_are_marked_with_words(post: Post) -> None:
    contact = post.contact("Ben Hale", "ben@partner.example")
    _, fine = sent(post, minute=1, subject="Fine")
    order(post, fine)
    records = f"/records/crm.contact/{contact}"
    lists = [f"{records}/threads/", f"{records}/emails/", f"{records}/timeline/"]
    for path in lists:
        assert "Not delivered" not in read(post, path)
    _, message = sent(post, minute=2)
    tell(post, order(post, message))
    for path in lists:
        assert len(re.findall(r"</svg>Not delivered</span>", read(post, path))) == 1, path


def test_the_outbox_says_what_came_back(post: Post) -> None:
    _, message = sent(post)
    letter = order(post, message)
    assert '<span class="state">Sent</span>' in read(post, "/mail/outbox/?show=sent")
    tell(post, letter, "delayed", "soft", words="Their server does not answer.", status="4.4.1")
    text = read(post, "/mail/outbox/?show=sent")
    assert '<span class="state">Delayed</span>' in text
    assert "Delayed on the way to ben@partner.example: Their server does not answer." in text
    tell(post, letter)
    text = read(post, "/mail/outbox/?show=sent")
    assert '<span class="state">Bounced</span>' in text
    assert NOT_THERE in text


def test_a_letter_has_a_page(post: Post) -> None:
    thread, message = sent(post)
    letter = order(post, message, cc=["cleo@partner.example"], bcc=["dan@partner.example"])
    text = read(post, f"/mail/outbox/{letter}/")
    assert "No server has sent word about it." in text
    for words in ("Ben Hale &lt;ben@partner.example&gt;", "cleo@", "dan@", "Ada Lind"):
        assert words in text
    assert f'href="/mail/threads/{thread}/#message-{message}"' in text
    tell(post, letter)
    text = read(post, f"/mail/outbox/{letter}/")
    assert ">Bounced<" in text
    assert NOT_THERE in text
    for browser in (post.other, make_stranger()):
        assert browser.get(f"/mail/outbox/{letter}/").status_code == 404


@pytest.mark.parametrize("state", ["scheduled", "sending", "failed", "unknown", "canceled"])
def test_every_letter_has_a_page(post: Post, state: str) -> None:
    problem = {"failed": "refused", "unknown": "untraced"}.get(state, "")
    letter = order(post, state=state, sent_at=None, problem=problem)
    assert "The offer" in read(post, f"/mail/outbox/{letter}/")
