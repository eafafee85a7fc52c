"""Unlinked mail in a real browser: by keyboard, by dragging, on a phone, and back again."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailweave.linking.models import Link
from mailweave.people.access import Member
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]
URL = "/mail/unlinked/"


@pytest.fixture
def post(site: str) -> Post:
    """Four people with unlinked mail, and a contact who is one of them by another address."""
    del site
    made = make_post()
    for number, name in enumerate(("zoe", "kai", "lea", "mara")):
        for part in range(2):
            made.letter(
                minute=10 * number + part,
                sender=f"{name}@far{number}.example",
                subject=f"{name.title()} writes {part}",
            )
    made.contact("Mara", "mara@acme.example")
    made.contact("Jon Bell", "jon@acme.example")
    return made


def linked(post: Post) -> set[str]:
    """The subjects of what is linked by hand."""
    with post.inside():
        found = Link.objects.filter(pinned=True, linked=True)
        return set(found.values_list("message__subject", flat=True))


def test_the_pages_are_accessible(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    enter(post.member)
    for wide in (1280, 390):
        page.set_viewport_size({"width": wide, "height": 800})
        page.goto(URL)
        assert axe(page) == []
        page.locator("#people a.hit").first.click()
        expect(page.locator("#person-title")).to_be_focused()
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto(f"{URL}dismissed/")
    assert axe(page) == []


def test_the_keyboard_links_and_goes_on(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    page.goto(URL)
    page.keyboard.press("j")
    expect(page.locator("#people .row a.hit").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#person-title")).to_have_text("Mara")
    page.keyboard.press("l")
    expect(page.locator("#record-q")).to_be_focused()
    page.keyboard.type("jon")
    expect(page.locator(".offers")).to_contain_text("Jon Bell")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Link all 2 to Jon Bell")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Linked 2 messages to Jon Bell.")
    expect(page.locator("#person-title")).to_have_text("Lea")
    expect(page.locator("#people .row")).to_have_count(3)
    expect(page.locator("#people .row a.hit").first).to_be_focused()
    assert linked(post) == {"Mara writes 0", "Mara writes 1"}
    page.keyboard.press("z")
    expect(page.locator("#people .row")).to_have_count(4)
    assert linked(post) == set()


def test_one_letter_is_chosen(page: Page, enter: Enter, post: Post, trouble: list[str]) -> None:
    enter(post.member)
    page.goto(URL)
    page.get_by_role("link", name="Mara").click()
    page.locator("#letters a.hit").first.focus()
    page.keyboard.press("x")
    button = page.get_by_role("button", name="Link the chosen to Mara")
    expect(button).to_be_visible()
    expect(page.get_by_role("button", name="Link all 2 to Mara")).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator("#letters a.hit").nth(1)).to_be_focused()
    button.click()
    expect(page.locator("#letters .row")).to_have_count(1)
    assert linked(post) == {"Mara writes 1"}


def test_a_row_is_dragged_onto_a_record(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    page.goto(URL)
    page.get_by_role("link", name="Mara").click()
    record = page.locator(".offer").filter(has_text="Mara")
    page.locator("#people .row").filter(has_text="Kai").drag_to(record)
    expect(page.locator(".toast")).to_contain_text("Linked 2 messages to Mara.")
    expect(page.locator("#people .row")).to_have_count(3)
    assert linked(post) == {"Kai writes 0", "Kai writes 1"}
    page.goto(URL)
    page.get_by_role("link", name="Mara").click()
    record = page.locator(".offer").filter(has_text="Mara")
    page.locator("#letters .row").first.drag_to(record)
    expect(page.locator("#letters .row")).to_have_count(1)
    assert "Mara writes 1" in linked(post)


def test_everybody_is_dismissed_and_the_page_says_so(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    page.goto(URL)
    page.locator("#people a.hit").first.click()
    for name in ("Mara", "Lea", "Kai", "Zoe"):
        expect(page.locator("#person-title")).to_have_text(name)
        page.get_by_role("button", name="Dismiss this sender").click()
    expect(page.locator("#people")).to_contain_text("Nothing waits")
    page.goto(f"{URL}dismissed/")
    page.get_by_role("button", name=re.compile("Show again mail with lea", re.IGNORECASE)).click()
    expect(page.locator("#people .row")).to_have_count(1)


def test_on_a_phone_one_pane_at_a_time(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(URL)
    page.get_by_role("link", name="Mara").click()
    expect(page.locator("#list")).to_be_hidden()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#list")).to_be_visible()
    expect(page.get_by_role("link", name="Mara")).to_be_focused()
