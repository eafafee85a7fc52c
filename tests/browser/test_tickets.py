"""Tickets in a real browser: set up a processor, answer a ticket, split it, merge it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailweave.kit import scope
from mailweave.people.access import Member
from mailweave.people.models import Role, Workspace
from mailweave.records.support import presence
from mailweave.records.support.models import Ticket
from tests.makers import make_member
from tests.makers_arrivals import BOB, MARA
from tests.records.support.makers import Desk, make_desk, make_ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]


@pytest.fixture
def desk(site: str) -> Desk:
    del site
    made = make_desk()
    with scope.workspace(made.id):
        made.processor(made.member.user_id, assignment="round_robin")
        made.arrive("a", f"Mara Quist <{MARA}>", subject="The winch is stuck", cc=[BOB])
        made.arrive("b", f"Bob <{BOB}>", subject="And the anchor light is out", refs=["a"])
        made.arrive("c", "x@list.example", subject="News", headers=[("List-Id", "<news.example>")])
        make_ticket("Hull scratched", customer=MARA, priority="urgent", tags=["hull"])
    return made


def test_a_ticket_is_worked_on(
    page: Page, enter: Enter, desk: Desk, axe: Axe, trouble: list[str]
) -> None:
    enter(desk.member)
    page.goto("/support/tickets/")
    assert axe(page) == []
    page.get_by_role("link", name="Mine", exact=True).click()
    page.get_by_role("link", name="The winch is stuck").click()
    expect(page.locator("#record-mail")).to_contain_text("And the anchor light is out")
    with scope.workspace(desk.id):
        ticket = Ticket.objects.get(number=1)
    kim = make_member(Role.MEMBER, Workspace.objects.get(pk=desk.id), name="Kim Ode")
    with scope.workspace(desk.id):
        presence.look(kim, ticket.pk)
    page.reload()
    expect(page.get_by_text("Also looking at this ticket now: Kim Ode")).to_be_visible()
    page.get_by_label("Status").select_option("in_progress")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("TKT-0001 was saved")).to_be_visible()
    page.get_by_role("link", name="Timeline", exact=True).click()
    expect(page.locator("#timeline")).to_contain_text("Open → In progress")
    assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert axe(page) == []

    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Split messages off").click()
    assert axe(page) == []
    page.get_by_role("checkbox", name="anchor light").check()
    page.get_by_role("button", name="Make them a new ticket").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("And the anchor light is out")

    page.goto("/support/settings/")
    assert axe(page) == []
    page.get_by_role("link", name="Help", exact=True).click()
    expect(page.get_by_text("a mailing list")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Edit", exact=True).click()
    assert axe(page) == []
    assert trouble == []
