"""The frame around every page, and the pages about people, in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mailweave.kit import live, scope
from mailweave.people import invitations, teams
from mailweave.people.access import Member
from mailweave.people.models import Role, User
from tests.makers import PASSWORD, make_member, make_user, make_workspace

pytestmark = pytest.mark.browser
Enter = Callable[[Member], None]
Axe = Callable[[Page], list[str]]

SIGNED_IN = [
    "/settings/members/",
    "/settings/roles/",
    "/settings/profile/",
    "/account/password/",
    "/nothing/here/",
]
STRANGE = ["/account/login/", "/nothing/here/", "/join/nonsense/"]
NOON = 1_795_262_400  # 21 November 2026, 12:00 UTC
WIDTHS = [320, 390, 768, 1280]


@pytest.fixture
def team(site: str) -> Member:
    """An owner with two colleagues and an open invitation."""
    workspace = make_workspace("Northwind")
    owner = make_member(Role.OWNER, workspace, name="Sam Reyes", email="sam@northwind.example")
    make_member(Role.ADMIN, workspace, name="Priya Raghunathan-Featherstonehaugh the Third")
    make_member(Role.MEMBER, workspace, name="Jo", email=f"{'long' * 15}@northwind.example")
    with scope.workspace(workspace.pk):
        invitations.invite(owner.user_id, Role.MEMBER, "Elif")
        teams.add("Sales, Marketing, and everybody who looks after customers in the north")
    return owner


def check(page: Page, paths: list[str], axe: Axe, trouble: list[str]) -> None:
    """No violations, no sideways scrolling, nothing in the console; 404 is the page's own."""
    for path in paths:
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        assert axe(page) == [], path
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, (path, width)
        page.set_viewport_size({"width": 390, "height": 800})
        assert axe(page) == [], path
        page.set_viewport_size({"width": 1280, "height": 800})
    trouble[:] = [line for line in trouble if "404" not in line and "410" not in line]


