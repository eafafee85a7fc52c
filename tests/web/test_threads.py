"""An open thread: which messages, how open, where filed, and how much of it is shared."""

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.mail import cursors, opening
from mailweave.mail.models import Message
from mailweave.web.threads import MAX_OPEN
from tests.makers_mail import START
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


def read(post: Post, thread: int, **more: Any) -> str:
    answer = post.browser.get(f"/mail/threads/{thread}/", **more)
    assert answer.status_code == 200
    return answer.content.decode()


def cards(text: str) -> list[tuple[int, bool]]:
    found = re.findall(r'<details class="msg" id="message-(\d+)"( open)?', text)
    return [(int(pk), bool(is_open)) for pk, is_open in found]


def test_a_thread_opens_beside_the_list(post: Post) -> None:
    thread, message = post.letter(subject="Terms", html="<p>Hello</p>")
    text = read(post, thread)
    assert '<h2 id="thread-title" tabindex="-1">Terms</h2>' in text
    assert f'src="/mail/messages/{message}/body/"' in text
    assert f'<li class="row" id="thread-{thread}" aria-current="true">' in text
    assert "<title>Terms" in text


def test_htmx_is_given_the_thread_alone(post: Post) -> None:
    thread, _ = post.letter(subject="Terms")
    text = read(post, thread, headers=PART)
    assert text.lstrip().startswith("<article")
    assert 'id="list"' not in text
    full = {"HX-Request": "true", "HX-Request-Type": "full"}
    assert 'id="list"' in read(post, thread, headers=full)


def test_the_newest_and_the_unread_stand_open(post: Post) -> None:
    thread, first = post.letter(minute=1)
    _, second = post.letter(thread=thread, minute=2, seen=False)
    _, third = post.letter(thread=thread, minute=3)
    _, fourth = post.letter(thread=thread, minute=4)
    assert cards(read(post, thread)) == [
        (first, False),
        (second, True),
        (third, False),
        (fourth, True),
    ]


def test_a_long_unread_thread_opens_its_last_few(post: Post) -> None:
    thread, _ = post.letter(minute=0, seen=False)
    for minute in range(1, 20):
        post.letter(thread=thread, minute=minute, seen=False)
    opened = [is_open for _, is_open in cards(read(post, thread))]
    assert opened == [False] * (20 - MAX_OPEN) + [True] * MAX_OPEN


def test_opening_changes_no_read_state(post: Post) -> None:
    thread, _ = post.letter(seen=False)
    read(post, thread)
    assert len(re.findall(r"<details[^>]* data-unread>", read(post, thread))) == 1


def test_it_says_where_it_is_filed_and_why(post: Post) -> None:
    thread, _ = post.letter(sender="mara@acme.example")
    contact = post.contact("Mara Okafor", "mara@acme.example")
    text = read(post, thread)
    assert f'<p>Contact <a href="/crm/contacts/{contact}/"' in text
    assert "Because it was sent by mara@acme.example, an address of Mara Okafor" in text
    assert "Received mail is filed under whose address sent it" in text


def test_bcc_is_for_the_owner_alone(post: Post) -> None:
    thread, _ = post.letter(direction="out", to=["mara@acme.example"], bcc=["boss@home.example"])
    post.contact("Mara", "mara@acme.example")
    assert "boss@home.example" in read(post, thread)
    shared = post.other.get(f"/mail/threads/{thread}/").content.decode()
    assert 'id="thread-title"' in shared
    assert "boss@home.example" not in shared


@pytest.mark.parametrize(
    ("sharing", "says", "shown"),
    [("subject", "people, dates and subjects", True), ("metadata", "people and dates", False)],
)
def test_what_is_not_shared_says_who_decided_so(
    post: Post, sharing: str, says: str, shown: bool
) -> None:
    thread, message = post.letter(
        sender="mara@acme.example", subject="Secret plan", text="Top secret", html="<p>Top secret"
    )
    post.contact("Mara", "mara@acme.example")
    post.share(sharing)
    text = post.other.get(f"/mail/threads/{thread}/").content.decode()
    assert f"Ada Lind shares {says} of this mailbox only." in text
    assert ("Secret plan" in text) is shown
    assert "Top secret" not in text
    assert f"/mail/messages/{message}/body/" not in text


def test_unlinked_and_private_mail_is_not_found(post: Post) -> None:
    thread, _ = post.letter(sender="mara@acme.example")
    assert post.other.get(f"/mail/threads/{thread}/").status_code == 404
    post.contact("Mara", "mara@acme.example")
    assert post.other.get(f"/mail/threads/{thread}/").status_code == 200
    post.share("private")
    assert post.other.get(f"/mail/threads/{thread}/").status_code == 404


def test_other_workspaces_find_nothing(post: Post) -> None:
    thread, _ = post.letter()
    assert make_stranger().get(f"/mail/threads/{thread}/").status_code == 404
    assert post.browser.get("/mail/threads/999999999/").status_code == 404
    assert post.browser.get(f"/mail/threads/{10**30}/").status_code == 404


