"""The list in a real browser: by keyboard, on a phone, with news coming in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mailweave.kit import live
from mailweave.people.access import Member
from tests.mail.buried import bury
from tests.makers import signed_in
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def post(site: str) -> Post:
    """Thirty threads, the newest unread."""
    del site
    made = make_post()
    for number in range(30):
        made.letter(
            minute=number,
            subject=f"Letter {number}",
            sender=f"mara{number}@acme.example",
            html=f"<p>Text of letter {number}</p>",
            seen=number < 28,
            attachment_count=number % 2,
        )
    made.contact("Mara Okafor", "mara29@acme.example")
    return made


def arrive(post: Post, subject: str, minute: int, **more: Any) -> int:
    thread, _ = post.letter(subject=subject, minute=minute, seen=False, **more)
    with post.inside():
        live.tell("mail")
    return thread


def listen(page: Page) -> None:
    """Open the list and wait until the page hears news."""
    with page.expect_response("**/live/"):
        page.goto("/mail/")


def test_the_page_is_accessible(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    enter(post.member)
    for path in ("/mail/", "/mail/?unread=1&q=zebra", "/mail/?address=mara29@acme.example"):
        page.goto(path)
        assert axe(page) == []


def test_the_keyboard_walks_opens_and_comes_back(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    page.goto("/mail/")
    for _ in range(12):
        page.keyboard.press("j")
    page.keyboard.press("k")
    link = page.locator("#list .row").nth(10).locator("a.hit")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    scrolled = page.evaluate("document.getElementById('list').scrollTop")
    page.keyboard.press("Enter")
    expect(page.locator("#thread-title")).to_have_text("Letter 19")
    expect(page.locator("#thread-title")).to_be_focused()
    expect(page).to_have_title("Letter 19 · Mailweave")
    expect(page.locator("#list .row").nth(10)).to_have_attribute("aria-current", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_have_count(0)
    expect(link).to_be_focused()
    expect(page).to_have_url(re.compile(r"/mail/$"))
    assert page.evaluate("document.getElementById('list').scrollTop") == scrolled
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator("#thread-title")).to_have_text("Letter 18")


def test_back_and_forward_change_the_reading_pane_only(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    page.goto("/mail/")
    page.get_by_role("link", name="Mara29").click()
    expect(page.locator("#thread-title")).to_have_text("Letter 29")
    page.get_by_role("link", name="Mara27").click()
    expect(page.locator("#thread-title")).to_have_text("Letter 27")
    page.evaluate("document.getElementById('list').dataset.mark = 'same'")
    page.go_back()
    expect(page.locator("#thread-title")).to_have_text("Letter 29")
    page.go_back()
    expect(page.locator("#thread")).to_have_count(0)
    page.go_forward()
    expect(page.locator("#thread-title")).to_have_text("Letter 29")
    expect(page.locator("#list[data-mark=same]")).to_have_count(1)
    page.reload()
    expect(page.locator("#thread-title")).to_have_text("Letter 29")
    expect(page.locator("#list .row[aria-current]")).to_contain_text("Letter 29")


def test_filters_survive_a_reload(page: Page, enter: Enter, post: Post, trouble: list[str]) -> None:
    enter(post.member)
    page.goto("/mail/")
    page.get_by_role("link", name="Unread 2").click()
    expect(page.locator("#list .row")).to_have_count(2)
    page.locator("#list .row a.hit").first.click()
    expect(page).to_have_url(re.compile(r"/threads/\d+/\?unread=1$"))
    expect(page.locator("#list .row[data-unread]")).to_have_count(1)
    page.reload()
    expect(page.locator("#list .row")).to_have_count(1)
    expect(page.get_by_role("link", name="Unread 1")).to_have_attribute("aria-current", "true")


def test_new_mail_comes_in_at_the_top_and_moves_nothing(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    listen(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.locator("#list .row a.hit:focus")
    expect(focused).to_have_text("Mara27")
    arrive(post, "Fresh", 100)
    expect(page.locator("#list .row").first).to_contain_text("Fresh")
    expect(focused).to_have_text("Mara27")
    assert page.evaluate("document.getElementById('list').scrollTop") == 0
    expect(page.locator("#list .news")).to_be_hidden()


def test_who_has_scrolled_is_told_of_new_mail(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    listen(page)
    there = page.locator("#list .row", has_text="Letter 15")
    there.scroll_into_view_if_needed()
    page.evaluate("document.getElementById('list').scrollTop += 40")
    before = there.bounding_box()
    arrive(post, "Fresh", 100)
    pill = page.locator("#list .news")
    expect(pill).to_have_text("1 new")
    assert there.bounding_box() == before
    pill.click()
    expect(page.locator("#list .row").first).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_an_answer_moves_its_thread_up(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    enter(post.member)
    listen(page)
    old = page.locator("#list .row", has_text="Letter 20")
    thread = int((old.get_attribute("id") or "").removeprefix("thread-"))
    arrive(post, "Re: Letter 20", 100, thread=thread)
    expect(page.locator("#list .row").first).to_contain_text("Re: Letter 20")
    expect(page.locator("#list .row")).to_have_count(30)


def test_an_empty_list_fills_by_itself(
    page: Page, enter: Enter, site: str, trouble: list[str]
) -> None:
    post = make_post()
    enter(post.member)
    listen(page)
    expect(page.locator("#threads")).to_contain_text("New mail appears here as it arrives")
    arrive(post, "First", 1)
    expect(page.locator("#list .row")).to_contain_text("First")


def test_older_mail_loads_when_the_end_comes_near(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    for number in range(40):
        post.letter(minute=-100 - number, subject=f"Past {number}")
    enter(post.member)
    page.goto("/mail/")
    expect(page.locator("#list .row")).to_have_count(50)
    page.evaluate("document.getElementById('list').scrollTop = 1e6")
    expect(page.locator("#list .row")).to_have_count(70)
    expect(page.locator("#older")).to_have_count(0)


def test_a_long_search_goes_on_by_itself(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    with post.inside():
        bury(post.archive, 6000, "2026-02-01", "quokka:1 ibex:9")
    post.letter(minute=5, subject="Found", text="quokka ibex")
    enter(post.member)
    page.goto("/mail/?q=%22quokka+ibex%22")
    expect(page.locator("#list .row")).to_have_count(1)
    expect(page.locator("#list .row")).to_contain_text("Found")
    expect(page.locator("#older")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390, 700])
def test_a_narrow_window_has_one_pane(
    page: Page, enter: Enter, post: Post, trouble: list[str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    enter(post.member)
    page.goto("/mail/")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.locator("#read")).to_be_hidden()
    page.get_by_role("link", name="Mara29").click()
    expect(page.locator("#thread-title")).to_be_visible()
    expect(page.locator("#list")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#list")).to_be_visible()
    expect(page.get_by_role("link", name="Mara29")).to_be_focused()


def test_without_script_links_do_it_all(
    browser: Browser, enter: Enter, post: Post, site: str
) -> None:
    for number in range(40):
        post.letter(minute=-100 - number, subject=f"Past {number}")
    context = browser.new_context(java_script_enabled=False, base_url=site)
    cookie = signed_in(post.member).cookies["session"]
    context.add_cookies([{"name": "session", "value": cookie.value, "url": site}])
    page = context.new_page()
    page.goto("/mail/")
    page.get_by_role("link", name="Older").click()
    expect(page.locator("#list .row")).to_have_count(20)
    page.locator("#list .row a.hit").first.click()
    expect(page.locator("#thread-title")).to_be_visible()
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Some text.")
    context.close()
