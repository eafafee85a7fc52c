"""A thread in a real browser: messages that open, images that wait, links made by keyboard."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mailweave.kit import live
from mailweave.mail.opening import WINDOW
from mailweave.people.access import Member
from mailweave.people.models import User
from tests.makers_mail import make_part
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]

PLAIN = "<p>Hello Ada,</p><p>these are the terms.</p>"
QUOTED = (
    PLAIN
    + '<div class="gmail_quote">On Monday Ada wrote:<blockquote>'
    + "<p>What are the terms?</p>" * 30
    + "</blockquote></div>"
)
STYLED = '<div style="background:#fed7aa;color:#7c2d12"><h1>Offer</h1><p>Only today</p></div>'
REMOTE = '<p>Hi <img src="https://pics.example/a.png" width="200" height="100" alt="logo"></p>'


@pytest.fixture
def post(site: str) -> Post:
    del site
    return make_post()


def conversation(post: Post) -> int:
    """Four messages of Mara's, the last one quoting."""
    thread, _ = post.letter(minute=1, sender="mara@acme.example", subject="Terms", html=PLAIN)
    for minute in (2, 3):
        post.letter(thread=thread, minute=minute, sender="mara@acme.example", html=PLAIN)
    _, last = post.letter(
        thread=thread, minute=4, sender="mara@acme.example", html=QUOTED, cc=["jon@acme.example"]
    )
    with post.inside():
        make_part(last, filename="terms.pdf", size=123_456)
    post.contact("Mara Okafor", "mara@acme.example")
    return thread


def height(page: Page) -> float:
    box = page.locator("mail-body iframe").last.bounding_box()
    assert box
    return box["height"]


def test_the_thread_is_accessible(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    thread = conversation(post)
    enter(post.member)
    page.goto(f"/mail/threads/{thread}/")
    page.keyboard.press(";")
    expect(page.locator("mail-body iframe")).to_have_count(4)
    page.get_by_role("link", name="Details").last.click()
    expect(page.locator(".headers")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("l")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page) == []


@pytest.mark.parametrize("html", [PLAIN, STYLED])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_body_is_accessible_and_follows_the_theme_unless_styled(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str], html: str, theme: Any
) -> None:
    thread, _ = post.letter(html=html)
    enter(post.member)
    page.emulate_media(color_scheme=theme)
    page.goto(f"/mail/threads/{thread}/")
    body = page.frame_locator("mail-body iframe").locator("body")
    colour = body.evaluate("body => getComputedStyle(body).color")
    background = body.evaluate("body => getComputedStyle(body).backgroundColor")
    if html == STYLED:
        assert background == "rgb(255, 255, 255)"
    else:
        assert background == "rgba(0, 0, 0, 0)"
        assert colour == ("rgb(23, 27, 36)" if theme == "light" else "rgb(233, 236, 241)")


