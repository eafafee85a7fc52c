"""Contacts, companies and deals in a real browser: by keyboard, with and without script."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mailweave.kit import scope
from mailweave.linking.models import Activity
from tests.browser.walking import find_faults
from tests.records.crm.makers import (
    make_company,
    make_contact,
    make_deal,
    make_lead,
    make_workspace,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": "/usr/bin/chromium",
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    }


Opener = Callable[..., Page]


@pytest.fixture
def workspace(transactional_db: None) -> tuple[int, Any]:
    return make_workspace("north")


@pytest.fixture
def open_page(live_server: Any, browser: Browser, workspace: tuple[int, Any]) -> Iterator[Opener]:
    """Opens a signed-in page; whatever the console complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    client = Client()
    client.force_login(workspace[1])
    key = client.cookies[settings.SESSION_COOKIE_NAME].value

    def opened(path: str, **options: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}]
        )
        # The event stream needs an asynchronous server and has tests of its own.
        context.route("**/live/", lambda route: route.fulfill(status=204))
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    # Chromium reports the 422 of a refused form as an error of the page; it is none.
    assert [text for text in complaints if "422" not in text] == []


def judge(page: Page) -> None:
    """No fault that axe can find."""
    assert find_faults(page) == []


def test_a_contact_by_keyboard(open_page: Opener) -> None:
    page = open_page("/crm/contacts/")
    expect(page.get_by_role("heading", name="No contacts yet")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Mara Okafor")
    page.get_by_label("Address 1", exact=True).fill("mara@acme.example")
    page.get_by_role("button", name="Add address").press("Enter")
    expect(page.get_by_label("Address 2", exact=True)).to_be_focused()
    expect(page.get_by_label("Address 1", exact=True)).to_have_value("mara@acme.example")
    page.keyboard.type("nonsense")
    page.keyboard.press("Enter")
    wrong = page.get_by_label("Address 2", exact=True)
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description(
        "This is not an e-mail address. One looks like mara@acme.example."
    )
    judge(page)
    wrong.fill("m@acme.example")
    page.get_by_label("Primary: address 2").check()
    page.get_by_label("Company").fill("Acme")
    page.get_by_label("Company").press("Enter")
    expect(page.get_by_role("heading", name="Mara Okafor")).to_be_visible()
    expect(page.get_by_text("m@acme.example Primary")).to_be_visible()
    expect(page.get_by_role("link", name="Acme")).to_be_visible()


def test_a_search_finds_while_typing(open_page: Opener, workspace: tuple[int, Any]) -> None:
    with scope.workspace(workspace[0]):
        make_contact("Mara Okafor", "mara@acme.example")
        make_contact("Jonas Weber", "jonas@globex.example")
    page = open_page("/crm/contacts/")
    search = page.get_by_role("searchbox", name="Search name, address or company")
    search.press_sequentially("globex")
    expect(page.get_by_role("link", name="Mara Okafor")).to_have_count(0)
    expect(page.get_by_role("link", name="Jonas Weber")).to_be_visible()
    expect(search).to_be_focused()
    expect(search).to_have_value("globex")
    assert page.url.endswith("/crm/contacts/?q=globex")
    page.reload()
    expect(page.get_by_role("link", name="Jonas Weber")).to_be_visible()
    expect(page.get_by_role("link", name="Mara Okafor")).to_have_count(0)


def test_a_deal_finds_its_contacts(open_page: Opener, workspace: tuple[int, Any]) -> None:
    with scope.workspace(workspace[0]):
        mara = make_contact("Mara Okafor", "mara@acme.example")
        make_contact("Jonas Weber", "jonas@globex.example")
    page = open_page(f"/crm/deals/new/?contact={mara.pk}")
    page.get_by_label("Name", exact=True).fill("Renewal")
    page.get_by_label("Find contacts to add").press_sequentially("jonas")
    page.get_by_role("checkbox", name="Jonas Weber").check()
    page.get_by_label("Primary: Jonas Weber").check()
    expect(page.get_by_role("checkbox", name="Mara Okafor")).to_be_checked()
    page.get_by_role("button", name="Save deal").click()
    expect(page.get_by_role("heading", name="Renewal")).to_be_visible()
    rows = page.get_by_role("region", name="Contacts").get_by_role("listitem")
    expect(rows.first).to_contain_text("Jonas Weber Primary")
    expect(rows).to_have_count(2)


def test_everything_works_without_script(open_page: Opener, workspace: tuple[int, Any]) -> None:
    with scope.workspace(workspace[0]):
        make_contact("Jonas Weber", "jonas@globex.example")
    page = open_page("/crm/contacts/new/", java_script_enabled=False)
    page.get_by_label("Name").fill("Mara")
    page.get_by_label("Address 1", exact=True).fill("mara@acme.example")
    page.get_by_role("button", name="Add address").click()
    page.get_by_label("Address 2", exact=True).fill("m@acme.example")
    page.get_by_label("Address 2", exact=True).press("Enter")
    expect(page.get_by_text("m@acme.example", exact=True)).to_be_visible()
    page.get_by_role("link", name="Contacts", exact=True).click()
    search = page.get_by_role("searchbox", name="Search name, address or company")
    search.fill("mara")
    search.press("Enter")
    expect(page.get_by_role("link", name="Jonas Weber")).to_have_count(0)
    page.get_by_role("link", name="Mara").click()
    page.get_by_role("link", name="Delete Mara").click()
    page.get_by_role("button", name="Delete Mara").click()
    expect(page.get_by_role("link", name="Jonas Weber")).to_be_visible()
    expect(page.get_by_role("link", name="Mara", exact=True)).to_have_count(0)


def test_every_page_is_accessible_and_fits(open_page: Opener, workspace: tuple[int, Any]) -> None:
    page = open_page("/crm/contacts/")
    for path in ("contacts", "companies", "deals"):
        page.goto(f"/crm/{path}/")
        expect(page.locator(".empty")).to_be_visible()
        judge(page)
    with scope.workspace(workspace[0]):
        mara = make_contact("Mara Okafor", "mara@acme.example", title="Head of Finance " * 8)
        make_contact("Assistant", "mara@acme.example")
        deal = make_deal("Renewal " * 20, mara, amount=12_500)
    people = f"/crm/contacts/{mara.pk}/"
    sales = f"/crm/deals/{deal.pk}/"
    for path in ("/crm/contacts/", "/crm/deals/", "/crm/deals/new/", "/crm/companies/new/"):
        look(page, path)
    for path in (people, f"{people}edit/", f"{people}delete/", sales, f"{sales}edit/"):
        look(page, path)


def look(page: Page, path: str) -> None:
    """The page has no faults, and nothing sticks out on a phone."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(path)
    judge(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390, path


def test_leads_companies_merging_and_files_are_accessible(
    open_page: Opener, workspace: tuple[int, Any], tmp_path: Path
) -> None:
    with scope.workspace(workspace[0]):
        group = make_company("Acme Group")
        acme = make_company("Acme", "office@acme.example", "portal@acme.example", parent=group)
        lead = make_lead("Nia Patel", "nia@patel.example", company_name="Acme", source="Fair")
        mara = make_contact("Mara Okafor", "mara@acme.example", title="CFO", company=acme)
        make_contact("Mara O.", "mara@acme.example", phone="+49 30 1")
        Activity.objects.filter(record_id=mara.pk).update(changed_at="2026-01-01T00:00Z")
    page = open_page("/crm/contacts/?sort=active")
    for path in (
        "/crm/contacts/?sort=active",
        "/crm/contacts/merge/",
        "/crm/contacts/import/",
        "/crm/leads/",
        f"/crm/leads/{lead.pk}/",
        f"/crm/leads/{lead.pk}/edit/",
        f"/crm/leads/{lead.pk}/convert/",
        f"/crm/companies/{acme.pk}/",
        f"/crm/companies/{acme.pk}/edit/",
        f"/crm/companies/{acme.pk}/emails/",
        f"/crm/leads/merge/?id={lead.pk}&q=nia",
    ):
        look(page, path)
    page.goto("/crm/contacts/merge/")
    page.get_by_role("link", name="Compare").click()
    page.wait_for_url("**id=**")
    look(page, page.url)
    page.get_by_role("button", name="Merge into one").press("Enter")
    expect(page.get_by_text("Merged into")).to_be_visible()
    file = tmp_path / "people.csv"
    file.write_text("Name;E-mail\nJon Weber;jon@globex.example\n;nobody@globex.example\n")
    page.goto("/crm/contacts/")
    page.get_by_role("button", name="More").press("Enter")
    page.get_by_role("link", name="Import from CSV").click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Look at the file").click()
    page.wait_for_url("**/imports/*/")
    look(page, page.url)
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_text("Line 3: It has no name.")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Importing: 0 of 2 rows")).to_be_visible()
    look(page, page.url)
