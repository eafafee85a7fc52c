"""Shared mailboxes in a real browser: allowed, refused, added, read by a colleague, handed on."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.walking import SETTINGS, Axe, card_of, look
from tests.flows.installation import Installation

pytestmark = pytest.mark.browser

FAY, TEAM = "fay@tailwind.example", "team@tailwind.example"
OUTLOOK = f"{SETTINGS}outlook/"


@pytest.fixture(scope="module")
def office(installation: Installation) -> Installation:
    """Fay's mailbox at Microsoft, and one that her organisation shares."""
    tell = installation.tell_google
    tell("mailboxes", address=FAY, name="Fay", company="microsoft")
    tell("mailboxes", address=TEAM, name="Team", company="microsoft", shared=True)
    letter = {"from": "mara@acme.example", "subject": "For the team", "text": "Hello all"}
    tell(f"mailboxes/{TEAM}/messages", to=TEAM, **letter)
    return installation


def open_dialog(page: Page, name: str) -> None:
    page.goto(OUTLOOK)
    page.get_by_role("button", name=re.compile(f"^{name}.*{FAY}")).click()


def test_from_an_old_permission_to_everybodys_mail(
    office: Installation, walker: Page, axe: Axe
) -> None:
    page = walker
    page.goto(OUTLOOK)
    page.get_by_role("button", name=re.compile("^(Connect Outlook|Add another account)$")).click()
    page.get_by_role("button", name="Continue to Microsoft").click()
    page.get_by_text(FAY).click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".toast")).to_contain_text(f"{FAY} is connected.")

    # What was allowed is one's own mailbox: the button says so, and does nothing.
    page.goto(OUTLOOK)
    add = page.get_by_role("button", name=re.compile(f"^Add shared mailbox.*{FAY}"))
    expect(add).to_have_attribute("aria-disabled", "true")
    expect(add).to_have_accessible_description(re.compile("Allow shared mailboxes first"))
    add.click(force=True)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert axe(page) == []

    # More is asked, with the reason, and only that.
    open_dialog(page, "Allow shared mailboxes")
    expect(page.get_by_role("dialog")).to_contain_text("Send mail on behalf of others")
    assert axe(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Continue to Microsoft").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".toast")).to_contain_text("may open shared mailboxes")

    # Nobody has let Fay in yet: whose move it is, and what was typed stays.
    open_dialog(page, "Add shared mailbox")
    field = page.get_by_role("dialog").get_by_label("E-mail address of the shared mailbox")
    expect(field).to_be_focused()
    assert axe(page) == []
    field.fill(TEAM)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Ask an Exchange administrator")
    expect(page.get_by_label("E-mail address of the shared mailbox")).to_have_value(TEAM)
    assert axe(page) == []

    office.tell_google(f"mailboxes/{TEAM}/delegates", delegate=FAY)
    page.get_by_role("button", name="Add mailbox").click()
    expect(page.get_by_role("radio", name="Last 90 days")).to_be_focused()
    page.get_by_role("button", name="Start").click()
    card = card_of(page, TEAM)
    expect(card).to_contain_text("1 message imported", timeout=30_000)
    expect(card).to_contain_text("Shared with everybody here")
    expect(card.get_by_text("Shared", exact=True)).to_be_visible()
    assert axe(page) == []
    page.goto("/mail/")
    expect(page.get_by_text("For the team").first).to_be_visible()

    # Who opens it, and what becomes of it when Fay leaves.
    for path in ("delegate", "disconnect"):
        page.goto(OUTLOOK)
        name = "Who opens it" if path == "delegate" else f"Disconnect {FAY}"
        page.get_by_role("link", name=re.compile(name)).click()
        expect(page.get_by_role("group")).to_contain_text(FAY if path == "delegate" else TEAM)
        assert axe(page) == []
    page.get_by_role("button", name="Disconnect").click()
    expect(card_of(page, TEAM)).to_contain_text("Its mail is kept")
    expect(card_of(page, TEAM).get_by_role("link", name="Connect again")).to_be_visible()


def test_the_page_is_accessible_in_each_light(office: Installation, walker: Page, axe: Axe) -> None:
    assert office
    look(walker, axe, OUTLOOK)
