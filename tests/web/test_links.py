"""Linking and unlinking a message by hand: by whom, with what words, and back again."""

import re
from typing import Any

import pytest
from django.test import Client

from mailweave.linking.models import Link
from mailweave.people.models import User
from mailweave.records.crm import contacts
from mailweave.records.crm.models import Contact
from mailweave.web import links
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


def decide(browser: Client, pk: int, contact: int, verb: str, **more: Any) -> Any:
    path = f"/mail/messages/{pk}/links/crm.contact/{contact}/{verb}/"
    return browser.post(path, **more)


def told(browser: Client, pk: int, contact: int, verb: str) -> str:
    answer = decide(browser, pk, contact, verb, headers=PART)
    assert answer.status_code == 200
    return str(answer.content.decode())


def undo_in(text: str) -> str:
    found = re.search(
        r'<form action="([^"]+)" method="post">(?:(?!</form>).)*Undo <kbd>', text, re.DOTALL
    )
    assert found
    return found[1]


def decisions(post: Post, pk: int) -> list[tuple[str, bool, bool]]:
    with post.inside():
        rows = Link.objects.filter(message_id=pk).order_by("record_id")
        return list(rows.values_list("reason", "linked", "pinned"))


def test_a_message_is_linked_by_hand_and_back(post: Post) -> None:
    _, pk = post.letter()
    contact = post.contact("Mara Okafor", "mara@acme.example")
    text = told(post.browser, pk, contact, "link")
    assert "linked by hand by Ada Lind" in text
    assert "Linked to Mara Okafor." in text
    assert decisions(post, pk) == [("manual", True, True)]
    assert undo_in(text).endswith("/undo/")
    post.browser.post(undo_in(text))
    assert decisions(post, pk) == []


def test_an_automatic_link_is_taken_away_and_back(post: Post) -> None:
    _, pk = post.letter(sender="mara@acme.example")
    contact = post.contact("Mara Okafor", "mara@acme.example")
    assert decisions(post, pk) == [("sender", True, False)]
    text = told(post.browser, pk, contact, "unlink")
    assert "Not filed under" in text
    assert "unlinked by hand by Ada Lind" in text
    assert decisions(post, pk) == [("manual", False, True)]
    post.browser.post(undo_in(text))
    assert decisions(post, pk) == [("sender", True, False)]


def test_undoing_restores_an_earlier_decision(post: Post) -> None:
    _, pk = post.letter()
    contact = post.contact("Mara", "mara@acme.example")
    told(post.browser, pk, contact, "link")
    text = told(post.browser, pk, contact, "unlink")
    post.browser.post(undo_in(text))
    assert decisions(post, pk) == [("manual", True, True)]


def test_without_script_one_returns_to_the_page(post: Post) -> None:
    thread, pk = post.letter()
    contact = post.contact("Mara", "mara@acme.example")
    back = "http://testserver/mail/threads/1/?unread=1"
    answer = decide(post.browser, pk, contact, "link", headers={"Referer": back})
    assert answer.status_code == 302
    assert answer["Location"] == back
    away = {"Referer": "https://evil.example/"}
    answer = decide(post.browser, pk, contact, "link", headers=away)
    assert answer["Location"] == f"/mail/threads/{thread}/"


def test_what_one_cannot_see_one_cannot_link(post: Post) -> None:
    _, pk = post.letter()
    contact = post.contact("Mara", "mara@acme.example")
    for verb in ("link", "unlink", "reset"):
        for browser in (post.other, make_stranger()):
            assert decide(browser, pk, contact, verb).status_code == 404
        assert decide(post.browser, pk, 98765, verb).status_code == 404
    assert decide(post.browser, pk, contact, "steal").status_code == 404
    unknown = post.browser.post(f"/mail/messages/{pk}/links/crm.spaceship/1/link/")
    assert unknown.status_code == 404
    assert decisions(post, pk) == []


def test_a_record_of_another_workspace_is_not_there(post: Post) -> None:
    _, pk = post.letter()
    foreign = make_post().contact("Foreign", "f@x.example")
    assert decide(post.browser, pk, foreign, "link").status_code == 404


def test_people_do_not_saw_off_their_own_branch(post: Post) -> None:
    _, pk = post.letter(sender="mara@acme.example", cc=["jon@acme.example"])
    mara = post.contact("Mara", "mara@acme.example")
    answer = decide(post.other, pk, mara, "unlink", headers=PART)
    assert answer.status_code == 422
    assert decisions(post, pk) == [("sender", True, False)]
    post.contact("Jon", "jon@acme.example")
    assert "Unlinked from Mara." in told(post.other, pk, mara, "unlink")


def test_the_dialog_offers_who_it_may_be_and_finds_others(post: Post) -> None:
    _, pk = post.letter(sender="mara@acme.example", text="x")
    contact = post.contact("Jon Bell", "jon@acme.example")
    post.contact("Mara Okafor", "mara@other.example")
    path = f"/mail/messages/{pk}/link/"
    start = post.browser.get(path, headers=PART).content.decode()
    assert "<dialog" in start
    assert "Mara Okafor" in start
    assert "Jon Bell" not in start
    found = post.browser.get(f"{path}?q=bell", headers=PART).content.decode()
    assert "<dialog" not in found
    assert f"/links/crm.contact/{contact}/link/" in found
    assert "jon@acme.example" in found
    told(post.browser, pk, contact, "link")
    again = post.browser.get(f"{path}?q=bell", headers=PART).content.decode()
    assert '<span class="badge">Linked</span>' in again
    assert "is called “zebra”" in post.browser.get(f"{path}?q=zebra").content.decode()


