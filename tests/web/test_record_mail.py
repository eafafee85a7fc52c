"""Which of the three views of its mail a record's page opens with."""

import re

import pytest

from mailweave.linking import policy
from mailweave.records.crm.models import Company
from tests.web.letters import PART, Post, make_post, make_stranger

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def mara(post: Post) -> int:
    return post.contact("Mara", "mara@acme.example")


def opened(post: Post, kind: str, pk: int, query: str = "") -> str:
    answer = post.browser.get(f"/records/crm.{kind}/{pk}/mail/{query}", headers=PART)
    (found,) = re.findall(r'id="view-(\w+)"[^>]*aria-current="page"', answer.content.decode())
    return str(found)


def choose(post: Post, **choices: tuple[str, ...]) -> None:
    with post.inside():
        version = policy.current().version
        policy.change(choices, version=version, user_id=post.member.user_id)


def test_a_company_opens_with_messages_and_all_else_with_conversations(
    post: Post, mara: int
) -> None:
    with post.inside():
        acme = Company.objects.create(name="Acme").pk
    assert opened(post, "contact", mara) == "threads"
    assert opened(post, "company", acme) == "flat"


@pytest.mark.parametrize(
    ("timeline_first", "flat_first", "found"),
    [
        (("crm.contact",), (), "timeline"),
        ((), ("crm.contact",), "flat"),
        (("crm.contact",), ("crm.contact",), "timeline"),
        (("crm.deal",), ("crm.company",), "threads"),
    ],
)
def test_the_policy_says_which_and_the_address_wins(
    post: Post,
    mara: int,
    timeline_first: tuple[str, ...],
    flat_first: tuple[str, ...],
    found: str,
) -> None:
    choose(post, timeline_first=timeline_first, flat_first=flat_first)
    assert opened(post, "contact", mara) == found
    for view in ("threads", "timeline", "flat"):
        assert opened(post, "contact", mara, f"?view={view}") == view
    assert opened(post, "contact", mara, "?view=sideways") == found


def test_the_record_s_page_asks_for_the_view_of_its_address(post: Post, mara: int) -> None:
    text = post.browser.get(f"/crm/contacts/{mara}/?view=timeline").content.decode()
    assert f'hx-get="/records/crm.contact/{mara}/mail/?view=timeline"' in text
    assert (
        '"><script'
        not in post.browser.get(f'/crm/contacts/{mara}/?view="><script>').content.decode()
    )


def test_every_view_leads_to_mail_and_stands_alone_without_script(post: Post, mara: int) -> None:
    post.letter(sender="mara@acme.example")
    for view in ("threads", "timeline", "flat"):
        text = post.browser.get(f"/records/crm.contact/{mara}/mail/?view={view}").content.decode()
        assert "View all in Mail" in text
        assert "<!doctype html>" in text
    assert make_stranger().get(f"/records/crm.contact/{mara}/mail/").status_code == 404


def test_how_mail_is_shown_is_chosen_at_once(post: Post, mara: int) -> None:
    sent = {"link": "0", "mail": "0", "with": ["timeline_first", "flat_first"]}
    sent["timeline_first"] = ["crm.contact", "crm.company"]
    answer = post.browser.post("/settings/policies/linking/", sent)
    assert answer.headers["Location"] == "/settings/policies/"
    assert opened(post, "contact", mara) == "timeline"
    assert post.browser.post("/settings/policies/linking/", sent).status_code == 422