def test_a_theme_of_ones_own_reaches_the_body(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    User.objects.filter(pk=post.member.user_id).update(theme="dark")
    thread, _ = post.letter(html=PLAIN)
    enter(post.member)
    page.emulate_media(color_scheme="light")
    page.goto(f"/mail/threads/{thread}/")
    body = page.frame_locator("mail-body iframe").locator("body")
    assert body.evaluate("body => getComputedStyle(body).color") == "rgb(233, 236, 241)"


def test_older_messages_open_when_asked(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    thread = conversation(post)
    enter(post.member)
    page.goto(f"/mail/threads/{thread}/")
    expect(page.locator("details.msg[open]")).to_have_count(1)
    page.locator("details.msg summary").first.click()
    first = page.locator("details.msg").first
    expect(first.frame_locator("iframe").locator("body")).to_contain_text("these are the terms")
    page.get_by_role("button", name="Expand all").click()
    expect(page.locator("details.msg[open]")).to_have_count(4)


def test_the_frame_is_as_high_as_what_it_shows(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    thread = conversation(post)
    enter(post.member)
    page.goto(f"/mail/threads/{thread}/")
    quote = page.frame_locator("mail-body iframe").locator("details.quote summary")
    expect(quote).to_be_visible()
    folded = height(page)
    assert folded < 250
    quote.click()
    tall = re.compile(r"^([7-9]|\d\d)\d\d(\.\d+)?px$")
    expect(page.locator("mail-body iframe").last).to_have_css("height", tall)


def test_keys_pressed_in_the_frame_reach_the_page(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    thread = conversation(post)
    enter(post.member)
    page.goto(f"/mail/threads/{thread}/")
    page.frame_locator("mail-body iframe").locator("p").first.click()
    page.keyboard.press("u")
    expect(page.locator("#thread")).to_have_count(0)


def test_images_wait_for_consent(page: Page, enter: Enter, post: Post, trouble: list[str]) -> None:
    thread, _ = post.letter(html=REMOTE, sender="shop@acme.example")
    enter(post.member)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/mail/threads/{thread}/")
    expect(page.frame_locator("iframe").locator("p")).to_be_visible()
    expect(page.get_by_text("A remote image is blocked.")).to_be_visible()
    assert not [url for url in asked if "/mail/img/" in url or "pics.example" in url]
    with page.expect_response("**/mail/img/**"):
        page.get_by_role("link", name="Show images").click()
    expect(page.get_by_text("A remote image is blocked.")).to_have_count(0)
    assert not [url for url in asked if "pics.example/" in url]
    trouble[:] = [said for said in trouble if "415" not in said]  # the tests have no network


def test_a_sender_is_trusted_and_not_any_more(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    thread, _ = post.letter(html="<p>Hi<img src='https://x.example/' alt=''>", sender="s@a.example")
    enter(post.member)
    page.goto(f"/mail/threads/{thread}/")
    page.get_by_role("button", name="Always for this sender").click()
    expect(page.get_by_text("Images from s@a.example are always shown.")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Always for this sender")).to_be_visible()
    trouble[:] = [said for said in trouble if "415" not in said]


def test_linking_by_keyboard_and_undoing(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    thread = conversation(post)
    post.contact("Jon Bell", "jon@elsewhere.example")
    enter(post.member)
    page.goto(f"/mail/threads/{thread}/")
    page.keyboard.press("l")
    expect(page.get_by_role("searchbox", name="Find a record")).to_be_focused()
    page.keyboard.type("bell")
    page.get_by_role("button", name="Link to Jon Bell").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Link to…")).to_be_focused()
    expect(page.locator(".filings").last).to_contain_text("linked by hand by Ada Lind")
    expect(page.locator("#toasts")).to_contain_text("Linked to Jon Bell.")
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    expect(page.locator(".filings").last).not_to_contain_text("Jon Bell")
    page.get_by_role("button", name="Unlink from Mara Okafor").click()
    expect(page.locator(".filings").last).to_contain_text("Not filed under Mara Okafor")


def test_an_answer_comes_into_the_open_thread(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    thread = conversation(post)
    enter(post.member)
    with page.expect_response("**/live/"):
        page.goto(f"/mail/threads/{thread}/")
    page.locator("details.msg summary").first.click()
    expect(page.locator("details.msg[open]")).to_have_count(2)
    page.evaluate("document.querySelector('details.msg iframe').dataset.mark = 'same'")
    post.letter(thread=thread, minute=9, sender="mara@acme.example", text="One more thing")
    with post.inside():
        live.tell("mail")
    expect(page.locator("details.msg")).to_have_count(5)
    newest = page.locator("details.msg").last
    expect(newest.frame_locator("iframe").locator("body")).to_contain_text("One more thing")
    expect(page.locator("details.msg[open]")).to_have_count(3)
    expect(page.locator("iframe[data-mark=same]")).to_have_count(1)


def test_a_long_thread_is_read_from_its_end_by_keyboard(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    thread, _ = post.letter(minute=0, subject="Terms")
    for minute in range(1, WINDOW + 4):
        post.letter(thread=thread, minute=minute)
    enter(post.member)
    with page.expect_response("**/live/"):
        page.goto(f"/mail/threads/{thread}/")
    cards = page.locator("details.msg")
    expect(cards).to_have_count(WINDOW)
    assert axe(page) == []
    newest = page.locator("details.msg[open]")
    newest.evaluate("one => one.dataset.mark = 'same'")
    page.get_by_role("link", name="4 older messages").focus()
    page.keyboard.press("Enter")
    expect(cards).to_have_count(WINDOW + 4)
    expect(page.get_by_role("link", name="older message")).to_have_count(0)
    expect(cards.nth(3).locator("summary")).to_be_focused()
    before = ids(page)
    _, late = post.letter(thread=thread, minute=99, text="One more thing")
    with post.inside():
        live.tell("mail")
    expect(cards).to_have_count(WINDOW + 5)
    assert ids(page) == [*before, f"message-{late}"]
    expect(page.locator("details.msg[data-mark=same]")).to_have_count(1)
    assert page.url.endswith(f"/mail/threads/{thread}/")


def test_news_leave_the_way_to_older_messages_where_it_is(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    thread, _ = post.letter(minute=0)
    for minute in range(1, WINDOW + 4):
        post.letter(thread=thread, minute=minute)
    enter(post.member)
    with page.expect_response("**/live/"):
        page.goto(f"/mail/threads/{thread}/")
    post.letter(thread=thread, minute=99)
    with post.inside():
        live.tell("mail")
    expect(page.locator("details.msg")).to_have_count(WINDOW + 1)
    expect(page.locator(".messages > :first-child")).to_have_text("4 older messages")
    page.get_by_role("link", name="4 older messages").click()
    expect(page.locator("details.msg")).to_have_count(WINDOW + 5)
    assert ids(page) == sorted(ids(page), key=lambda one: int(one.removeprefix("message-")))


def test_more_news_than_a_window_holds_are_put_at_the_end(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    thread, first = post.letter(minute=0)
    enter(post.member)
    with page.expect_response("**/live/"):
        page.goto(f"/mail/threads/{thread}/")
    made = [post.letter(thread=thread, minute=minute)[1] for minute in range(1, WINDOW + 9)]
    with post.inside():
        live.tell("mail")
    expect(page.locator("details.msg")).to_have_count(WINDOW + 9)
    assert ids(page) == [f"message-{pk}" for pk in (first, *made)]


def ids(page: Page) -> Any:
    return page.evaluate("[...document.querySelectorAll('details.msg')].map((one) => one.id)")


def test_wide_mail_scrolls_in_its_own_place(
    page: Page, enter: Enter, post: Post, trouble: list[str]
) -> None:
    wide = "<table width='2000'><tr><td style='white-space:nowrap'>" + "wide " * 300 + "</table>"
    thread, _ = post.letter(html=wide, subject="W" * 300, sender=f"{'long' * 15}@acme.example")
    enter(post.member)
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"/mail/threads/{thread}/")
        expect(page.locator("#thread-title")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("document.getElementById('read').scrollWidth") <= width
