"""What somebody writes outlives the browser, the session and another tab; and they are told."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from mailweave.outbox import drafts
from mailweave.outbox.models import Draft
from mailweave.people.access import Member
from tests.browser.test_composer import wait
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
COMPOSERS = "**/compose/*/"
Axe = Callable[[Page], list[str]]


@pytest.fixture
def post(site: str) -> Post:
    del site
    return make_post()


def only(post: Post) -> Draft:
    with post.inside():
        found: Draft = Draft.objects.get()
    return found


def crash(page: Page) -> None:
    """The browser is killed: nothing on the page has time for anything."""
    with pytest.raises(Error):
        page.goto("chrome://crash")


def test_what_is_written_outlives_the_browser(
    page: Page, context: BrowserContext, enter: Enter, post: Post, axe: Axe
) -> None:
    enter(post.member)
    page.goto("/mail/")
    page.keyboard.press("c")
    dock = page.locator("#dock draft-keeper")
    expect(dock.get_by_role("combobox", name="To", exact=True)).to_be_focused()
    page.route(COMPOSERS, lambda route: route.abort())
    dock.get_by_label("Subject").fill("Half a")
    expect(dock.get_by_text("The server cannot be reached")).to_be_visible()
    crash(page)
    draft = only(post)
    assert draft.subject == ""

    after = context.new_page()
    after.goto("/mail/")
    told = after.get_by_role("status", name="Messages")
    expect(told).to_contain_text("What you wrote was not saved before", timeout=15_000)
    assert axe(after) == []
    told.get_by_role("link", name="Open it").click()
    expect(after.get_by_label("Subject")).to_have_value("Half a")
    wait(post, draft.pk, "Half a")

    after.route(COMPOSERS, lambda route: route.abort())
    after.get_by_label("Subject").fill("Half a thought")
    expect(after.get_by_text("The server cannot be reached")).to_be_visible()
    crash(after)
    version = only(post).version
    with post.inside():
        drafts.save(post.member, draft.pk, version, subject="From the phone")
    last = context.new_page()
    last.goto(f"/compose/{draft.pk}/")
    expect(last.get_by_label("Subject")).to_have_value("From the phone")
    kept = last.locator(".conflict")
    expect(kept).to_contain_text("This was also written here")
    assert axe(last) == []
    kept.get_by_role("button", name="Put it in place of what is here").click()
    expect(last.get_by_label("Subject")).to_have_value("Half a thought")
    wait(post, draft.pk, "Half a thought")
    expect(last.locator("[data-saved]")).to_contain_text("Saved")
    assert last.evaluate("Object.keys(localStorage).filter(one => /^draft/.test(one))") == []


def test_what_is_written_outlives_the_session(
    page: Page, context: BrowserContext, enter: Enter, post: Post
) -> None:
    enter(post.member)
    thread, _ = post.letter(subject="Offer", sender="mara@acme.example", minute=5)
    page.goto(f"/mail/threads/{thread}/")
    page.keyboard.press("r")
    text = page.locator("#answer").get_by_role("textbox", name="Message")
    expect(text).to_be_focused()
    context.clear_cookies()
    page.keyboard.type("Thank you")
    expect(page.get_by_text("You are signed out. What you write is kept")).to_be_visible()
    enter(post.member)
    expect(page.locator("[data-saved]")).to_contain_text("Saved", timeout=10_000)
    assert "Thank you" in only(post).html
    context.clear_cookies(name="session")
    page.keyboard.type(", Mara")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/login/**")
    enter(post.member)
    page.goto("/mail/")
    page.get_by_role("link", name="Open it").click()
    expect(page.get_by_role("textbox", name="Message")).to_contain_text("Thank you, Mara")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    wait(post, only(post).pk, "Thank you, Mara")
