"""The Mail page: what the list holds, how it is narrowed, and what it says when it is empty."""

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mailweave.mail import cursors, search
from mailweave.mail.models import Mailbox
from mailweave.mail.rows import ThreadPage
from mailweave.people.models import User
from mailweave.sync.models import Backfill
from tests.makers import make_member, signed_in
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/mail/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def subjects(text: str) -> list[str]:
    return re.findall(r'class="sub"><b[^>]*>(.*?)</b>', text)


def chip(text: str, label: str) -> str:
    found = re.search(rf'<a class="chip" href="([^"]*)"[^>]*>{label}', text)
    assert found
    return found[1].replace("&amp;", "&")


def test_threads_come_newest_first_with_their_facts(post: Post) -> None:
    post.letter(minute=1, subject="First", sender="mara@acme.example", seen=False)
    post.letter(minute=2, subject="Second", direction="out", attachment_count=1)
    text = page(post.browser)
    assert subjects(text) == ["Second", "First"]
    assert 'aria-label="Sent"' in text
    assert 'aria-label="Received"' in text
    assert 'aria-label="Attachment"' in text
    assert len(re.findall(r'<li class="row" id="thread-\d+" data-unread>', text)) == 1
    assert '<span class="sr">Unread, </span>Mara</a>' in text
    assert '<span class="badge" data-src="gmail">Gmail</span>' in text


