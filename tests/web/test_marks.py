"""Read and unread on pages: who may, what is said, and the way back."""

import re
from typing import Any

import pytest

from mailweave.mail.models import Copy
from mailweave.sync.models import SeenMark
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


def unseen(post: Post) -> set[int]:
    with post.inside():
        rows = Copy.objects.filter(seen=False)
        return set(rows.values_list("message_id", flat=True))


def page(post: Post, path: str, **more: Any) -> str:
    answer = post.browser.get(path, **more)
    assert answer.status_code == 200
    return answer.content.decode()


def send(post: Post, path: str, **fields: str) -> str:
    answer = post.browser.post(path, fields, headers=PART)
    assert answer.status_code in {200, 204}, answer.content
    return answer.content.decode()


def undo_in(text: str) -> str:
    found = re.search(r'action="(/mail/marks/\d+/undo/)"', text)
    assert found, text
    return found[1]


def test_looking_at_a_thread_by_get_marks_nothing(post: Post) -> None:
    """Neither a preview, nor a browser that fetches ahead, nor a reader without script."""
    thread, message = post.letter(seen=False)
    for headers in ({}, PART, {"Sec-Purpose": "prefetch"}):
        text = page(post, f"/mail/threads/{thread}/", headers=headers)
        assert f'name="messages" value="{message}"' in text
    assert unseen(post) == {message}


def test_a_page_that_shows_a_thread_says_so(post: Post) -> None:
    thread, first = post.letter(seen=False, minute=1)
    _, second = post.letter(thread=thread, seen=False, minute=2)
    _, later = post.letter(thread=thread, seen=False, minute=3)
    assert send(post, f"/mail/threads/{thread}/shown/", messages=f"{first},{second},x,-1") == ""
    assert unseen(post) == {later}, "what came meanwhile was not shown"
    send(post, f"/mail/threads/{thread}/shown/", messages=f"{later}")
    assert "thread-shown" not in page(post, f"/mail/threads/{thread}/", headers=PART)
    with post.inside():
        assert set(SeenMark.objects.values_list("made_by_id", flat=True)) == {post.member.user_id}


def test_a_conversation_is_marked_and_put_back(post: Post) -> None:
    thread, first = post.letter(seen=False, minute=1)
    _, second = post.letter(thread=thread, seen=False, minute=2)
    said = send(post, f"/mail/threads/{thread}/mark/read/")
    assert "Marked as read." in said
    assert unseen(post) == set()
    assert "Undone." in send(post, undo_in(said))
    assert unseen(post) == {first, second}
    assert "too late" in post.browser.post(undo_in(said), headers=PART).content.decode()
    send(post, f"/mail/threads/{thread}/mark/read/")
    assert "Marked as unread." in send(post, f"/mail/threads/{thread}/mark/unread/")
    assert unseen(post) == {second}


def test_without_script_it_leads_back_to_the_list(post: Post) -> None:
    thread, _ = post.letter(seen=False)
    answer = post.browser.post(f"/mail/threads/{thread}/mark/read/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/mail/")
    answer = post.browser.post(f"/mail/threads/{thread}/shown/", {"messages": ""})
    assert answer.headers["Location"] == f"/mail/threads/{thread}/"
    assert post.browser.post(f"/mail/threads/{thread}/mark/gone/").status_code == 404
    assert post.browser.get(f"/mail/threads/{thread}/mark/read/").status_code == 405


def test_colleagues_see_it_and_cannot_mark_it(post: Post) -> None:
    thread, message = post.letter(seen=False, sender="mara@acme.example")
    post.contact("Mara Okafor", "mara@acme.example")
    text = post.other.get(f"/mail/threads/{thread}/", headers=PART).content.decode()
    assert "thread-shown" not in text
    assert "data-mark" not in text
    assert 'data-mark="read"' not in post.other.get("/mail/").content.decode()
    for path in (f"threads/{thread}/mark/read/", f"threads/{thread}/shown/", "marks/all/"):
        post.other.post(f"/mail/{path}", {"messages": str(message)}, headers=PART)
    make_stranger().post(f"/mail/threads/{thread}/mark/read/")
    assert unseen(post) == {message}
    said = send(post, f"/mail/threads/{thread}/mark/read/")
    post.other.post(undo_in(said), headers=PART)
    assert unseen(post) == set()


def test_rows_offer_what_can_be_done(post: Post) -> None:
    unread, _ = post.letter(seen=False)
    read, _ = post.letter(seen=True)
    text = page(post, "/mail/")
    assert f'hx-post="/mail/threads/{unread}/mark/read/" aria-label="Mark as read"' in text
    assert f'hx-post="/mail/threads/{read}/mark/unread/" aria-label="Mark as unread"' in text


def test_everything_asks_first_and_can_be_put_back(post: Post) -> None:
    sent = {post.letter(seen=False, minute=n)[1] for n in range(3)}
    assert "Mark all as read" in page(post, "/mail/")
    asked = page(post, "/mail/marks/all/", headers=PART)
    assert "3 unread messages in your own mailboxes will be read" in asked
    assert unseen(post) == sent
    said = send(post, "/mail/marks/all/")
    assert "Marked 3 messages as read." in said
    assert unseen(post) == set()
    assert "Mark all as read" not in page(post, "/mail/")
    assert "Nothing of what this list shows" in page(post, "/mail/marks/all/")
    send(post, undo_in(said))
    assert unseen(post) == sent


@pytest.mark.parametrize(
    "query", ["?address=mara@acme.example", "?q=zebra", "?record=crm.contact:{contact}"]
)
def test_everything_is_what_the_list_shows(post: Post, query: str) -> None:
    _, mara = post.letter(seen=False, sender="mara@acme.example", subject="About a zebra")
    _, other = post.letter(seen=False, sender="jon@else.example", subject="Invoice")
    contact = post.contact("Mara Okafor", "mara@acme.example")
    path = f"/mail/marks/all/{query.format(contact=contact)}"
    assert "1 unread message in your own mailboxes, of what this list shows," in page(
        post, path, headers=PART
    )
    send(post, path)
    assert unseen(post) == {other}
    assert mara not in unseen(post)


def test_what_is_gone_is_not_unread_for_ever(post: Post) -> None:
    thread, _ = post.letter(seen=False, state="gone")
    assert "thread-shown" not in page(post, f"/mail/threads/{thread}/", headers=PART)


def test_the_number_of_unread_conversations_comes_with_new_rows(post: Post) -> None:
    post.letter(seen=False)
    answer = post.browser.get("/mail/?part=rows", headers=PART)
    assert answer.headers["Unread-Conversations"] == "1"
