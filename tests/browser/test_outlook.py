"""Connecting Outlook in a real browser: an administrator who is asked, a return, and mail."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.walking import SETTINGS, Axe, card_of, look
from tests.flows.installation import Installation

pytestmark = pytest.mark.browser

CY, DEE, EVE = "cy@contoso.example", "dee@fabrikam.example", "eve@live.example"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
OUTLOOK = f"{SETTINGS}outlook/"
MINE = f"{OUTLOOK}admin/"


@pytest.fixture(scope="session")
def people(installation: Installation) -> Installation:
    """Two organisations, one of which leaves consent to administrators, and a private person."""
    for address, more in ((CY, {}), (DEE, {}), (EVE, {"tenant": CONSUMERS})):
        name = address.partition("@")[0].title()
        installation.tell_google(
            "mailboxes", address=address, name=name, company="microsoft", **more
        )
    fresh = {"from": "mara@acme.example", "subject": "Hello", "text": "For Outlook"}
    installation.tell_google(f"mailboxes/{CY}/messages", to=CY, **fresh)
    installation.tell_google("tenants", tenant="contoso.example", consent_policy="admin")
    return installation


def go_to_microsoft(page: Page, address: str) -> None:
    page.goto(OUTLOOK)
    page.get_by_role("button", name=re.compile("Connect Outlook|Add another account")).click()
    page.get_by_role("button", name="Continue to Microsoft").click()
    page.get_by_text(address).click()


def test_an_administrator_is_asked_and_the_mailbox_connected(
    people: Installation,
    walker: Page,
    browser: Browser,
    axe: Axe,
) -> None:
    page = walker
    page.goto(SETTINGS)
    expect(page.get_by_role("heading", name="Outlook")).to_be_visible()

    # Only an administrator may allow it, says Microsoft; the person comes back.
    go_to_microsoft(page, CY)
    expect(page.get_by_role("heading", name="Need admin approval")).to_be_visible()
    page.get_by_role("button", name=re.compile("Return to the application")).click()
    expect(page.get_by_role("alert")).to_contain_text("only an administrator")
    expect(page.get_by_role("heading", name="Not connected")).to_be_focused()
    assert axe(page) == []

    # A link for them, to copy or to send.
    page.get_by_role("button", name="Ask your administrator").click()
    field = page.get_by_label("Link for your administrator")
    link = field.input_value()
    assert axe(page) == []
    page.goto(OUTLOOK)
    expect(page.get_by_text("Waiting for your administrator")).to_be_visible()

    # The administrator has never been here, and this page hears of their answer by itself.
    other = browser.new_context()
    theirs = other.new_page()
    theirs.goto(link)
    theirs.get_by_role("button", name=re.compile("Administrator.*contoso.example")).click()
    theirs.get_by_role("button", name="Accept").click()
    expect(theirs.get_by_role("heading", name="Thank you")).to_be_visible()
    assert axe(theirs) == []
    other.close()
    expect(page.get_by_role("heading", name="has allowed Mailweave")).to_be_visible()

    # Nothing is asked of the person any more.
    page.get_by_role("button", name="Connect Outlook").first.click()
    page.get_by_text(CY).click()
    expect(page.get_by_role("radio", name="Last 90 days")).to_be_focused()
    expect(page.locator(".toast")).to_contain_text(f"{CY} is connected.")
    page.get_by_role("button", name="Start").click()
    expect(card_of(page, CY)).to_contain_text("1 message imported", timeout=30_000)
    expect(page.get_by_text("has allowed Mailweave")).to_have_count(0)
    page.goto("/mail/")
    expect(page.get_by_role("link", name=re.compile("Mara|mara")).first).to_be_visible()


def test_a_personal_account_needs_nobody(people: Installation, walker: Page) -> None:
    go_to_microsoft(walker, EVE)
    walker.get_by_role("button", name="Accept").click()
    expect(walker.locator(".toast")).to_contain_text(f"{EVE} is connected.")


def test_declining_can_be_tried_again(people: Installation, walker: Page) -> None:
    go_to_microsoft(walker, DEE)
    walker.get_by_role("button", name="Cancel").click()
    expect(walker.get_by_role("alert")).to_contain_text("You declined")
    walker.get_by_role("button", name="Try again").click()
    expect(walker).to_have_url(re.compile("/common/oauth2/v2.0/authorize"))


def test_every_page_is_accessible(
    people: Installation,
    walker: Page,
    axe: Axe,
) -> None:
    for path in (SETTINGS, OUTLOOK, f"{OUTLOOK}client/", MINE):
        look(walker, axe, path)
    walker.get_by_role("button", name="Make a link for them").click()
    for path in (MINE, SETTINGS, OUTLOOK):
        look(walker, axe, path)
    walker.get_by_role("button", name=re.compile("^(Connect Outlook|Add another account)$")).click()
    assert axe(walker) == []
    walker.keyboard.press("Escape")
    walker.get_by_role("button", name="Cancel asking your administrator").click()
    expect(walker.locator(".toast")).to_contain_text("You wait for nobody any more.")
