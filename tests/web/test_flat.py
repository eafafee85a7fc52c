"""The Emails tab: a record's mail as one list of messages."""

import re

import pytest

from mailweave.records.crm.models import Company, Contact
from tests.makers import make_member, signed_in
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def acme(post: Post) -> int:
    with post.inside():
        return int(Company.objects.create(name="Acme").pk)


def emails(post: Post, company: int, query: str = "") -> str:
    answer = post.browser.get(f"/records/crm.company/{company}/emails/{query}", headers=PART)
    assert answer.status_code == 200
    return answer.content.decode()


def subjects(text: str) -> list[str]:
    return re.findall(r'class="sub"><b[^>]*>(.*?)</b>', text)


def employ(post: Post, company: int, name: str, address: str) -> None:
    contact = post.contact(name, address)
    with post.inside():
        Contact.objects.filter(pk=contact).update(company=company)


def test_every_message_is_a_line_newest_first(post: Post, acme: int) -> None:
    thread, old = post.letter(minute=1, subject="Terms", sender="mara@acme.example")
    post.letter(thread=thread, minute=5, subject="Re: Terms", direction="out",
                to=["mara@acme.example"], attachment_count=1)  # fmt: skip
    post.letter(minute=3, subject="From Jon", sender="jon@acme.example", seen=False)
    post.letter(minute=4, subject="Unrelated")
    employ(post, acme, "Mara", "mara@acme.example")
    employ(post, acme, "Jon", "jon@acme.example")
    text = emails(post, acme)
    assert subjects(text) == ["Re: Terms", "From Jon", "Terms"]
    assert text.count('aria-label="Sent"') == 1
    assert text.count('aria-label="Received"') == 2
    assert text.count('data-src="gmail">Gmail') == 3
    assert text.count('aria-label="Attachment"') == 1
    assert "To Mara" in text
    assert f'href="/mail/threads/{thread}/#message-{old}"' in text
    assert "Load more" not in text


def test_one_direction(post: Post, acme: int) -> None:
    post.letter(minute=1, subject="In", sender="mara@acme.example")
    post.letter(minute=2, subject="Out", direction="out", to=["mara@acme.example"])
    employ(post, acme, "Mara", "mara@acme.example")
    assert subjects(emails(post, acme, "?way=in")) == ["In"]
    text = emails(post, acme, "?way=out")
    assert subjects(text) == ["Out"]
    assert re.search(r'\?way=out"[^>]*aria-current="true"', text)
    assert subjects(emails(post, acme, "?way=sideways")) == ["Out", "In"]


def test_twenty_and_load_more(post: Post, acme: int) -> None:
    for minute in range(25):
        post.letter(minute=minute, subject=f"No {minute}", sender="mara@acme.example")
    employ(post, acme, "Mara", "mara@acme.example")
    text = emails(post, acme)
    assert subjects(text) == [f"No {n}" for n in range(24, 4, -1)]
    (more,) = re.findall(r'hx-get="([^"]+part=rows)"', text)
    rest = post.browser.get(more.replace("&amp;", "&"), headers=PART).content.decode()
    assert subjects(rest) == [f"No {n}" for n in range(4, -1, -1)]
    assert "chips" not in rest
    assert "Load more" not in rest


def test_colleagues_see_it_as_far_as_the_mailbox_is_shared(post: Post, acme: int) -> None:
    post.letter(subject="Hers", sender="mara@acme.example")
    employ(post, acme, "Mara", "mara@acme.example")
    path = f"/records/crm.company/{acme}/emails/"
    assert "Hers" in post.other.get(path, headers=PART).content.decode()
    post.share("metadata")
    text = post.other.get(path, headers=PART).content.decode()
    assert "Hers" not in text
    assert "Subject not shared" in text
    post.share("private")
    assert subjects(post.other.get(path, headers=PART).content.decode()) == []


def test_an_empty_list_says_why(post: Post, acme: int) -> None:
    assert "No mail with Acme" in emails(post, acme)
    assert "Nothing sent to Acme" in emails(post, acme, "?way=out")
    member = make_member()
    post.member, post.browser = member, signed_in(member)
    with post.inside():
        other = Company.objects.create(name="Other").pk
    assert "No mailbox is connected yet" in emails(post, other)


def test_without_script_it_is_a_page(post: Post, acme: int) -> None:
    text = post.browser.get(f"/records/crm.company/{acme}/emails/").content.decode()
    assert "<!doctype html>" in text
    tab = post.browser.get(f"/crm/companies/{acme}/emails/").content.decode()
    assert f'href="/records/crm.company/{acme}/emails/"' in tab


def test_strangers_and_nonsense_find_nothing(post: Post, acme: int) -> None:
    assert make_stranger().get(f"/records/crm.company/{acme}/emails/").status_code == 404
    assert post.browser.get("/records/crm.spaceship/1/emails/").status_code == 404
    answer = post.browser.get(f"/records/crm.company/{acme}/emails/?after=x", headers=PART)
    assert answer.status_code == 422
