"""The e-mail log: all letters, for admins, and of other people's no more than they may see."""

import re
from typing import Any

import pytest

from mailweave.mail.models import Mailbox
from mailweave.people.models import Role, User, Workspace
from mailweave.web import email_log
from tests.makers import make_member, signed_in
from tests.web.letters import Post, make_post, make_stranger
from tests.web.letters_sent import order, sent, tell

pytestmark = pytest.mark.django_db

PATH = "/settings/email-log/"


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def admin(post: Post) -> Any:
    workspace = Workspace.objects.get(pk=post.member.workspace_id)
    return signed_in(make_member(Role.ADMIN, workspace, name="Max Auer"))


def read(browser: Any, query: str = "") -> str:
    answer = browser.get(PATH + query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def rows(text: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<tr id="letter-(\d+)"', text)]


def test_admins_alone_find_it(post: Post, admin: Any) -> None:
    assert "Nothing has been sent from here yet." in read(admin)
    assert post.other.get(PATH).status_code == 404
    assert PATH not in post.other.get("/settings/profile/").content.decode()
    assert PATH in admin.get("/settings/profile/").content.decode()


def test_other_workspaces_are_not_in_it(post: Post) -> None:
    order(post)
    assert rows(read(make_stranger())) == []


def test_a_private_mailbox_tells_who_and_when_and_no_more(post: Post, admin: Any) -> None:
    letter = order(
        post,
        bcc=["eve@hidden.example"],
        state="failed",
        sent_at=None,
        problem="content",
        problem_text="“secret.pdf” cannot be attached.",
    )
    tell(post, letter, address="eve@hidden.example")
    text = read(admin)
    assert rows(text) == [letter]
    for words in ("Ada Lind", "box0@home.example", "ben@partner.example", "Not sent"):
        assert words in text
    assert "Subject not shared" in text
    assert "The letter cannot be sent as it is." in text
    for words in ("The offer", "eve@hidden", "secret.pdf"):
        assert words not in text
    own = read(post.browser)
    for words in ("The offer", "eve@hidden.example", f'href="/mail/outbox/{letter}/"'):
        assert words in own


@pytest.mark.parametrize(("sharing", "shown"), [("subject", True), ("metadata", False)])
def test_subjects_are_shown_as_far_as_their_mail_is(
    post: Post, admin: Any, sharing: str, *, shown: bool
) -> None:
    _, message = sent(post, subject="Terms")
    order(post, message, subject="Not as it went out")
    _, apart = sent(post, to=["nobody@else.example"], subject="Quarrel", minute=1)
    order(post, apart)
    post.contact("Ben Hale", "ben@partner.example")
    post.share(sharing)
    text = read(admin)
    assert ("Terms" in text) == shown
    assert "Not as it went out" not in text
    assert "Quarrel" not in text


def test_a_shared_mailbox_is_everybodys(post: Post, admin: Any) -> None:
    with post.inside():
        owner = User.objects.get(pk=post.member.user_id)
        box = post.archive.mailbox(owner, delegate_id=post.mailbox_id)
        assert Mailbox.objects.get(pk=box).is_shared
    order(post, mailbox_id=box)
    assert "The offer" in read(admin)


def test_it_is_narrowed_by_state_mailbox_and_writer(post: Post, admin: Any) -> None:
    with post.inside():
        other = post.archive.mailbox(User.objects.get(pk=post.colleague.user_id))
    mine, late, lost = order(post), order(post), order(post)
    tell(post, late, "delayed", "soft")
    tell(post, lost)
    tell(post, mine)
    tell(post, mine, "delivered")
    waits = order(post, state="scheduled", sent_at=None, author=post.colleague, mailbox_id=other)
    found = {state: rows(read(admin, f"?state={state}")) for state in email_log.STATES}
    assert found == {
        "queued": [waits],
        "sent": [lost, late, mine],
        "delayed": [late],
        "bounced": [lost],
        "failed": [],
        "unknown": [],
        "canceled": [],
    }
    assert "Not delivered to ben@partner.example" in read(admin, "?state=bounced")
    assert rows(read(admin, f"?mailbox={other}")) == [waits]
    assert rows(read(admin, f"?writer={post.colleague.user_id}")) == [waits]
    assert rows(read(admin, f"?writer={post.colleague.user_id}&state=sent")) == []
    assert admin.get(f"{PATH}?state=nonsense").status_code == 404


def test_it_goes_on_page_by_page(post: Post, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email_log, "PAGE", 2)
    made = [order(post) for _ in range(5)]
    query, seen = "?state=sent", []
    while query:
        text = read(admin, query)
        seen += rows(text)
        older = re.findall(rf'href="{PATH}(\?[^"]*before[^"]*)"', text)
        query = older[0].replace("&amp;", "&") if older else ""
    assert seen == made[::-1]
