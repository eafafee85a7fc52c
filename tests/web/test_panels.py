"""The Email panel: a record's threads, newest first, or why there are none."""

import re

import pytest

from mailweave.sync.models import Backfill
from tests.makers import make_member, signed_in
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


def panel(post: Post, kind: str, pk: int) -> str:
    answer = post.browser.get(f"/records/crm.{kind}/{pk}/threads/", headers=PART)
    assert answer.status_code == 200
    return answer.content.decode()


def subjects(text: str) -> list[str]:
    return re.findall(r'class="sub"><b[^>]*>(.*?)</b>', text)


def headings(text: str) -> list[str]:
    found = re.findall(r"<h3>(.*?)</h3>", text)
    return [re.sub(r"<[^>]+>", "", one) for one in found]


def test_a_contact_has_one_row_for_each_thread(post: Post) -> None:
    thread, _ = post.letter(minute=1, subject="Terms", sender="mara@acme.example")
    post.letter(
        thread=thread, minute=5, subject="Re: Terms", sender="mara@acme.example", seen=False
    )
    post.letter(minute=3, subject="Invoice", direction="out", to=["mara@acme.example"])
    post.letter(minute=4, subject="Unrelated")
    contact = post.contact("Mara Okafor", "mara@acme.example")
    text = panel(post, "contact", contact)
    assert subjects(text) == ["Re: Terms", "Invoice"]
    assert '<span class="count">2<span class="sr"> messages' in text
    assert f'<li class="row" id="thread-{thread}" data-unread>' in text
    assert f'href="/mail/threads/{thread}/"' in text
    assert '<span class="pill">2<' in text
    assert '<a href="/mail/?address=mara%40acme.example">View all in Mail</a>' in text
    assert "Compose" not in text


def test_several_addresses_lead_to_the_record_in_mail(post: Post) -> None:
    post.letter(sender="mara@acme.example")
    contact = post.contact("Mara", "mara@acme.example", "mara@home.example")
    assert f'href="/mail/?record=crm.contact%3A{contact}"' in panel(post, "contact", contact)


def test_a_deal_goes_person_by_person_the_primary_first(post: Post) -> None:
    post.letter(minute=9, subject="From Jon", sender="jon@acme.example")
    post.letter(minute=1, subject="From Mara", sender="mara@acme.example")
    post.letter(minute=2, subject="To Mara", direction="out", to=["mara@acme.example"])
    post.letter(minute=3, subject="Both", sender="mara@acme.example", cc=["jon@acme.example"])
    jon = post.contact("Jon Bell", "jon@acme.example")
    mara = post.contact("Mara Okafor", "mara@acme.example")
    text = panel(post, "deal", post.deal("Renewal", mara, jon))
    assert headings(text) == ["Mara Okafor (primary)", "Jon Bell"]
    assert subjects(text) == ["Both", "To Mara", "From Mara", "From Jon"]


def test_mail_linked_to_the_deal_itself_comes_last(post: Post) -> None:
    post.letter(minute=1, subject="Mara", sender="mara@acme.example")
    post.letter(minute=2, subject="Jon", sender="jon@acme.example")
    _, pk = post.letter(minute=3, subject="By hand", sender="x@y.example")
    jon = post.contact("Jon Bell", "jon@acme.example")
    mara = post.contact("Mara Okafor", "mara@acme.example")
    deal = post.deal("Renewal", mara, jon)
    post.browser.post(f"/mail/messages/{pk}/links/crm.deal/{deal}/link/")
    text = panel(post, "deal", deal)
    assert headings(text) == ["Mara Okafor (primary)", "Jon Bell", "Linked by hand"]
    assert subjects(text) == ["Mara", "Jon", "By hand"]


def test_only_visible_mail_is_counted(post: Post) -> None:
    post.letter(subject="Hers", sender="mara@acme.example")
    contact = post.contact("Mara", "mara@acme.example")
    post.share("private")
    path = f"/records/crm.contact/{contact}/threads/"
    text = post.other.get(path, headers=PART).content.decode()
    assert "Hers" not in text
    assert "pill" not in text


def test_many_threads_are_not_counted_to_the_end(post: Post) -> None:
    for minute in range(21):
        post.letter(minute=minute, sender="mara@acme.example")
    text = panel(post, "contact", post.contact("Mara", "mara@acme.example"))
    assert len(subjects(text)) == 20
    assert '<span class="pill">20+<' in text


def test_an_empty_panel_says_why(post: Post) -> None:
    nobody = post.contact("No Address")
    assert "No e-mail address on record for No Address" in panel(post, "contact", nobody)
    mara = post.contact("Mara", "mara@acme.example", "m@acme.example")
    text = panel(post, "contact", mara)
    assert "No mail with mara@acme.example or 1 more of their addresses" in text
    with post.inside():
        Backfill.objects.create(
            mailbox_id=post.mailbox_id, range_name="all", listed_count=62, listing_done=True
        )
    assert "Importing everything of box0@home.example: 62 of 62 messages" in panel(
        post, "contact", mara
    )


def test_without_a_mailbox_it_leads_to_connecting_one() -> None:
    member = make_member()
    post = make_post()
    post.member, post.browser = member, signed_in(member)
    contact = post.contact("Mara", "mara@acme.example")
    assert "No mailbox is connected yet" in panel(post, "contact", contact)


def test_it_looks_again_when_mail_comes_in(post: Post) -> None:
    text = panel(post, "contact", post.contact("Mara", "mara@acme.example"))
    assert re.search(r'hx-trigger="mail from:body[^"]*live-again from:body', text)


def test_without_script_it_is_a_page(post: Post) -> None:
    contact = post.contact("Mara", "mara@acme.example")
    text = post.browser.get(f"/records/crm.contact/{contact}/threads/").content.decode()
    assert "<!doctype html>" in text
    assert f'href="/crm/contacts/{contact}/"' in text


@pytest.mark.parametrize("kind", ["crm.contact", "crm.spaceship", "x", "crm.deal"])
def test_what_does_not_exist_is_not_found(post: Post, kind: str) -> None:
    assert post.browser.get(f"/records/{kind}/987654/threads/").status_code == 404


def test_other_workspaces_find_nothing(post: Post) -> None:
    contact = post.contact("Mara", "mara@acme.example")
    path = f"/records/crm.contact/{contact}/threads/"
    assert post.other.get(path).status_code == 200
    assert make_stranger().get(path).status_code == 404
