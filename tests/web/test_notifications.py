"""The bell on every page, and the page of what somebody was told."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from mailweave.kit import scope
from mailweave.people import notifications
from mailweave.people.access import Member
from mailweave.people.models import Notification, Role, Workspace
from tests.makers import make_member, signed_in

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}
PATHS = ["", "latest/", "bell/"]


@pytest.fixture
def sam() -> Member:
    return make_member()


@pytest.fixture
def browser(sam: Member) -> Client:
    return signed_in(sam)


def body(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def tell(member: Member, number: int = 1, **words: str) -> int:
    """Tell them; returns the row's number."""
    with scope.workspace(member.workspace_id):
        notifications.notify(
            [member.user_id],
            **{
                "kind": "failed",
                "key": f"thing-{number}",
                "title": f"Trouble {number} <b>",
                "text": "It said <i>no</i>.",
                "path": "/settings/profile/",
                **words,
            },
        )
        return int(Notification.objects.order_by("-pk")[0].pk)


def test_every_page_has_the_bell_with_its_count(sam: Member, browser: Client) -> None:
    assert 'aria-label="Notifications"' in body(browser.get("/settings/profile/"))
    tell(sam)
    tell(sam, 2)
    for path in ("/settings/profile/", "/mail/", "/notifications/"):
        page = body(browser.get(path))
        assert 'aria-label="Notifications, 2 unread"' in page
        assert f"notifications-{sam.user_id} from:body" in page
    gone = browser.get("/nothing/here/")
    assert gone.status_code == 404
    assert "2 unread notifications" in gone.content.decode(), "rendered outside any workspace"
    assert "Notifications" not in body(Client().get("/account/login/"))


def test_the_bell_alone_tells_its_count_politely(sam: Member, browser: Client) -> None:
    tell(sam)
    bell = body(browser.get("/notifications/bell/", headers=HTMX))
    assert re.search(r'<p class="sr" role="status">1 unread notification</p>', bell)
    assert "<html" not in bell


@pytest.mark.parametrize("path", ["", "latest/"])
def test_what_was_told_is_listed_and_shown_as_it_is(
    sam: Member, browser: Client, path: str
) -> None:
    assert "Nothing to report" in body(browser.get(f"/notifications/{path}"))
    tell(sam)
    tell(sam, 2)
    with scope.workspace(sam.workspace_id):
        notifications.end(["thing-1"], "It works again; nothing was lost.")
    page = body(browser.get(f"/notifications/{path}"))
    assert page.index("Trouble 2") < page.index("Trouble 1")
    assert "Trouble 2 &lt;b&gt;" in page
    assert "It said &lt;i&gt;no&lt;/i&gt;." in page
    assert "It works again; nothing was lost." in page
    assert page.count(" data-new") == 1
    assert "Unread: " in page
    assert "Over: " in page


def test_opening_one_leads_there_and_marks_it_seen(sam: Member, browser: Client) -> None:
    pk = tell(sam)
    assert browser.get(f"/notifications/{pk}/open/").status_code == 405
    answer = browser.post(f"/notifications/{pk}/open/")
    assert (answer.status_code, answer["Location"]) == (302, "/settings/profile/")
    assert 'aria-label="Notifications"' in body(browser.get("/notifications/"))
    assert browser.post(f"/notifications/{pk}/open/").status_code == 302
    assert browser.post("/notifications/999999/open/").status_code == 404


def test_all_are_marked_as_read_with_and_without_script(sam: Member, browser: Client) -> None:
    tell(sam)
    tell(sam, 2)
    done = body(browser.post("/notifications/seen/", headers=HTMX))
    assert " data-new" not in done
    assert "Mark all as read" not in done
    assert 'hx-target="#bell"' in done
    tell(sam, 3)
    plain = browser.post("/notifications/seen/", follow=True)
    assert "1 notification marked as read." in body(plain)
    assert "marked as read" not in body(browser.post("/notifications/seen/", follow=True))


def test_older_ones_are_a_page_away(sam: Member, browser: Client) -> None:
    for number in range(notifications.PAGE + 2):
        tell(sam, number)
    first = body(browser.get("/notifications/"))
    assert first.count('class="notice"') == notifications.PAGE
    older = re.search(r'href="(\?before=\d+)">Older', first)
    assert older
    last = body(browser.get(f"/notifications/{older.group(1)}"))
    assert last.count('class="notice"') == 2
    assert "Older" not in last
    assert 'hx-get="/notifications/"' not in last, "it would turn into the first page"


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "²", ""])
def test_nonsense_for_a_page_is_the_first(sam: Member, browser: Client, before: str) -> None:
    tell(sam)
    assert "Trouble 1" in body(browser.get("/notifications/", {"before": before}))


def test_nobody_reads_or_marks_anothers(sam: Member, browser: Client) -> None:
    pk = tell(sam)
    colleague = make_member(Role.OWNER, Workspace.objects.get(pk=sam.workspace_id))
    for other in (colleague, make_member()):
        theirs = signed_in(other)
        for path in PATHS:
            assert "Trouble" not in body(theirs.get(f"/notifications/{path}"))
        assert theirs.post(f"/notifications/{pk}/open/").status_code == 404
        theirs.post("/notifications/seen/")
    assert "1 unread" in body(browser.get("/notifications/bell/"))


@pytest.mark.parametrize("path", PATHS)
def test_strangers_sign_in_first(path: str) -> None:
    assert Client().get(f"/notifications/{path}").status_code == 302


@pytest.mark.parametrize("path", ["seen/", "1/open/"])
def test_what_changes_something_is_posted_with_the_token(sam: Member, path: str) -> None:
    checked: Callable[..., Any] = signed_in(sam, csrf=True).post
    assert checked(f"/notifications/{path}").status_code == 403


def test_a_list_of_many_costs_no_more_queries(
    sam: Member, browser: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        tell(sam, number)
    with django_assert_max_num_queries(14):
        browser.get("/notifications/")
