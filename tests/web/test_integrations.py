"""Settings > Integrations: what is offered, the OAuth client, connecting, and every refusal."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mailweave.kit import scope
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.people.models import Role, Workspace
from mailweave.sync import hands
from mailweave.sync.models import OAuthClient
from tests.flows.conftest import world  # noqa: F401 - a fixture
from tests.flows.world import World, agree
from tests.makers import make_member, signed_in
from tests.web.boxes import ROOT, Box

pytestmark = pytest.mark.django_db(transaction=True)

ADA, BOB = "ada@northwind.example", "bob@northwind.example"
CLIENT = {"client_id": "typed.apps.example", "client_secret": "typed-secret"}


def body(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def owner(transactional_db: None) -> Member:
    return make_member()


def colleague(of: Member, role: str = Role.MEMBER) -> Member:
    return make_member(role, Workspace.objects.get(pk=of.workspace_id))


# --- who may, and what is offered ----------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "gmail/", "gmail/client/"])
def test_strangers_sign_in_first(path: str) -> None:
    answer = Client().get(ROOT + path)
    assert answer.status_code == 302
    assert "/account/login/" in answer["Location"]


@pytest.mark.parametrize("path", ["nope/", "nope/client/", "mailboxes/"])
def test_a_kind_we_do_not_have_is_not_found(owner: Member, path: str) -> None:
    assert signed_in(owner).get(ROOT + path).status_code == 404
    assert signed_in(owner).post("/connect/nope/").status_code == 404
    assert signed_in(owner).get("/connect/nope/callback/").status_code == 404


def test_without_a_client_the_page_says_who_can_fix_it(owner: Member) -> None:
    theirs = body(signed_in(owner).get(f"{ROOT}gmail/"))
    assert "Enter an OAuth client to offer it." in theirs
    assert f"{ROOT}gmail/client/" in theirs
    plain = body(signed_in(colleague(owner)).get(f"{ROOT}gmail/"))
    assert "Ask an owner or admin" in plain
    assert "client/" not in plain
    for page in (theirs, plain):
        assert "Connect Gmail" not in page
    refused = signed_in(owner).post("/connect/gmail/")
    assert refused.status_code == 422
    assert "an admin has to enter an OAuth client first" in body(refused)


def test_only_admins_see_colleagues_mailboxes_by_name(owner: Member) -> None:
    box = Box(colleague(owner), address="hers@northwind.example")
    assert box.address in body(signed_in(owner).get(f"{ROOT}gmail/"))
    assert box.address not in body(signed_in(colleague(owner)).get(f"{ROOT}gmail/"))
    assert box.address not in body(signed_in(make_member()).get(f"{ROOT}gmail/"))


def test_the_overview_shows_the_worst_of_several(owner: Member) -> None:
    Box(owner, address="one@northwind.example")
    Box(owner, address="two@northwind.example", sync={"problem": "reconnect"})
    for path in ("", "gmail/"):
        page = body(signed_in(owner).get(ROOT + path))
        first = re.search(r'class="health" data-h="(\w+)"', page)
        assert first
        assert first.group(1) == "error", path


def test_many_mailboxes_cost_no_more_queries_than_one(owner: Member) -> None:
    browser = signed_in(owner)

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert browser.get(path).status_code == 200
        return len(seen)

    Box(owner, address="first@northwind.example").backfill()
    one = [queries(ROOT), queries(f"{ROOT}gmail/")]
    for number in range(12):
        more = Box(owner, address=f"box{number}@northwind.example")
        more.backfill()
        more.copies(3)
        more.copies(1, "stuck")
    assert [queries(ROOT), queries(f"{ROOT}gmail/")] == one


# --- the OAuth client ----------------------------------------------------------------------------


def test_a_client_is_typed_and_its_secret_never_shown_again(owner: Member) -> None:
    browser = signed_in(owner)
    answer = browser.post(f"{ROOT}gmail/client/", CLIENT, follow=True)
    assert "is saved" in body(answer)
    assert "Connect Gmail" in body(answer)
    page = body(browser.get(f"{ROOT}gmail/client/"))
    assert CLIENT["client_id"] in page
    assert CLIENT["client_secret"] not in page
    assert f"{configured.PUBLIC_URL}/connect/gmail/callback/" in page
    with scope.workspace(owner.workspace_id):
        sealed = bytes(OAuthClient.objects.get().client_secret)
    assert CLIENT["client_secret"].encode() not in sealed


def test_an_empty_secret_keeps_the_old_one(owner: Member) -> None:
    browser = signed_in(owner)
    browser.post(f"{ROOT}gmail/client/", CLIENT)
    with scope.workspace(owner.workspace_id):
        before = bytes(OAuthClient.objects.get().client_secret)
    browser.post(f"{ROOT}gmail/client/", {"client_id": "other.example", "client_secret": ""})
    with scope.workspace(owner.workspace_id):
        row = OAuthClient.objects.get()
    assert (row.client_id, bytes(row.client_secret)) == ("other.example", before)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"client_id": "", "client_secret": "x"}, "This field is required"),
        ({"client_id": "a", "client_secret": ""}, "Enter the client secret."),
        ({"client_id": "a" * 256, "client_secret": "x"}, "at most 255"),
    ],
)
def test_a_client_that_lacks_something_is_refused_and_the_secret_not_echoed(
    owner: Member, typed: dict[str, str], words: str
) -> None:
    answer = signed_in(owner).post(f"{ROOT}gmail/client/", typed)
    assert answer.status_code == 422
    assert words in body(answer)
    assert 'value="x"' not in body(answer)


def test_a_client_is_forgotten(owner: Member) -> None:
    browser = signed_in(owner)
    browser.post(f"{ROOT}gmail/client/", CLIENT)
    answer = browser.post(f"{ROOT}gmail/client/", {"forget": "1"}, follow=True)
    assert "is removed" in body(answer)
    assert "is not set up here yet" in body(answer)


def test_clients_are_the_admins_and_the_workspaces(owner: Member) -> None:
    signed_in(owner).post(f"{ROOT}gmail/client/", CLIENT)
    plain = signed_in(colleague(owner))
    assert plain.get(f"{ROOT}gmail/client/").status_code == 404
    assert plain.post(f"{ROOT}gmail/client/", CLIENT).status_code == 404
    assert signed_in(colleague(owner, Role.ADMIN)).get(f"{ROOT}gmail/client/").status_code == 200
    elsewhere = body(signed_in(make_member()).get(f"{ROOT}gmail/client/"))
    assert CLIENT["client_id"] not in elsewhere


# --- connecting ----------------------------------------------------------------------------------


class Walk:
    """A browser of ours and one at the provider."""

    def __init__(self, world: World, member: Member | None = None) -> None:  # noqa: F811
        self.world = world
        self.browser = signed_in(member or world.member)

    def begin(self, **fields: str) -> str:
        answer = self.browser.post("/connect/gmail/", fields)
        assert answer.status_code == 302
        return str(answer["Location"])

    def agree(self, url: str, address: str = ADA) -> dict[str, str]:
        with httpx2.Client(transport=self.world.transport) as theirs:
            return agree(theirs, url, address)

    def back(self, given: dict[str, str]) -> Any:
        return self.browser.get("/connect/gmail/callback/", given)

    def connect(self, address: str = ADA, **fields: str) -> Any:
        return self.back(self.agree(self.begin(**fields), address))

    def mailboxes(self) -> list[Mailbox]:
        with scope.workspace(self.world.member.workspace_id):
            return list(Mailbox.objects.order_by("pk"))


@pytest.fixture
def walk(world: World) -> Walk:  # noqa: F811
    for address in (ADA, BOB):
        world.sandbox.add_account(address)
    return Walk(world)


def test_the_dialog_names_the_permissions_and_leads_away(walk: Walk) -> None:
    page = body(walk.browser.get(ROOT))
    assert "Read, compose and send mail" in page
    assert "never sees your password" in page
    url = walk.begin()
    assert "code_challenge_method=S256" in url
    assert "state=" in url
    assert "access_type=offline" in url


def test_connecting_leads_to_the_range_and_shows_the_address(walk: Walk) -> None:
    answer = walk.connect()
    (mailbox,) = walk.mailboxes()
    assert answer.status_code == 302
    assert answer["Location"] == f"{ROOT}mailboxes/{mailbox.pk}/range/"
    assert f"{ADA} is connected" in body(walk.browser.get(answer["Location"]))
    assert "Add another account" in body(walk.browser.get(f"{ROOT}gmail/"))


def test_connected_twice_is_one_mailbox_and_several_are_several(walk: Walk) -> None:
    walk.connect()
    again = walk.connect()
    assert again["Location"] == f"{ROOT}gmail/"
    assert "connected again" in body(walk.browser.get(again["Location"]))
    assert len(walk.mailboxes()) == 1
    walk.connect(BOB)
    page = body(walk.browser.get(f"{ROOT}gmail/"))
    assert page.count('class="card stack mailbox"') == 2


def test_reconnecting_in_place_keeps_the_mailbox(walk: Walk) -> None:
    walk.connect()
    (before,) = walk.mailboxes()
    with scope.workspace(walk.world.member.workspace_id):
        Mailbox.objects.update(sharing="private")
    walk.world.sandbox.revoke(ADA)
    answer = walk.connect(reconnect=str(before.pk))
    assert answer["Location"] == f"{ROOT}gmail/"
    (after,) = walk.mailboxes()
    assert (after.pk, after.sharing) == (before.pk, "private")


@pytest.mark.parametrize("number", ["0", "999999", "x", "-1", "9" * 30])
def test_reconnecting_what_is_not_ours_is_not_found(walk: Walk, number: str) -> None:
    assert walk.browser.post("/connect/gmail/", {"reconnect": number}).status_code == 404


def test_nobody_reconnects_a_colleagues_mailbox(walk: Walk) -> None:
    walk.connect()
    (mailbox,) = walk.mailboxes()
    other = signed_in(colleague(walk.world.member, Role.ADMIN))
    assert other.post("/connect/gmail/", {"reconnect": mailbox.pk}).status_code == 404


# --- refusals: each with words of its own, nothing connected -------------------------------------


def declined(walk: Walk) -> Any:
    return walk.back({**walk.agree(walk.begin()), "code": "", "error": "access_denied"})


def forbidden_by_admin(walk: Walk) -> Any:
    given = walk.agree(walk.begin())
    return walk.back({"state": given["state"], "error": "admin_policy_enforced"})


def ended_without_result(walk: Walk) -> Any:
    return walk.back({"state": walk.agree(walk.begin())["state"], "error": "server_error"})


def strange_state(walk: Walk) -> Any:
    return walk.back({**walk.agree(walk.begin()), "state": "made-up"})


def somebody_elses_state(walk: Walk) -> Any:
    other = Walk(walk.world, colleague(walk.world.member))
    return walk.back(other.agree(other.begin()))


def another_session(walk: Walk) -> Any:
    given = walk.agree(walk.begin())
    return Walk(walk.world).back(given)


def too_late(walk: Walk) -> Any:
    given = walk.agree(walk.begin())
    walk.world.hands.advance(601)
    return walk.back(given)


def unticked(walk: Walk) -> Any:
    walk.world.sandbox.change_settings(consent_boxes=True)
    given = walk.agree(walk.begin())
    return walk.back(given)


def wrong_secret(walk: Walk) -> Any:
    given = walk.agree(walk.begin())
    walk.browser.post(f"{ROOT}gmail/client/", {"client_id": "client-1", "client_secret": "no"})
    return walk.back(given)


def code_is_wrong(walk: Walk) -> Any:
    return walk.back({**walk.agree(walk.begin()), "code": "made-up"})


def provider_is_down(walk: Walk) -> Any:
    given = walk.agree(walk.begin())

    def fall(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    hands.NETWORK = httpx2.MockTransport(fall)  # the world's fixture puts the network back
    return walk.back(given)


REFUSALS: dict[Callable[[Walk], Any], str] = {
    declined: "You declined, so nothing was connected.",
    forbidden_by_admin: "Your organisation does not let this app read mail.",
    ended_without_result: "ended the sign-in without a result",
    strange_state: "was not started here",
    somebody_elses_state: "was not started here",
    another_session: "was not started here",
    too_late: "took longer than ten minutes",
    unticked: "was not ticked",
    wrong_secret: "does not accept this installation",
    code_is_wrong: "Nothing was connected.",
    provider_is_down: "did not answer",
}


@pytest.mark.parametrize("refuse", REFUSALS, ids=lambda one: one.__name__)
def test_each_refusal_has_its_own_words_and_connects_nothing(
    walk: Walk, refuse: Callable[[Walk], Any]
) -> None:
    answer = refuse(walk)
    assert answer.status_code == 422
    page = body(answer)
    assert 'role="alert"' in page
    assert REFUSALS[refuse] in page.replace("&#x27;", "'")
    assert ">Try again</button>" in page or ">Check the OAuth client</a>" in page
    assert walk.mailboxes() == []


def test_an_answer_works_once(walk: Walk) -> None:
    given = walk.agree(walk.begin())
    assert walk.back(given).status_code == 302
    again = walk.back(given)
    assert again.status_code == 422
    assert "was used before" in body(again)
    assert len(walk.mailboxes()) == 1


def test_the_wrong_account_on_reconnecting_changes_nothing(walk: Walk) -> None:
    walk.connect()
    (mailbox,) = walk.mailboxes()
    answer = walk.connect(BOB, reconnect=str(mailbox.pk))
    assert answer.status_code == 422
    assert f"You signed in as {BOB}, but this is the mailbox {ADA}." in body(answer)
    assert ">Try again</button>" not in body(answer), "that would connect the other account"
    assert [one.address for one in walk.mailboxes()] == [ADA]


def test_a_colleagues_mailbox_stays_theirs(walk: Walk) -> None:
    walk.connect()
    answer = Walk(walk.world, colleague(walk.world.member)).connect()
    assert answer.status_code == 422
    assert "already connected by a colleague" in body(answer)
    assert [one.owner_id for one in walk.mailboxes()] == [walk.world.member.user_id]


def test_strangers_do_not_reach_the_callback(walk: Walk) -> None:
    given = walk.agree(walk.begin())
    answer = Client().get("/connect/gmail/callback/", given)
    assert answer.status_code == 302
    assert "/account/login/" in answer["Location"]
    assert walk.browser.post("/connect/gmail/callback/", given).status_code == 405
    assert walk.browser.get("/connect/gmail/").status_code == 405
    assert walk.mailboxes() == []
