"""Policies and never-sync lists in a real browser: by keyboard, asked first, light and dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailweave.kit import scope
from mailweave.mail import policy
from mailweave.mail.models import NeverSync
from mailweave.people.access import Member
from mailweave.people.models import Role, User
from mailweave.sync.models import Purge
from tests.makers import make_member
from tests.makers_mail import Archive

pytestmark = pytest.mark.browser
POLICIES, NEVER = "/settings/policies/", "/settings/never-sync/"
WIDTHS = (1280, 390)


@pytest.fixture
def admin(site: str) -> Member:
    """An admin with a mailbox that holds two letters."""
    made = make_member(Role.ADMIN, name="Olga Admin")
    archive = Archive()
    with scope.workspace(made.workspace_id):
        box = archive.mailbox(User.objects.get(pk=made.user_id))
        for minute in range(2):
            archive.copy(archive.message(archive.thread(), minute=minute), box)
        archive.settle()
        NeverSync.objects.create(kind="domain", value="bank.example", made_by_id=made.user_id)
    return made


def check(page: Page, axe: Callable[[Page], list[str]]) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert axe(page) == []
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, width
    page.set_viewport_size({"width": 1280, "height": 800})


def test_choosing_less_and_leaving_somebody_out(
    page: Page,
    enter: Callable[[Member], None],
    admin: Member,
    axe: Callable[[Page], list[str]],
    trouble: list[str],
) -> None:
    enter(admin)
    page.goto(POLICIES)
    check(page, axe)
    body = page.get_by_role("group", name="Text of messages")
    body.get_by_label("All of it").focus()
    page.keyboard.press("ArrowDown")
    expect(body.get_by_label("The first 200 characters")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keep less of stored mail?")).to_be_visible()
    expect(page.locator("main")).to_contain_text("The text of 2 stored messages is shortened here")
    check(page, axe)
    page.get_by_role("button", name="Keep less").click()
    expect(page.locator("main")).to_contain_text("Shortening stored messages: 0 of 2 messages")
    check(page, axe)
    with scope.workspace(admin.workspace_id):
        assert policy.current().body == "snippet"
        assert Purge.objects.get().what == "body"
    page.goto(NEVER)
    check(page, axe)
    mine = page.get_by_role("region", name="Your list")
    mine.get_by_label("Address or domain").fill("com")
    page.keyboard.press("Enter")
    field = mine.get_by_label("Address or domain")
    expect(field).to_be_focused()
    expect(mine).to_contain_text("would leave out everybody under .com")
    check(page, axe)
    field.fill("client.example")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("2 stored messages will be removed here")
    check(page, axe)
    page.get_by_role("button", name="Never sync, and remove").click()
    expect(page.get_by_role("region", name="Your list")).to_contain_text("Added by Olga Admin")
    check(page, axe)
    trouble[:] = [line for line in trouble if "422" not in line]
