"""The timeline on a record's page, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from mailweave.journal import entries
from mailweave.kit import clock
from mailweave.people.access import Member
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def post(site: str) -> Post:
    del site
    made = make_post()
    for minute in range(22):
        made.letter(minute=minute, subject=f"Letter {minute}", sender="mara@acme.example")
    return made


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_writing_down_ticking_off_and_hearing_of_others(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str], theme: Any, width: int
) -> None:
    mara = post.contact("Mara Okafor", "mara@acme.example")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    enter(post.member)
    page.goto(f"/crm/contacts/{mara}/")
    page.get_by_role("link", name="Timeline", exact=True).click()
    events = page.locator("#timeline .event")
    expect(events).to_have_count(20)
    expect(page.locator("#view-timeline")).to_be_focused()
    assert page.url.endswith("?view=timeline")

    page.keyboard.press("n")
    words = page.get_by_label("Note", exact=True)
    expect(words).to_be_focused()
    words.fill("  ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("dialog .error")).to_have_text("Please write a few words.")
    assert axe(page) == []
    trouble[:] = [line for line in trouble if "422" not in line]
    words.fill("Prefers mornings")
    page.keyboard.press("Control+Enter")
    expect(events.first).to_contain_text("Prefers mornings")
    expect(page.locator("dialog.entry-dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Note", exact=True)).to_be_focused()

    page.get_by_role("link", name="Task", exact=True).click()
    page.get_by_label("What is to be done").fill("Send the offer")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Done this task").click()
    expect(events.first).to_contain_text("by Ada Lind")
    page.get_by_role("button", name="Delete this task").click()
    expect(events.first).to_contain_text("Prefers mornings")
    page.get_by_role("button", name="Undo").click()
    expect(events.first).to_contain_text("Send the offer")

    def tell() -> None:
        page.evaluate(
            "name => document.body.dispatchEvent(new CustomEvent(name, {bubbles: true}))",
            entries.topic("crm.contact", mara),
        )

    def tell_meanwhile(route: Route) -> None:
        tell()  # this look waits until the older lines are here, and must not drop them
        route.continue_()

    page.route("**/*part=rows*", tell_meanwhile)
    page.wait_for_timeout(1100)  # until a look is not put off
    with page.expect_response(lambda response: "last=" in response.url):
        page.get_by_role("link", name="Load more").press(
            "Enter"
        )  # toasts lie over it in narrow windows
    expect(events).to_have_count(24)
    page.locator("#timeline .event a.hit").last.focus()
    with post.inside():
        entries.write(post.colleague, [("crm.contact", mara)], "call", "Called back", clock.now())
    tell()
    expect(events.first).to_contain_text("Called back")
    expect(events).to_have_count(25)
    expect(page.locator("#timeline .event:has(a:focus)")).to_contain_text("Letter 0")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