def test_mail_of_ones_own_is_called_you(post: Post) -> None:
    thread, _ = post.letter(minute=1, sender="mara@acme.example")
    post.letter(thread=thread, minute=2, sender="box0@home.example", direction="out")
    assert ">You, Mara</a>" in page(post.browser)


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    answer = client.get("/mail/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


def test_people_of_another_workspace_see_nothing_of_it(post: Post) -> None:
    post.letter(subject="Secret")
    stranger = make_stranger()
    assert "Secret" not in page(stranger)
    assert stranger.get(f"/mail/?account={post.mailbox_id}").status_code == 404


def test_filters_narrow_the_list_and_combine(post: Post) -> None:
    with post.inside():
        second = post.archive.mailbox(User.objects.get(pk=post.member.user_id))
        thread = post.archive.thread()
        made = post.archive.message(thread, minute=5, subject="Elsewhere", text="blue whale")
        post.archive.copy(made, second, seen=False)
        post.archive.settle()
    post.letter(minute=1, subject="Read", text="blue whale", sender="mara@acme.example")
    post.letter(minute=2, subject="New", text="blue whale", sender="mara@acme.example", seen=False)
    post.letter(minute=3, subject="Other", text="red fox", seen=False)
    first = f"account={post.mailbox_id}"
    assert subjects(page(post.browser, "?unread=1")) == ["Elsewhere", "Other", "New"]
    assert subjects(page(post.browser, f"?{first}")) == ["Other", "New", "Read"]
    assert subjects(page(post.browser, "?address=Mara@ACME.example")) == ["New", "Read"]
    assert subjects(page(post.browser, "?q=whale")) == ["Elsewhere", "New", "Read"]
    assert subjects(page(post.browser, f"?q=whale&unread=1&{first}")) == ["New"]


def test_a_chip_keeps_the_other_filters(post: Post) -> None:
    post.letter(seen=False)
    text = page(post.browser, "?q=text&address=ann@client.example")
    there = chip(text, "Unread")
    assert there == "/mail/?q=text&unread=1&address=ann%40client.example"
    assert 'aria-current="true">Unread' in page(post.browser, there.removeprefix("/mail/"))


def test_rows_lead_back_to_the_list_they_came_from(post: Post) -> None:
    thread, _ = post.letter(seen=False)
    assert f'href="/mail/threads/{thread}/?unread=1"' in page(post.browser, "?unread=1")


def test_older_pages_are_plain_links_and_parts(post: Post) -> None:
    for minute in range(60):
        post.letter(minute=minute, subject=f"S{minute}")
    text = page(post.browser)
    older = re.search(r'<a class="btn" href="/mail/(\?after=[^"]+)"', text)
    assert older
    assert subjects(text) == [f"S{n}" for n in range(59, 9, -1)]
    assert subjects(page(post.browser, older[1])) == [f"S{n}" for n in range(9, -1, -1)]
    rows = post.browser.get(f"/mail/{older[1]}&part=rows", headers=PART).content.decode()
    assert subjects(rows) == [f"S{n}" for n in range(9, -1, -1)]
    assert "<html" not in rows
    assert 'id="older"' not in rows


def test_a_search_that_stops_says_where_and_goes_on(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = datetime(2025, 5, 3, tzinfo=UTC)
    stopped = ThreadPage((), cursors.write(cursors.Place(where, 1)), reached=where)
    answers = iter([stopped, ThreadPage((), None)])
    monkeypatch.setattr(search, "search", lambda *_: next(answers))
    text = page(post.browser, "?q=whale")
    assert "Searched back to 3 May 2025" in text
    assert "Nothing matches" not in text
    further = re.search(r'hx-get="(/mail/\?q=whale&amp;after=[^"]+part=rows)"', text)
    assert further
    end = post.browser.get(html.unescape(further[1]), headers=PART).content.decode()
    assert "Nothing further back." in end
    assert 'id="older"' not in end


@pytest.mark.parametrize(
    "query", ["account=x", "account=9999999", "account=²", "record=crm.contact:9"]
)
def test_what_no_link_of_ours_says_is_not_found(post: Post, query: str) -> None:
    assert post.browser.get(f"/mail/?{query}").status_code == 404


def test_a_broken_place_is_explained(post: Post) -> None:
    answer = post.browser.get("/mail/?after=%00nonsense")
    assert answer.status_code == 422
    assert "Start from the first one" in answer.content.decode()


@pytest.mark.parametrize("text", ["%00", "%22", "a'b", "\ud83d\ude00", "((", "-only", "%"])
def test_any_text_may_be_searched_for(post: Post, text: str) -> None:
    post.letter()
    query = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert post.browser.get("/mail/", {"q": query}).status_code == 200


def test_names_and_subjects_are_text(post: Post) -> None:
    post.letter(subject="<script>alert(1)</script>", sender="<b>@acme.example", text="<i>x")
    text = page(post.browser)
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert "<i>x" not in text


def test_a_hidden_subject_says_so(post: Post) -> None:
    post.letter(subject="Secret", text="Hidden words", sender="mara@acme.example")
    post.contact("Mara", "mara@acme.example")
    post.share("metadata")
    text = page(post.other)
    assert subjects(text) == ["Subject not shared"]
    assert "Secret" not in text
    assert "Hidden words" not in text
    assert ">Mara</a>" in text


def test_no_mailbox_leads_to_connecting_one() -> None:
    text = page(signed_in(make_member()))
    assert "None is connected yet" in text
    assert 'href="/settings/integrations/"' in text


def test_a_mailbox_without_import_leads_to_its_range(post: Post) -> None:
    there = reverse("mailbox_range", args=[post.mailbox_id])
    assert f'href="{there}"' in page(post.browser)


def test_an_import_under_way_shows_its_progress(post: Post) -> None:
    with post.inside():
        Backfill.objects.create(
            mailbox_id=post.mailbox_id, range_name="90d", listed_count=20, estimate=200
        )
    text = page(post.browser)
    assert "Importing last 90 days of box0@home.example: 20 of about 200 messages" in text
    assert f"mailbox-{post.mailbox_id} from:body" in text


def test_nothing_found_leads_out_of_the_filters(post: Post) -> None:
    post.letter()
    text = page(post.browser, "?q=zebra")
    assert "Nothing matches “zebra”." in text
    assert '<a class="btn" href="/mail/">Clear filters</a>' in text


def test_the_unread_count_stops_at_a_hundred(post: Post) -> None:
    post.letter(seen=False)
    post.letter(seen=True)
    assert 'Unread<span class="count" id="unread-count"><span>1<' in page(post.browser)
    with post.inside():
        for minute in range(100):
            made = post.archive.message(post.archive.thread(), minute=minute)
            post.archive.copy(made, post.mailbox_id, seen=False)
        post.archive.settle()
    assert 'Unread<span class="count" id="unread-count"><span>99+<' in page(post.browser)


def test_the_accounts_are_those_one_may_see(post: Post) -> None:
    text = page(post.other)
    assert "All accounts" not in text  # one account needs no filter
    with post.inside():
        Mailbox.objects.filter(pk=post.mailbox_id).update(sharing="private")
        post.archive.mailbox(User.objects.get(pk=post.colleague.user_id))
        post.archive.mailbox(User.objects.get(pk=post.colleague.user_id))
    text = page(post.other)
    assert "box1@home.example" in text
    assert "box0@home.example" not in text
    assert post.other.get(f"/mail/?account={post.mailbox_id}").status_code == 404


def test_a_record_filters_the_list(post: Post) -> None:
    post.letter(minute=1, subject="Hers", sender="mara@acme.example")
    post.letter(minute=2, subject="Not hers")
    contact = post.contact("Mara Okafor", "mara@acme.example", "mara@home.example")
    text = page(post.browser, f"?record=crm.contact:{contact}")
    assert subjects(text) == ["Hers"]
    assert '<span class="cut">Mara Okafor</span>' in text
    for query in (f"?record=crm.contact:{contact}", f"?record=crm.contact:{contact}&part=rows"):
        assert make_stranger().get(f"/mail/{query}").status_code == 404


def test_a_list_costs_the_same_however_long(post: Post, django_assert_max_num_queries: Any) -> None:
    for minute in range(30):
        post.letter(minute=minute)
    with django_assert_max_num_queries(24):
        page(post.browser)
