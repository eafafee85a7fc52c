"""Connecting Outlook by its pages, asking an administrator, and what they see who come back."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.conf import settings as configured
from django.test import Client

from mailweave.kit import scope
from mailweave.mail.models import Mailbox
from mailweave.people.models import Role, Workspace
from mailweave.sync.models import ConsentRequest
from sandbox.microsoft import tenants
from tests.flows.conftest import world  # noqa: F401 - a fixture
from tests.flows.world import World, agree, press, query
from tests.makers import make_member, signed_in
from tests.web.boxes import ROOT, Box

pytestmark = pytest.mark.django_db(transaction=True)

CY = "cy@contoso.example"
PAGE = f"{ROOT}outlook/"
ASK, FORGET, BACK = f"{PAGE}admin/", f"{PAGE}admin/forget/", "/connect/outlook/consent/"


def body(answer: Any) -> str:
    return str(answer.content.decode()).replace("&#x27;", "'")


class Walk:
    """A browser of ours and one at Microsoft."""

    def __init__(self, world: World) -> None:  # noqa: F811
        self.world = world
        self.browser = signed_in(world.member)
        world.sandbox.add_account(CY, "Cy", "microsoft")

    def begin(self) -> str:
        return str(self.browser.post("/connect/outlook/")["Location"])

    def agree(self) -> Any:
        with httpx2.Client(transport=self.world.transport) as theirs:
            return self.back(agree(theirs, self.begin(), CY))

    def decline(self) -> Any:
        url = self.begin()
        with httpx2.Client(transport=self.world.transport) as theirs:
            shown = theirs.get(f"{url}&sandbox_account={CY}")
            answer = press(theirs, url, shown, r'name="decision" value="(cancel|return)"')
        return self.back(query(answer.headers["location"]))

    def back(self, given: dict[str, str]) -> Any:
        return self.browser.get("/connect/outlook/callback/", given)

    def state(self) -> str:
        """What the link says that a person is given to send."""
        page = body(self.browser.post(ASK, follow=True))
        link = page.partition('class="input" value="')[2].partition('"')[0]
        return parse_qs(urlsplit(link.replace("&amp;", "&")).query)["state"][0]

    def requests(self) -> int:
        with scope.workspace(self.world.member.workspace_id):
            return ConsentRequest.objects.count()


@pytest.fixture
def walk(world: World) -> Walk:  # noqa: F811
    return Walk(world)


def test_both_kinds_are_offered(walk: Walk) -> None:
    page = body(walk.browser.get(ROOT))
    assert "Choose Gmail or Outlook" in page
    assert "Connect Gmail" in page
    assert "Connect Outlook" in page
    assert "Connect Gmail or Outlook" in body(walk.browser.get("/mail/"))
    walk.agree()
    assert "Choose Gmail or Outlook" not in body(walk.browser.get(ROOT))


def test_the_dialog_says_what_may_be_in_the_way(walk: Walk) -> None:
    page = body(walk.browser.get(PAGE))
    assert "Continue to Microsoft" in page
    assert "an Exchange server" in page
    assert "let only an administrator allow this" in page
    assert f'href="{ASK}"' in page
    assert "administrator" not in body(walk.browser.get(f"{ROOT}gmail/"))


def test_the_form_may_lead_to_wherever_microsoft_leads(walk: Walk) -> None:
    """Its sign-in sends people of some organisations on to their own before it shows anything."""
    policy = walk.browser.get(PAGE)["Content-Security-Policy"]
    directives = dict(one.strip().partition(" ")[::2] for one in policy.split(";"))
    assert "https:" in directives["form-action"].split()
    assert directives["script-src"] == "'self'"
    elsewhere = walk.browser.get("/mail/")["Content-Security-Policy"]
    assert "https:" not in elsewhere


def test_connecting_leads_to_the_range(walk: Walk) -> None:
    answer = walk.agree()
    with scope.workspace(walk.world.member.workspace_id):
        mailbox = Mailbox.objects.get()
    assert answer["Location"] == f"{ROOT}mailboxes/{mailbox.pk}/range/"
    assert f"{CY} is connected" in body(walk.browser.get(answer["Location"]))
    page = body(walk.browser.get(PAGE))
    assert 'data-src="outlook">Outlook' in page
    assert "Add another account" in page


def test_the_form_of_a_client_names_both_addresses_and_the_steps(walk: Walk) -> None:
    page = body(walk.browser.get(f"{PAGE}client/"))
    for path in ("callback", "consent"):
        assert f"{configured.PUBLIC_URL}/connect/outlook/{path}/" in page
    assert "entra.microsoft.com" in page
    assert "Mail.ReadWrite" in page
    assert "/consent/" not in body(walk.browser.get(f"{ROOT}gmail/client/"))


def test_declining_offers_both_ways(walk: Walk) -> None:
    answer = walk.decline()
    assert answer.status_code == 422
    page = body(answer)
    assert "You declined" in page
    assert "Did Microsoft say that an administrator has to approve?" in page
    assert 'data-kind="primary">Try again' in page
    assert ">Ask your administrator</button>" in page


def test_an_administrator_is_needed(walk: Walk) -> None:
    tenants.set_policy(walk.world.sandbox, "contoso.example", "admin")
    page = body(walk.decline())
    assert "lets only an administrator allow Mailweave" in page
    assert 'data-kind="primary">Ask your administrator' in page


def test_other_refusals_offer_no_administrator(walk: Walk) -> None:
    walk.world.sandbox.faults.add("aadsts", times=None, path="/token", code=53003)
    with httpx2.Client(transport=walk.world.transport) as theirs:
        answer = walk.back(agree(theirs, walk.begin(), CY))
    assert "Conditional Access" in body(answer)
    assert "Ask your administrator" not in body(answer)


def test_a_link_is_made_shown_again_and_taken_back(walk: Walk) -> None:
    assert "Make a link for them" in body(walk.browser.get(ASK))
    assert walk.requests() == 0, "looking makes nothing"
    state = walk.state()
    page = body(walk.browser.get(ASK))
    assert state in page
    assert "mailto:?subject=" in page
    assert "organizations/v2.0/adminconsent" in page
    for path in (ROOT, PAGE):
        assert "Waiting for your administrator" in body(walk.browser.get(path))
    walk.browser.post(FORGET)
    assert walk.requests() == 0
    assert "Waiting for your administrator" not in body(walk.browser.get(PAGE))
    assert Client().get(BACK, {"state": state}).status_code == 410


def test_an_administrator_needs_no_account_here(walk: Walk) -> None:
    answer = Client().get(BACK, {"admin_consent": "True", "tenant": "x", "state": walk.state()})
    assert answer.status_code == 200
    page = body(answer)
    assert "Thank you" in page
    assert "no-store" in answer["Cache-Control"] or "no-cache" in answer["Cache-Control"]
    for told in ("Northwind", walk.world.member.name, CY):
        assert told not in page.replace("Mailweave", ""), "it tells nothing of who asked"
    page = body(walk.browser.get(PAGE))
    assert "Your administrator has allowed Mailweave" in page
    walk.agree()
    assert "Your administrator has allowed" not in body(walk.browser.get(PAGE))


def test_an_administrator_declines(walk: Walk) -> None:
    given = {"admin_consent": "True", "error": "access_denied", "state": walk.state()}
    assert "You declined" in body(Client().get(BACK, given))
    page = body(walk.browser.get(PAGE))
    assert "Your administrator declined" in page
    assert "Ask again" in page


def test_somebody_who_may_not_is_told_and_the_link_lives(walk: Walk) -> None:
    state = walk.state()
    told = "AADSTS90094: The grant requires administrator permission."
    given = {"error": "access_denied", "error_description": told, "state": state}
    assert "is no administrator" in body(Client().get(BACK, given))
    assert "Waiting for your administrator" in body(walk.browser.get(PAGE))
    assert "Thank you" in body(Client().get(BACK, {"admin_consent": "True", "state": state}))


@pytest.mark.parametrize(
    "given",
    [{}, {"state": "1-made-up"}, {"state": "x" * 5000}, {"state": "\x00"}, {"error": "<script>"}],
    ids=str,
)
def test_a_link_nobody_made_says_so_and_nothing_else(walk: Walk, given: dict[str, str]) -> None:
    answer = Client().get(BACK, given)
    assert answer.status_code == 410
    assert "not valid any more" in body(answer)
    assert "<script>" not in body(answer)


@pytest.mark.parametrize("path", [ASK, FORGET, BACK])
def test_a_kind_without_administrators_has_no_such_page(walk: Walk, path: str) -> None:
    for kind in ("gmail", "nope"):
        there = path.replace("outlook", kind)
        assert walk.browser.get(there).status_code in {404, 405}
        assert walk.browser.post(there).status_code in {404, 405}


def test_strangers_ask_nobody(walk: Walk) -> None:
    for path in (ASK, FORGET):
        answer = Client().post(path)
        assert answer.status_code == 302
        assert "/account/login/" in answer["Location"]
    assert Client().post(BACK).status_code == 405
    assert walk.requests() == 0


def test_nobody_sees_or_ends_what_a_colleague_waits_for(walk: Walk) -> None:
    walk.state()
    workspace = Workspace.objects.get(pk=walk.world.member.workspace_id)
    for other in (make_member(Role.ADMIN, workspace), make_member()):
        theirs = signed_in(other)
        assert "Waiting for your administrator" not in body(theirs.get(PAGE))
        theirs.post(FORGET)
    assert walk.requests() == 1


def test_a_card_that_needs_an_administrator_leads_to_asking(walk: Walk) -> None:
    box = Box(walk.world.member, sync={"problem": "admin", "problem_text": "AADSTS90094"})
    with box.inside():
        Mailbox.objects.update(kind="outlook")
    card = box.card()
    assert "Administrator needed" in card
    assert f'href="{ASK}"' in card
    assert ">Sync now" not in card
    with box.inside():
        Mailbox.objects.update(kind="gmail")
    assert f'href="{ASK}"' not in box.card()


def test_disconnecting_says_where_the_permission_is_taken_off(walk: Walk) -> None:
    box = Box(walk.world.member)
    assert "myapps" not in body(box.browser.get(box.path("disconnect")))
    with box.inside():
        Mailbox.objects.update(kind="outlook")
    page = body(box.browser.get(box.path("disconnect")))
    assert "https://myapps.microsoft.com" in page
    assert "https://account.live.com/consent/Manage" in page
    assert "gives its permission back" not in page
