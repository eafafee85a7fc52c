"""The Email panel on a record's page, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailweave.people.access import Member
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def post(site: str) -> Post:
    del site
    made = make_post()
    for minute in range(3):
        made.letter(
            minute=minute, subject=f"Letter {minute}", sender="mara@acme.example", seen=minute < 2
        )
    return made


def test_the_panel_is_accessible(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    mara = post.contact("Mara Okafor", "mara@acme.example")
    jon = post.contact("Jon Bell", "jon@acme.example")
    enter(post.member)
    for path in (
        f"/crm/contacts/{mara}/",
        f"/crm/contacts/{jon}/",
        f"/crm/deals/{post.deal('Renewal', mara, jon)}/",
    ):
        page.goto(path)
        expect(page.locator("#email-panel")).to_be_visible()
        assert axe(page) == []


def test_a_row_opens_its_thread_and_all_are_in_mail(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    mara = post.contact("Mara Okafor", "mara@acme.example")
    enter(post.member)
    page.goto(f"/crm/contacts/{mara}/")
    expect(page.locator("#email-panel .row")).to_have_count(3)
    page.locator("#email-panel .row a.hit").first.click()
    expect(page.locator("#thread-title")).to_have_text("Letter 2")
    page.go_back()
    page.get_by_role("link", name="View all in Mail").click()
    expect(page.locator("#list .row")).to_have_count(3)
    expect(page.get_by_role("link", name="mara@acme.example")).to_be_visible()


def test_it_hears_of_new_mail(page: Page, enter: Enter, post: Post, trouble: list[str]) -> None:
    mara = post.contact("Mara Okafor", "mara@acme.example")
    enter(post.member)
    page.goto(f"/crm/contacts/{mara}/")
    expect(page.locator("#email-panel .row")).to_have_count(3)
    page.locator("#email-panel .row a.hit").nth(1).focus()
    post.letter(minute=50, subject="Fresh", sender="mara@acme.example", seen=False)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('mail', {bubbles: true}))")
    expect(page.locator("#email-panel .row").first).to_contain_text("Fresh")
    expect(page.locator("#email-panel .pill")).to_contain_text("4")
    expect(page.locator("#email-panel .row a.hit:focus")).to_have_count(1)
    expect(page.locator("#email-panel .row:has(a:focus)")).to_contain_text("Letter 1")


@pytest.mark.parametrize("width", [320, 390, 1000])
def test_narrow_windows_do_not_scroll_sideways(
    page: Page, enter: Enter, post: Post, trouble: list[str], width: int
) -> None:
    mara = post.contact("Mara Okafor", "mara@acme.example")
    page.set_viewport_size({"width": width, "height": 800})
    enter(post.member)
    page.goto(f"/crm/contacts/{mara}/")
    expect(page.locator("#email-panel .row")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") == width
