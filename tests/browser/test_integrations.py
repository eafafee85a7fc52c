"""From signing in to an open thread, in a real browser on real processes; and every page of it.

The installation is one for all tests here: a sandbox, a web server and a worker on a database of
their own. Tests that only look use the mailbox that the journey connected.
"""

import re
import time
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.walking import (
    ADA,
    JO,
    MANY,
    MARA,
    SETTINGS,
    SPARE,
    Axe,
    card_of,
    consent,
    look,
)
from tests.flows.installation import Installation

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def connected(installation: Installation, state: dict[str, Any], browser: Browser) -> str:
    """The address of Ada's connected mailbox, all of it imported."""
    context = browser.new_context(base_url=installation.web, storage_state=state)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{SETTINGS}gmail/")
    if not card_of(page, ADA).count():
        page.get_by_role("button", name=re.compile("Connect Gmail|Add another")).click()
        page.get_by_role("button", name="Continue to Google").click()
        consent(page, ADA)
        page.get_by_role("button", name="Start").click()
    expect(card_of(page, ADA)).to_contain_text("messages imported", timeout=30_000)
    href = page.get_by_role("link", name=f"Disconnect {ADA}").get_attribute("href") or ""
    context.close()
    return href.removesuffix("disconnect/")


def test_the_journey_from_connecting_to_an_open_thread(
    installation: Installation, walker: Page
) -> None:
    page = walker
    page.goto(f"{SETTINGS}gmail/")
    connect = page.get_by_role("button", name=re.compile("Connect Gmail|Add another account"))

    # Connect, by keyboard alone as far as our pages reach.
    connect.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Connect a Gmail mailbox")
    expect(dialog).to_contain_text("Read, compose and send mail")
    expect(page.get_by_role("button", name="Continue to Google")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(connect).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    consent(page, JO)

    # The range: the recommended one has the focus.
    expect(page.get_by_role("radio", name="Last 90 days")).to_be_focused()
    expect(page.locator(".toast")).to_contain_text(f"{JO} is connected.")
    installation.tell_google("settings", latency_ms=900)  # so that there is something to watch
    page.get_by_role("button", name="Start").click()

    # Progress comes by itself.
    card = card_of(page, JO)
    expect(card).to_contain_text(re.compile(r"Importing last 90 days: [1-9]\d* of"), timeout=30_000)

    # Pause is answered within a second, and then nothing moves.
    began = time.monotonic()
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("Paused.", timeout=1500)
    assert time.monotonic() - began < 1.5
    expect(card.get_by_role("button", name="Resume")).to_be_visible()
    page.wait_for_timeout(1500)  # the page in hand may still come in
    before = done_of(card)
    page.wait_for_timeout(2000)
    assert done_of(card) == before < MANY
    page.reload()
    assert done_of(card_of(page, JO)) == before

    # Resume, and it is done; the end is told.
    installation.tell_google("settings", latency_ms=0)
    card.get_by_role("button", name="Resume").click()
    expect(page.locator(".toast")).to_contain_text(
        f"The import of {JO} is done: {MANY} messages.", timeout=30_000
    )
    expect(card).to_contain_text(f"{MANY} messages imported")
    expect(card.get_by_role("progressbar")).to_have_count(0)

    # The mail is on the contact, and a thread opens.
    page.goto("/crm/contacts/")
    page.get_by_role("link", name="Mara Lind").first.click()
    row = page.locator("#email-panel .row", has_text="Offer 0 for Jo")
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Offer 0 for Jo")).to_be_visible()


def done_of(card: Any) -> int:
    found = re.search(r": ([\d,]+) of", card.inner_text())
    assert found, card.inner_text()
    return int(found.group(1).replace(",", ""))


def test_sync_now_tells_what_came(installation: Installation, walker: Page, connected: str) -> None:
    walker.goto(f"{SETTINGS}gmail/")
    card = card_of(walker, ADA)
    # The audit that follows connecting looks for what is new too, and might be quicker.
    expect(card.get_by_role("link", name="Ledger: balances")).to_be_visible(timeout=30_000)
    fresh = {"from": MARA, "to": ADA, "subject": "Fresh", "text": "Hello"}
    installation.tell_google(f"mailboxes/{ADA}/messages", **fresh)
    card.get_by_role("button", name="Sync now").click()
    expect(walker.locator(".toast")).to_contain_text(f"{ADA}: 1 new")
    expect(card).to_contain_text("1 new")
    expect(card.get_by_role("button", name="Sync now")).to_be_visible()
    card.get_by_role("button", name="Sync now").click()
    expect(walker.locator(".toast").last).to_contain_text(f"Nothing new in {ADA}.")


def test_a_grant_that_is_revoked_is_told_and_reconnected_in_place(
    installation: Installation, walker: Page, connected: str
) -> None:
    walker.goto(f"{SETTINGS}gmail/")
    installation.tell_google(f"mailboxes/{ADA}/revoke")
    card = card_of(walker, ADA)
    card.get_by_role("button", name="Sync now").click()
    expect(card.locator(".health")).to_contain_text("Reconnect needed")
    expect(walker.locator('.toast[data-level="error"]')).to_contain_text("Reconnect to resume")
    expect(walker.locator("#worst")).to_contain_text("Reconnect needed")
    card.get_by_role("button", name="Reconnect").click()
    consent(walker, ADA)
    expect(walker.locator(".toast")).to_contain_text("connected again")
    expect(card_of(walker, ADA).locator(".health")).to_contain_text("Healthy")


def test_every_page_is_accessible(walker: Page, connected: str, axe: Axe) -> None:
    pages = [SETTINGS, f"{SETTINGS}gmail/", f"{SETTINGS}gmail/client/"]
    pages += [f"{connected}{rest}/" for rest in ("range", "sharing", "set-aside", "disconnect")]
    for path in [*pages, "/connect/gmail/callback/?state=made-up"]:
        look(walker, axe, path)
    walker.goto(f"{SETTINGS}gmail/")
    walker.get_by_role("button", name="Add another account").click()
    assert axe(walker) == []
    walker.set_viewport_size({"width": 390, "height": 800})
    assert axe(walker) == []


def test_cards_in_trouble_are_accessible(
    installation: Installation, walker: Page, connected: str, axe: Axe
) -> None:
    """Every state a card can be in, one after the other, as the database has it."""
    pk = connected.rstrip("/").rpartition("/")[2]
    sync = f"UPDATE sync_sync SET {{}} WHERE mailbox_id = {pk}"
    box = f"UPDATE mail_mailbox SET {{}} WHERE id = {pk}"
    states = [
        sync.format("problem = 'reconnect', problem_text = 'It was revoked.'"),
        sync.format("problem = '', last_synced_at = now() - interval '3 days'"),
        sync.format("last_synced_at = NULL"),
        box.format("disconnected_at = now()"),
    ]
    healthy = [
        box.format("disconnected_at = NULL"),
        sync.format("last_synced_at = now(), problem = '', problem_text = ''"),
    ]
    with psycopg.connect(installation.env["DATABASE_URL"], autocommit=True) as rows:
        for one in states:
            rows.execute(one)  # type: ignore[arg-type]
            look(walker, axe, f"{SETTINGS}gmail/")
        for one in healthy:
            rows.execute(one)  # type: ignore[arg-type]


def test_declining_is_explained_and_can_be_tried_again(walker: Page, connected: str) -> None:
    walker.goto(f"{SETTINGS}gmail/")
    walker.get_by_role("button", name="Add another account").click()
    walker.get_by_role("button", name="Continue to Google").click()
    walker.get_by_text(SPARE).click()
    walker.get_by_role("button", name="Cancel").click()
    expect(walker.get_by_role("alert")).to_contain_text("You declined")
    expect(walker.get_by_role("heading", name="Not connected")).to_be_focused()
    walker.get_by_role("button", name="Try again").click()
    expect(walker).to_have_url(re.compile("/o/oauth2/v2/auth"))


def test_disconnecting_keeps_the_mail(
    installation: Installation, walker: Page, connected: str
) -> None:
    walker.goto(f"{SETTINGS}gmail/")
    walker.get_by_role("link", name=f"Disconnect {ADA}").click()
    expect(walker.get_by_text("Mail that came in stays")).to_be_visible()
    walker.get_by_role("button", name="Disconnect").click()
    expect(card_of(walker, ADA).locator(".health")).to_contain_text("Disconnected")
    walker.goto("/mail/")
    expect(walker.get_by_role("link", name=re.compile("Mara Lind")).first).to_be_visible()
    walker.goto(f"{SETTINGS}gmail/")
    card_of(walker, ADA).get_by_role("button", name="Reconnect").click()
    consent(walker, ADA)
    expect(card_of(walker, ADA).locator(".health")).to_contain_text("Healthy")
