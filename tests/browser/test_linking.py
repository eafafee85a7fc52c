"""The linking policy in a real browser: by keyboard, looked at first, applied, undone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailweave.kit import scope
from mailweave.linking import policy, relinking
from mailweave.linking.models import Relinking
from mailweave.people.access import Member
from mailweave.people.models import Role, User
from mailweave.records.crm.models import Company
from tests.browser.test_policies import POLICIES, check
from tests.makers import make_member
from tests.makers_arrivals import ADA, MARA, fetch, put
from tests.makers_mail import Archive
from tests.records.crm.makers import make_contact, make_deal

pytestmark = pytest.mark.browser


@pytest.fixture
def admin(site: str) -> Member:
    """An admin with mail of Mara Lind, who works at Acme and has a deal."""
    made = make_member(Role.ADMIN, name="Olga Admin")
    with scope.workspace(made.workspace_id):
        box = Archive().mailbox(User.objects.get(pk=made.user_id))
        mara = make_contact("Mara Lind", MARA, company=Company.objects.create(name="Acme"))
        make_deal("Herons for the lake", mara, opened_on="2026-01-01")
        for n in range(3):
            put(box, fetch(f"m{n}", MARA, [ADA], subject=f"Offer {n}", minute=n))
    return made


def work(admin: Member) -> None:
    with scope.workspace(admin.workspace_id):
        rows = list(Relinking.objects.filter(state__in=Relinking.WORKING))
    for row in rows:
        relinking.advance(admin.workspace_id, row.pk)


def test_another_way_to_link_is_seen_first(
    page: Page,
    enter: Callable[[Member], None],
    admin: Member,
    axe: Callable[[Page], list[str]],
    trouble: list[str],
) -> None:
    enter(admin)
    page.goto(POLICIES)
    check(page, axe)
    deals = page.get_by_role("group", name="Deals of a person")
    deals.get_by_label("The latest deal that was open when the message was sent").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.get_by_role("group", name="Received mail is matched by").get_by_label(
        "Cc", exact=True
    ).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="See what would change").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Looking at what would change")).to_be_visible()
    check(page, axe)
    work(admin)
    expect(page.locator("#trial")).to_contain_text("It would add 0 links and remove 3.")
    expect(page.get_by_text("Herons for the lake: an open deal of Mara Lind").first).to_be_visible()
    check(page, axe)
    page.get_by_role("button", name="Apply").click()
    work(admin)
    expect(page.get_by_role("heading", name="The change is done")).to_be_visible()
    check(page, axe)
    page.get_by_role("button", name="Undo").click()
    work(admin)
    expect(page.get_by_role("heading", name="The change was undone")).to_be_visible()
    with scope.workspace(admin.workspace_id):
        assert policy.current().deal_mode == "latest"
    page.goto(f"{POLICIES}presets/timeline/")
    expect(page.get_by_text("things would be other than now")).to_be_visible()
    check(page, axe)
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Client files, kept short").click()
    expect(page.get_by_role("heading", name="Client files, kept short")).to_be_visible()
    assert trouble == []