def test_what_was_deleted_or_cut_off_is_said(post: Post) -> None:
    thread, message = post.letter(state="gone")
    with post.inside():
        Message.objects.filter(pk=message).update(truncated=True)
    text = read(post, thread)
    assert "Deleted in Gmail" in text
    assert "its end is cut off here" in text


def test_a_thread_without_subject_has_a_name(post: Post) -> None:
    thread, _ = post.letter(subject="")
    assert "(no subject)</h2>" in read(post, thread)


def test_a_thread_costs_the_same_however_many_of_it_are_open(
    post: Post, django_assert_max_num_queries: Any
) -> None:
    thread, _ = post.letter(minute=0, seen=False)
    for minute in range(1, 11):
        body = "<p>x</p>" if minute % 2 else None
        post.letter(thread=thread, minute=minute, seen=False, html=body)
    read(post, thread)  # sanitises
    with django_assert_max_num_queries(50):
        read(post, thread)


def long_thread(
    post: Post, length: int = opening.WINDOW + 3, **facts: Any
) -> tuple[int, list[int]]:
    """A thread longer than a window, and its messages, oldest first."""
    thread, first = post.letter(minute=0, subject="Terms", **facts)
    rest = [post.letter(thread=thread, minute=minute)[1] for minute in range(1, length)]
    return thread, [first, *rest]


def older(text: str) -> tuple[str, str]:
    """Where the button for older messages leads, without script and with."""
    found = re.search(r'<p class="pager older"><a [^>]*href="([^"]*)" hx-get="([^"]*)"', text)
    assert found
    return html.unescape(found[1]), html.unescape(found[2])


def test_a_long_thread_starts_with_its_newest_messages(post: Post) -> None:
    thread, made = long_thread(post, seen=False)
    text = read(post, thread)
    assert [pk for pk, _ in cards(text)] == made[3:]
    assert "3 older messages, 1 unread" in text
    assert f'<span class="count" id="thread-count">{len(made)} messages</span>' in text
    assert 'id="thread-title" tabindex="-1">Terms</h2>' in text


def test_older_messages_come_in_place_of_the_button(post: Post) -> None:
    thread, made = long_thread(post)
    _, path = older(read(post, thread))
    text = post.browser.get(path, headers=PART).content.decode()
    assert cards(text) == [(pk, False) for pk in made[:3]]
    assert "thread-title" not in text
    assert "older message" not in text
    assert text.count("autofocus") == 1
    assert "<summary autofocus>" in text.partition(f'id="message-{made[2]}"')[2]


def test_without_script_older_messages_are_a_page(post: Post) -> None:
    thread, made = long_thread(post)
    path, _ = older(read(post, thread))
    text = post.browser.get(path).content.decode()
    assert cards(text) == [(pk, False) for pk in made[:3]]
    assert 'id="list"' in text
    assert f'<a class="btn" data-small href="/mail/threads/{thread}/">Newer messages</a>' in text
    assert "data-news" not in text.partition('id="thread"')[2]


def test_news_of_a_thread_begin_where_the_page_does(post: Post) -> None:
    thread, made = long_thread(post)
    since = post.browser.get(f"/mail/threads/{thread}/?since={made[1]}", headers=PART)
    assert [pk for pk, _ in cards(since.content.decode())] == made[1:]
    for odd in ("x", "-1", "9" * 5000, "\u0663"):
        answer = post.browser.get(f"/mail/threads/{thread}/", {"since": odd}, headers=PART)
        assert [pk for pk, _ in cards(answer.content.decode())] == made[3:]


def test_a_broken_place_is_refused(post: Post) -> None:
    thread, _ = post.letter()
    for odd in ("x", "\0", "AAAA"):
        answer = post.browser.get(f"/mail/threads/{thread}/", {"before": odd})
        assert answer.status_code == 422


def test_before_its_first_message_there_is_no_thread(post: Post) -> None:
    thread, _ = post.letter(minute=5)
    other, _ = post.letter(minute=1)
    place = cursors.write(cursors.Place(START, 0))
    for pk in (thread, other):
        answer = post.browser.get(f"/mail/threads/{pk}/", {"before": place})
        assert answer.status_code == 404


def test_the_head_names_records_of_messages_further_back(post: Post) -> None:
    thread, _ = long_thread(post, sender="mara@acme.example")
    contact = post.contact("Mara Okafor", "mara@acme.example")
    text = read(post, thread)
    head = text.partition('id="filed"')[2].partition('class="messages"')[0]
    assert f'href="/crm/contacts/{contact}/"' in head
    assert "sent by mara@acme.example, an address of Mara Okafor" in head


def test_a_long_thread_costs_what_a_short_one_does(post: Post, browser_queries: Any) -> None:
    short, _ = post.letter(sender="mara@acme.example")
    thread, _ = long_thread(post, sender="mara@acme.example")
    post.contact("Mara Okafor", "mara@acme.example")
    assert browser_queries(thread) <= browser_queries(short)


@pytest.fixture
def browser_queries(post: Post) -> Any:
    """How many queries opening a thread takes."""

    def count(thread: int) -> int:
        read(post, thread, headers=PART)  # sanitises
        with CaptureQueriesContext(connection) as asked:
            read(post, thread, headers=PART)
        return len(asked)

    return count
