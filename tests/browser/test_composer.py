"""Writing in a real browser: whom to, the text, files, drafts in two tabs, sending and undoing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from mailweave.outbox.models import Submission
from mailweave.people.access import Member
from tests.web.letters import Post, make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
MARA = "Mara Okafor <mara@acme.example>"
Axe = Callable[[Page], list[str]]


@pytest.fixture
def post(site: str) -> Post:
    del site
    made = make_post()
    made.contact("Mara Okafor", "mara@acme.example")
    made.letter(subject="Terms", sender="jonas@acme.example", minute=1, html="<p>Which?</p>")
    return made


def paste(field: Locator, text: str) -> None:
    field.evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const how = { clipboardData, bubbles: true, cancelable: true };
            field.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        text,
    )


def test_a_letter_is_written_sent_and_had_back(
    page: Page, enter: Enter, post: Post, axe: Axe, trouble: list[str]
) -> None:
    enter(post.member)
    page.goto("/mail/")
    page.keyboard.press("c")
    dock = page.locator("#dock draft-keeper")
    chips = dock.locator(".recipient .who")
    to = dock.get_by_role("combobox", name="To", exact=True)
    expect(to).to_be_focused()
    page.keyboard.type("mar")
    page.keyboard.press("Enter")
    expect(chips).to_have_text(["Mara Okafor"])
    paste(to, "A <a@x.example>; b@y.example, c.example")
    expect(chips).to_have_text(["Mara Okafor", "A", "b@y.example", "c.example"])
    expect(dock.get_by_text("“c.example” is no e-mail address.")).to_be_visible()
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(chips).to_have_count(3)
    page.keyboard.press("Alt+ArrowDown")
    expect(dock.get_by_role("combobox", name="Cc", exact=True)).to_be_focused()
    dock.get_by_label("Subject").fill("Terms")
    dock.get_by_role("textbox", name="Message").click()
    page.keyboard.type("Hello ")
    page.keyboard.press("Control+b")
    page.keyboard.type("Mara")
    expect(dock.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    assert axe(page) == []
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status", name="Messages")).to_contain_text("Sent in a moment")
    expect(dock).to_have_count(0)
    with post.inside():
        (order,) = Submission.objects.select_related("draft")
    assert (order.draft.to, order.draft.cc) == ([MARA, "A <a@x.example>"], ["b@y.example"])
    assert order.draft.html == "<p>Hello&nbsp;<b>Mara</b></p>"
    page.get_by_role("button", name="Undo").click()
    expect(dock.get_by_role("textbox", name="Message")).to_have_text("Hello\xa0Mara")
    with post.inside():
        assert Submission.objects.get().state == Submission.State.CANCELED
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto("/mail/drafts/")
    expect(dock.get_by_role("textbox", name="Message")).to_be_visible()
