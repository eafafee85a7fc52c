"""An open thread: which messages, how open, where filed, and how much of it is shared."""

import re
from typing import Any

import pytest

from mailweave.mail.models import Message
from mailweave.web.threads import MAX_OPEN
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
    assert f'<a class="chip" href="/crm/contacts/{contact}/"' in text
    assert "sent by mara@acme.example, an address of Mara Okafor" in text


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
        html = "<p>x</p>" if minute % 2 else None
        post.letter(thread=thread, minute=minute, seen=False, html=html)
    read(post, thread)  # sanitises
    with django_assert_max_num_queries(50):
        read(post, thread)
