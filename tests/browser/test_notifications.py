"""The bell in a real browser: by keyboard and pointer, live, in light and dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailweave.kit import scope
from mailweave.people import notifications
from mailweave.people.access import Member
from tests.makers import make_member

pytestmark = pytest.mark.browser
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def sam(site: str) -> Member:
    return make_member(name="Sam Reyes")


def tell(member: Member, *numbers: int) -> None:
    with scope.workspace(member.workspace_id):
        for number in numbers:
            notifications.notify(
                [member.user_id],
                kind="failed",
                key=f"thing-{number}",
                title=f"Email sync failed. Please check your connection ({number})",
                text="jo-with-a-long-name@northwind.example: Google did not answer.",
                path="/settings/profile/",
            )


def test_the_bell_and_its_page_are_accessible(
    page: Page, enter: Enter, sam: Member, axe: Axe, trouble: list[str]
) -> None:
    enter(sam)
    page.goto("/notifications/")
    expect(page.get_by_text("Nothing to report")).to_be_visible()
    assert axe(page) == []
    tell(sam, *range(12))
    with scope.workspace(sam.workspace_id):
        notifications.end(["thing-3", "thing-11"], "It works again; nothing was lost.")
    for path in ("/notifications/", "/settings/profile/", "/mail/"):
        page.goto(path)
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, (path, width)
            page.get_by_role("button", name="Notifications, 10 unread").click()
            latest = page.get_by_role("dialog", name="Notifications")
            expect(latest.get_by_role("listitem")).to_have_count(8)
            box = latest.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert axe(page) == [], (path, width)
            page.keyboard.press("Escape")


def test_by_keyboard_the_focus_goes_in_and_comes_back(
    page: Page, enter: Enter, sam: Member, trouble: list[str]
) -> None:
    tell(sam, 1, 2)
    enter(sam)
    page.goto("/settings/members/")
    bell = page.get_by_role("button", name="Notifications, 2 unread")
    bell.focus()
    page.keyboard.press("Enter")
    latest = page.get_by_role("dialog", name="Notifications")
    expect(latest.get_by_role("heading", name="Notifications")).to_be_focused()
    expect(latest.get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(latest).to_be_hidden()
    expect(bell).to_be_focused()
    page.keyboard.press("Enter")
    latest.get_by_role("button", name="Mark all as read").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
    expect(latest.get_by_role("button", name="Mark all as read")).to_have_count(0)
    expect(latest.get_by_role("heading", name="Notifications")).to_be_focused()
    latest.get_by_role("button", name="Please check your connection (2)").click()
    expect(page).to_have_url("/settings/profile/")


def test_news_change_the_count_and_leave_the_focus_alone(
    page: Page, enter: Enter, sam: Member, trouble: list[str]
) -> None:
    enter(sam)
    page.goto("/settings/profile/")
    page.wait_for_function("document.querySelector('#live').hasAttribute('data-htmx-powered')")
    name = page.get_by_label("Time zone")
    name.focus()
    page.wait_for_timeout(1000)
    tell(sam, 1)
    expect(page.get_by_role("button", name="Notifications, 1 unread")).to_be_visible()
    expect(page.locator("#bell [role=status]")).to_have_text("1 unread notification")
    expect(name).to_be_focused()
    page.get_by_role("button", name="Notifications, 1 unread").click()
    latest = page.get_by_role("dialog", name="Notifications")
    expect(latest.get_by_role("listitem")).to_have_count(1)
    with scope.workspace(sam.workspace_id):
        notifications.end(["thing-1"], "It works again; nothing was lost.")
    expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
    expect(latest).to_be_visible()


def test_without_script_the_bell_leads_to_the_page(
    page: Page, enter: Enter, sam: Member, browser: object
) -> None:
    tell(sam, 1)
    enter(sam)
    page.context.route("**/*.js", lambda route: route.abort())
    page.goto("/settings/profile/")
    page.get_by_role("button", name="Notifications, 1 unread").click()
    page.get_by_role("link", name="See all").click()
    expect(page).to_have_url("/notifications/")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()
