"""Read and unread in a real browser: by looking, by keyboard, by button, and back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailweave.mail.models import Copy
from mailweave.people.access import Member
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def post(site: str) -> Post:
    """Three unread conversations."""
    del site
    made = make_post()
    for number in range(3):
        made.letter(minute=number, subject=f"Letter {number}", html="<p>Hello</p>", seen=False)
    return made


def unseen(post: Post) -> int:
    with post.inside():
        return int(Copy.objects.filter(seen=False).count())


def test_looking_keys_buttons_and_undo(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    enter(post.member)
    with page.expect_response("**/live/"):
        page.goto("/mail/")
    unread = page.locator("#list .row[data-unread]")
    expect(unread).to_have_count(3)
    with page.expect_response("**/shown/"):
        page.locator("#list .row a.hit").first.click()
    expect(unread).to_have_count(2)
    expect(page.locator("#thread-title")).to_be_focused()
    expect(page.locator("#unread-count")).to_contain_text("2")
    assert unseen(post) == 2
    # The open thread, by its key; the toast undoes it in place.
    page.keyboard.press("U")
    expect(unread).to_have_count(3)
    expect(page.get_by_text("Marked as unread.")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("z")
    expect(page.get_by_text("Undone.")).to_be_visible()
    expect(unread).to_have_count(2)
    expect(page.locator("#thread-title")).to_have_text("Letter 2")
    assert unseen(post) == 2
    # A row, by its key: the focus stays with it.
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    row = page.locator("#list .row").nth(1)
    expect(row.locator("a.hit")).to_be_focused()
    page.keyboard.press("I")
    expect(unread).to_have_count(1)
    expect(row.get_by_role("button", name="Mark as unread")).to_have_count(1)
    expect(row.locator("a.hit")).to_be_focused()
    assert unseen(post) == 1


def test_everything_asks_first(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    enter(post.member)
    with page.expect_response("**/live/"):
        page.goto("/mail/")
    page.get_by_role("link", name="Mark all as read").click()
    dialog = page.get_by_role("dialog", name="Mark all as read?")
    expect(dialog).to_contain_text("3 unread messages")
    assert axe(page) == []
    dialog.get_by_role("button", name="Mark as read").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Marked 3 messages as read.")).to_be_visible()
    expect(page.locator("#list .row[data-unread]")).to_have_count(0)
    assert unseen(post) == 0
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#list .row[data-unread]")).to_have_count(3)
    assert unseen(post) == 3
