"""The ledger, what was set aside and the search for missing mail, in a real browser."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mailweave.people.access import Member
from mailweave.sync.models import Audit, AuditDay, Finding
from tests.browser.walking import Axe, look
from tests.makers import make_member
from tests.web.boxes import Box

pytestmark = pytest.mark.browser
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def box(enter: Callable[[Member], None]) -> Box:
    """A mailbox that was checked three hours ago: one day adds up, another does not."""
    made = Box(make_member())
    at = timezone.now() - timedelta(hours=3)
    with made.inside():
        audit = Audit.objects.create(
            mailbox_id=made.pk,
            number=7,
            state="done",
            roles=["inbox", "sent"],
            since=DAY - timedelta(days=90),
            started_at=at,
            ended_at=at,
            named=5,
            found=1,
            unbalanced=1,
            junk=12,
        )
        for day, named in ((DAY.date(), 3), (date(2025, 12, 31), 2), (None, 1)):
            AuditDay.objects.create(audit=audit, day=day, named=named)
        Finding.objects.create(
            audit=audit,
            mailbox_id=made.pk,
            remote_id="r0",
            remote_thread_id="t",
            what="unknown",
            confirmed_at=at,
        )
    made.copies(3, "stored", received_at=DAY, listing=7)
    made.copies(1, "skipped", received_at=DAY, reason="Spam is not taken in.", settled_at=at)
    made.copies(2, "stuck", reason="It could not be read (ValueError).", settled_at=at, attempts=2)
    enter(made.member)
    return made


def test_every_page_is_accessible(page: Page, box: Box, axe: Axe) -> None:
    for rest in (
        "ledger/",
        "ledger/?period=2026-03",
        "ledger/messages/?period=2026&state=here",
        "ledger/messages/?period=2026&state=left-out",
        "set-aside/",
    ):
        look(page, axe, f"/settings/integrations/mailboxes/{box.pk}/{rest}")
    look(page, axe, "/mail/find/")
    look(page, axe, "/mail/find/?q=r0")
    look(page, axe, "/mail/find/?q=nothing+like+it")


def test_from_a_year_to_its_messages_by_keyboard(page: Page, box: Box) -> None:
    page.goto(box.path("ledger"))
    expect(page.locator("#ledger .health").first).to_have_text("Does not add up")
    page.get_by_role("link", name="2026", exact=True).press("Enter")
    page.get_by_role("link", name="March 2026", exact=True).press("Enter")
    expect(page.get_by_role("row", name="02 March 2026")).to_contain_text("Yes")
    page.get_by_role("link", name="3 here, 02 March 2026").press("Enter")
    expect(page.get_by_role("heading", name="Here: 02 March 2026")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_a_check_is_asked_for_and_one_message_tried_again_in_place(page: Page, box: Box) -> None:
    page.goto(box.path("ledger"))
    page.get_by_role("button", name="Check now").press("Enter")
    expect(page.locator(".toast")).to_contain_text("is being compared with its provider")
    page.goto(box.path("set-aside"))
    page.get_by_role("button", name=re.compile("message r4$")).press("Enter")
    expect(page.get_by_text("Trying 1 message again…")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("message r5$"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("message r4$"))).to_have_count(0)