def test_members_pages_are_accessible(
    page: Page, enter: Enter, team: Member, axe: Axe, trouble: list[str]
) -> None:
    enter(team)
    check(page, SIGNED_IN, axe, trouble)
    page.goto("/settings/members/")
    page.get_by_role("button", name="Access of Jo").click()
    expect(page.get_by_role("heading", name="What Jo works with")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Invite").click()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert axe(page) == []


def test_strangers_pages_are_accessible(
    page: Page, site: str, axe: Axe, trouble: list[str]
) -> None:
    check(page, ["/setup/"], axe, trouble)
    owner = make_member()
    with scope.workspace(owner.workspace_id):
        _, token = invitations.invite(owner.user_id, Role.MEMBER)
    check(page, [*STRANGE, f"/join/{token}/"], axe, trouble)


def test_setting_up_takes_the_browsers_zone_and_only_the_keyboard(
    page: Page, site: str, trouble: list[str]
) -> None:
    page.goto("/")
    page.get_by_label("Workspace").focus()
    for typed in ("Northwind", "Ann Li", "ann@northwind.example", PASSWORD, PASSWORD):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main")).to_contain_text("Northwind")
    assert User.objects.get().time_zone == "Europe/Berlin"


def test_signing_in_and_out_again(page: Page, site: str, trouble: list[str]) -> None:
    make_member(user=make_user(email="sam@northwind.example", password=PASSWORD))
    page.goto("/settings/profile/")
    page.get_by_label("E-mail address").fill("sam@northwind.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your profile")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/account/login/$"))
    # The page that was left may have asked for its stream of news just after it was signed out.
    trouble[:] = [line for line in trouble if "401" not in line]


def test_inviting_shows_the_link_and_lists_it_behind_the_dialog(
    page: Page, enter: Enter, team: Member, trouble: list[str]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(team)
    page.goto("/settings/members/")
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("Who is it for?").fill("Ann")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Invitation link")
    expect(link).to_have_value(re.compile(r"^http://127\.0\.0\.1:\d+/join/[\w-]{40,}/$"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link.input_value()
    page.keyboard.press("Escape")
    expect(page.locator("#pending .person")).to_have_count(2)


def test_a_refusal_is_told_on_a_page(
    page: Page, enter: Enter, team: Member, trouble: list[str]
) -> None:
    enter(team)
    page.goto("/settings/members/")
    page.get_by_role("button", name="Remove Sam Reyes").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("only owner")
    trouble[:] = [line for line in trouble if "422" not in line]


def test_a_toast_stays_while_it_is_looked_at_and_goes_after(
    page: Page, enter: Enter, team: Member, trouble: list[str]
) -> None:
    enter(team)
    page.clock.install(time=NOON)
    page.clock.pause_at(NOON + 60)
    page.goto("/settings/profile/")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status", name="Messages")).to_be_attached()
    page.clock.run_for(200)
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Your profile is saved.")
    expect(page.get_by_role("status", name="Messages")).to_contain_text("saved")
    page.clock.run_for(7500)
    expect(toast).to_be_visible()
    toast.hover()
    page.clock.run_for(20_000)
    expect(toast).to_be_visible()
    page.mouse.move(5, 5)
    page.clock.run_for(8500)
    expect(toast).to_have_count(0)


def test_shortcuts_go_places_and_are_listed_unless_switched_off(
    page: Page, enter: Enter, team: Member, trouble: list[str]
) -> None:
    enter(team)
    page.goto("/settings/profile/")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Go to Settings")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.get_by_label("Your name").focus()
    page.keyboard.type("?")
    expect(sheet).to_be_hidden()
    page.get_by_label("Your name").blur()
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/crm/contacts/"))
    User.objects.update(hotkeys=False)
    page.goto("/settings/profile/")
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(sheet).to_be_hidden()
    expect(page).to_have_url(re.compile("/settings/profile/"))


def test_the_drawer_of_a_narrow_window_opens_and_closes_by_keyboard(
    page: Page, enter: Enter, team: Member, trouble: list[str]
) -> None:
    enter(team)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/settings/profile/")
    nav = page.get_by_role("navigation", name="Main")
    expect(nav).to_be_hidden()
    menu = page.get_by_role("button", name="Menu")
    menu.focus()
    page.keyboard.press("Enter")
    expect(nav).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('nav') !== null")
    page.keyboard.press("Escape")
    expect(nav).to_be_hidden()
    expect(menu).to_be_focused()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(nav).to_be_visible()
    expect(menu).to_be_hidden()


def test_the_first_tab_skips_to_the_content_and_focus_is_seen(
    page: Page, enter: Enter, team: Member, trouble: list[str]
) -> None:
    enter(team)
    page.goto("/settings/profile/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_page_hears_what_changed(
    page: Page, enter: Enter, team: Member, trouble: list[str]
) -> None:
    enter(team)
    with page.expect_response("**/live/"):
        page.goto("/settings/profile/")
    page.evaluate(
        "document.body.addEventListener('mailbox-12', () => { document.title = 'heard' })"
    )
    with scope.workspace(team.workspace_id):
        live.tell("mailbox-12")
    expect(page).to_have_title("heard")


def test_icons_are_drawn(page: Page, enter: Enter, team: Member, trouble: list[str]) -> None:
    enter(team)
    page.goto("/settings/profile/")
    box = page.locator("nav .navlink .icon").first.evaluate(
        "svg => { const b = svg.getBBox(); return b.width * b.height }"
    )
    assert box > 100


def test_a_frame_costs_little_to_load(
    page: Page, enter: Enter, team: Member, trouble: list[str]
) -> None:
    sizes: dict[str, int] = {}
    page.on("response", lambda r: sizes.update({r.url: int(r.headers.get("content-length", 0))}))
    enter(team)
    page.goto("/settings/profile/", wait_until="load")
    scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
    styles = sum(size for url, size in sizes.items() if url.endswith(".css"))
    assert 0 < scripts < 80_000  # not compressed here; about a third when served
    assert 0 < styles < 40_000


def test_faults_in_the_dark_are_found(page: Page, axe: Axe) -> None:
    """That the looks above can fail: what can be read by day only is named."""
    page.set_content(
        "<!doctype html><html lang=en><title>Page</title><style>"
        "@media (prefers-color-scheme: dark) { body { background: #000; color: #222 } }"
        "</style><main><h1>Words</h1></main>"
    )
    assert [one.partition(":")[0] for one in axe(page)] == ["dark"]