def test_reasons_are_plain_words(post: Post) -> None:
    thread, first = post.letter(minute=1, sender="mara@acme.example")
    _, answer = post.letter(
        thread=thread, minute=2, direction="out", sender="us@home.example", to=["x@y.example"]
    )
    _, sent = post.letter(direction="out", sender="us@home.example", to=["mara@acme.example"])
    post.contact("Mara Okafor", "mara@acme.example")
    with post.inside():
        found = links.filings([first, answer, sent], post.member)
    assert [one.why for one in found[first]] == [
        "sent by mara@acme.example, an address of Mara Okafor"
    ]
    assert [one.why for one in found[sent]] == [
        "sent to mara@acme.example, an address of Mara Okafor"
    ]
    assert [one.why for one in found[answer]] == ["part of a conversation with mara@acme.example"]
    assert found[first][0].short == "sent by mara@acme.example"


def test_a_link_by_bcc_does_not_name_the_address(post: Post) -> None:
    _, pk = post.letter(direction="out", to=["x@y.example"], bcc=["mara@acme.example"])
    post.contact("Mara", "mara@acme.example")
    with post.inside():
        found = links.filings([pk], post.member)
    assert [one.why for one in found[pk]] == ["sent to Mara"]


def test_moving_is_one_act_with_one_undo(post: Post) -> None:
    _, pk = post.letter(sender="mara@acme.example")
    mara = post.contact("Mara", "mara@acme.example")
    jon = post.contact("Jon", "jon@acme.example")
    came = f"crm.contact:{mara}"
    dialog = post.browser.get(f"/mail/messages/{pk}/link/?from={came}&q=jon", headers=PART)
    assert f"/links/crm.contact/{jon}/move/" in dialog.content.decode()
    page = post.browser.get(f"/mail/messages/{pk}/link/?from={came}").content.decode()
    assert "Move from Mara to…" in page
    answer = decide(post.browser, pk, jon, "move", data={"from": came}, headers=PART)
    text = answer.content.decode()
    assert "Moved to Jon." in text
    assert decisions(post, pk) == [("manual", False, True), ("manual", True, True)]
    post.browser.post(undo_in(text))
    assert decisions(post, pk) == [("sender", True, False)]
    for wrong in ("", "crm.contact:98765", "nonsense"):
        refused = decide(post.browser, pk, jon, "move", data={"from": wrong})
        assert refused.status_code == 404


def test_the_whole_conversation_is_what_one_may_read(post: Post) -> None:
    """Not the messages of others in the same thread."""
    thread, first = post.letter(minute=1)
    _, second = post.letter(thread=thread, minute=2)
    with post.inside():
        box = post.archive.mailbox(User.objects.get(pk=post.colleague.user_id), "private")
        hidden = post.archive.message(thread, minute=3)
        post.archive.copy(hidden, box)
        post.archive.settle()
    contact = post.contact("Mara", "mara@acme.example")
    answer = decide(post.browser, first, contact, "link", data={"whole": "1"}, headers=PART)
    text = answer.content.decode()
    assert "Linked 2 messages to Mara." in text
    assert decisions(post, second) == [("manual", True, True)]
    assert ("manual", True, True) not in decisions(post, hidden)
    post.browser.post(undo_in(text))
    assert decisions(post, first) == decisions(post, second) == []


def test_an_undo_is_for_who_acted_and_for_once(post: Post) -> None:
    _, pk = post.letter()
    contact = post.contact("Mara", "mara@acme.example")
    way = undo_in(told(post.browser, pk, contact, "link"))
    assert make_stranger().post(way, headers=PART).status_code == 422
    assert post.other.post(way, headers=PART).status_code == 422
    assert decisions(post, pk) == [("manual", True, True)]
    assert post.browser.post(way, headers=PART).status_code == 200
    assert post.browser.post(way, headers=PART).status_code == 422


def test_nothing_comes_back_for_a_record_that_is_gone(post: Post) -> None:
    _, pk = post.letter()
    contact = post.contact("Mara", "mara@acme.example")
    told(post.browser, pk, contact, "link")
    way = undo_in(told(post.browser, pk, contact, "unlink"))
    with post.inside():
        contacts.delete(Contact.objects.get(pk=contact))
    answer = post.browser.post(way, headers=PART)
    assert answer.status_code == 422
    assert "not there any more" in answer.content.decode()
    assert decisions(post, pk) == []


def test_the_dialog_begins_with_records_of_the_same_person(post: Post) -> None:
    _, earlier = post.letter(sender="mara@acme.example", minute=1)
    _, pk = post.letter(sender="mara@acme.example", minute=2)
    deal = post.deal("Renewal", post.contact("Jon", "jon@acme.example"))
    post.contact("Mara", "m@other.example")
    post.browser.post(f"/mail/messages/{earlier}/links/crm.deal/{deal}/link/")
    text = post.browser.get(f"/mail/messages/{pk}/link/", headers=PART).content.decode()
    assert text.index("Renewal") < text.index("m@other.example")
    assert "has other mail with them" in text
    assert "last mail" in text
