"""The pages of shared mailboxes: offered, added, refused, opened by another, and ended."""

import re
from typing import Any

import httpx2
import pytest
from django.test import Client
from django.utils import timezone

from mailweave.kit import scope
from mailweave.mail.models import Credential, Mailbox
from mailweave.people.access import Member
from mailweave.people.models import Role, Workspace
from mailweave.sync import connecting, hands
from mailweave.sync.models import Authorization, ConsentRequest, Delegate, Sync
from sandbox.app import build
from sandbox.microsoft import delegates as rights
from sandbox.state import Sandbox
from tests.flows.world import MICROSOFT, THEIRS
from tests.makers import make_member, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = "/settings/integrations/"
OUTLOOK = f"{ROOT}outlook/"
TENANT = "11111111-2222-4333-8444-555555555555"
ADA, BEN, SUPPORT = "ada@harbour.example", "ben@harbour.example", "support@harbour.example"
OWN = ["User.Read", "Mail.ReadWrite", "Mail.Send"]
SHARED = [*OWN, "Mail.ReadWrite.Shared", "Mail.Send.Shared"]


class Office:
    """A workspace with an owner, an admin and two members; Ada and Ben have mailboxes."""

    def __init__(self) -> None:
        self.ada = make_member(Role.MEMBER, name="Ada Berg")
        place = Workspace.objects.get(pk=self.ada.workspace_id)
        self.ben = make_member(Role.MEMBER, place, name="Ben Holt")
        self.admin = make_member(Role.ADMIN, place)
        self.cleo = make_member(Role.MEMBER, place)
        self.box = self.connect(self.ada, ADA)
        self.bens = self.connect(self.ben, BEN)

    def connect(self, member: Member, address: str, **facts: Any) -> int:
        given = {"remote_account_id": f"{TENANT}.{address}", "kind": "outlook", **facts}
        with self.inside():
            box = Mailbox.objects.create(owner_id=member.user_id, address=address, **given)
            Sync.objects.create(mailbox_id=box.pk, last_synced_at=timezone.now())
            Credential.objects.create(mailbox_id=box.pk, scopes=SHARED, expires_at=timezone.now())
            return int(box.pk)

    def share(self, **facts: Any) -> int:
        """The shared mailbox, opened through Ada's; Ben has offered to open it as well."""
        with self.inside():
            box = Mailbox.objects.create(
                owner_id=self.ada.user_id, address=SUPPORT, kind="outlook",
                remote_account_id=f"{TENANT}.{SUPPORT}", delegate_id=self.box, **facts,
            )  # fmt: skip
            Sync.objects.create(mailbox_id=box.pk, last_synced_at=timezone.now())
            for delegate in (self.box, self.bens):
                Delegate.objects.create(mailbox_id=box.pk, delegate_id=delegate)
            return int(box.pk)

    def inside(self) -> Any:
        return scope.workspace(self.ada.workspace_id)

    def set(self, model: Any, box: int, **facts: Any) -> None:
        with self.inside():
            rows = model.objects.filter(**{"pk" if model is Mailbox else "mailbox_id": box})
            rows.update(**facts)

    def row(self, box: int) -> Mailbox:
        with self.inside():
            found: Mailbox = Mailbox.objects.get(pk=box)
            return found


@pytest.fixture
def office() -> Office:
    return Office()


def path(box: int, rest: str) -> str:
    return f"{ROOT}mailboxes/{box}/{rest}/"


def html(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, text_of(answer.content.decode())[-900:]
    return str(answer.content.decode())


def text_of(page: str) -> str:
    bare = re.sub(r"<[^>]+>", " ", page.replace("&nbsp;", " ").replace("&#x27;", "'"))
    return re.sub(r"\s+", " ", bare)


# --- offered -------------------------------------------------------------------------------------


def test_it_is_offered_beside_ones_own_mailbox(office: Office) -> None:
    page = html(signed_in(office.ada).get(OUTLOOK))
    assert "Shared mailboxes" in page
    assert f'action="{path(office.box, "shared")}"' in page
    assert "Full Access (Read and manage)" in page
    assert BEN not in page
    assert "Allow shared mailboxes" not in page


def test_without_a_mailbox_of_ones_own_there_is_nothing_to_add_through(office: Office) -> None:
    page = html(signed_in(office.cleo).get(OUTLOOK))
    assert 'id="shared-outlook-title"' not in page


def test_an_old_permission_disables_the_button_and_says_why(office: Office) -> None:
    office.set(Credential, office.box, scopes=OWN)
    page = html(signed_in(office.ada).get(OUTLOOK))
    button = re.search(r"<button[^>]*>[^<]*<svg.*?Add shared mailbox", page, re.DOTALL)
    assert button
    assert 'aria-disabled="true"' in button[0]
    assert f'aria-describedby="why-{office.box}"' in button[0]
    assert "Allow shared mailboxes first" in page
    assert "Send mail on behalf of others" in page
    assert path(office.box, "shared") not in page


def test_personal_accounts_and_gmail_say_why_there_are_none(office: Office) -> None:
    personal = "9188040d-6c67-4c5b-b112-36a304b66dad.0000"
    office.set(Mailbox, office.box, remote_account_id=personal)
    page = html(signed_in(office.ada).get(OUTLOOK))
    assert "Personal Outlook.com accounts know no shared mailboxes" in text_of(page)
    assert 'aria-disabled="true"' in page
    assert "Allow shared mailboxes" not in page
    office.connect(office.ada, "ada@gmail.example", kind="gmail", remote_account_id="1")
    gmail = text_of(html(signed_in(office.ada).get(f"{ROOT}gmail/")))
    assert "Google lets no app open a mailbox that is delegated to you" in gmail
    assert "Add shared mailbox" not in gmail


def test_allowing_it_goes_through_consent(office: Office, settings: Any) -> None:
    settings.PROVIDER_CLIENTS = {"outlook": (THEIRS.client_id, "x")}
    browser = signed_in(office.ada)
    answer = browser.post("/connect/outlook/", {"reconnect": office.box, "shared": "1"})
    assert "Mail.ReadWrite.Shared" in answer["Location"]
    assert "login_hint=ada%40" in answer["Location"]
    with office.inside():
        assert Authorization.objects.get().shared
    # An administrator who is asked now is asked for the same.
    html(browser.post(f"{OUTLOOK}admin/"), 302)
    page = html(browser.get(f"{OUTLOOK}admin/"))
    assert "Mail.Send.Shared" in page
    assert "Read and write mail you can access" in page
    with office.inside():
        assert ConsentRequest.objects.get().shared
    assert "allow shared mailboxes" not in text_of(html(browser.get(OUTLOOK))).lower()


def test_a_first_connection_asks_for_ones_own_only(office: Office, settings: Any) -> None:
    settings.PROVIDER_CLIENTS = {"outlook": (THEIRS.client_id, "x")}
    answer = signed_in(office.cleo).post("/connect/outlook/")
    assert "Shared" not in answer["Location"]


# --- adding --------------------------------------------------------------------------------------


@pytest.fixture
def sandbox(settings: Any, monkeypatch: pytest.MonkeyPatch, office: Office) -> Any:
    """The organisation at Microsoft; Ada and Ben have tokens there."""
    settings.PROVIDER_ENDPOINTS = {**settings.PROVIDER_ENDPOINTS, "outlook": MICROSOFT}
    settings.PROVIDER_CLIENTS = {"outlook": (THEIRS.client_id, THEIRS.client_secret)}
    state = Sandbox(":memory:")
    both = [connecting.redirect_uri("outlook")]
    state.register_client(THEIRS.client_id, THEIRS.client_secret, both, "microsoft")
    monkeypatch.setattr(hands, "NETWORK", httpx2.WSGITransport(app=build(state)))
    for address, box in ((ADA, office.box), (BEN, office.bens)):
        account = state.add_account(address, company="microsoft", tenant=TENANT)
        give(state, office, box, account)
    state.add_account(SUPPORT, company="microsoft", tenant=TENANT, shared=True)
    yield state
    state.close()


def give(state: Sandbox, office: Office, box: int, account: Any) -> None:
    from datetime import timedelta

    from mailweave.providers.base import Tokens
    from mailweave.sync import grants
    from sandbox.microsoft import tokens

    given = (state, account, THEIRS.client_id, frozenset(SHARED))
    tokens.consent(*given)
    access, life = tokens.make_access_token(*given)
    until = timezone.now() + timedelta(seconds=life)
    with office.inside():
        fresh = Tokens(access, tokens.make_refresh_token(*given), until, frozenset(SHARED))
        grants.keep(box, fresh)


def test_added_tried_and_asked_how_far_back(office: Office, sandbox: Sandbox) -> None:
    rights.allow(sandbox, SUPPORT, ADA)
    answer = signed_in(office.ada).post(path(office.box, "shared"), {"address": SUPPORT})
    assert answer.status_code == 302
    with office.inside():
        made = Mailbox.objects.get(address=SUPPORT)
    assert answer["Location"] == path(made.pk, "range")
    assert (made.delegate_id, made.owner_id) == (office.box, office.ada.user_id)
    page = html(signed_in(office.ada).get(path(made.pk, "range")))
    assert SUPPORT in page


def test_a_refusal_keeps_what_was_typed_and_says_whose_move_it_is(
    office: Office, sandbox: Sandbox
) -> None:
    assert sandbox
    answer = signed_in(office.ada).post(path(office.box, "shared"), {"address": SUPPORT})
    page = html(answer, 422)
    assert f'value="{SUPPORT}"' in page
    assert 'role="alert"' in page
    assert 'aria-invalid="true"' in page
    assert "Ask an Exchange administrator for Full Access" in page
    with office.inside():
        assert not Mailbox.objects.filter(address=SUPPORT).exists()


@pytest.mark.parametrize("typed", ["", "x" * 5000, "<script>alert(1)</script>", "a\x00b@c.example"])
def test_nonsense_is_answered_in_words(office: Office, typed: str) -> None:
    page = html(signed_in(office.ada).post(path(office.box, "shared"), {"address": typed}), 422)
    assert "whole e-mail address" in page
    assert "<script>alert" not in page


def test_a_second_delegate_hears_that_it_is_here(office: Office, sandbox: Sandbox) -> None:
    for address in (ADA, BEN):
        rights.allow(sandbox, SUPPORT, address)
    signed_in(office.ada).post(path(office.box, "shared"), {"address": SUPPORT})
    answer = signed_in(office.ben).post(
        path(office.bens, "shared"), {"address": SUPPORT}, follow=True
    )
    assert f"{SUPPORT} is here already" in html(answer)


# --- who may -------------------------------------------------------------------------------------


def test_everybody_sees_its_card_and_may_sync_it(office: Office) -> None:
    box = office.share()
    for member in (office.ada, office.ben, office.admin, office.cleo):
        browser = signed_in(member)
        card = html(browser.get(path(box, "card")))
        assert ">Shared<" in card
        assert f"through {ADA} (Ada Berg)" in text_of(card)
        assert browser.post(path(box, "sync")).status_code in {200, 302}
        assert SUPPORT in html(browser.get(OUTLOOK))
        assert SUPPORT in html(browser.get(ROOT))
    stranger = make_member(Role.OWNER)
    assert signed_in(stranger).get(path(box, "card")).status_code == 404


@pytest.mark.parametrize("rest", ["range", "set-aside", "disconnect", "delegate"])
def test_who_added_it_can_open_it_or_manages_decides(office: Office, rest: str) -> None:
    box = office.share()
    for member in (office.ada, office.ben, office.admin):
        assert html(signed_in(member).get(path(box, rest)))
    assert signed_in(office.cleo).get(path(box, rest)).status_code == 404
    assert signed_in(office.cleo).post(path(box, rest)).status_code == 404
    assert office.row(box).disconnected_at is None
    card = html(signed_in(office.cleo).get(path(box, "card")))
    assert path(box, rest) not in card


def test_its_sharing_is_no_choice(office: Office) -> None:
    box = office.share()
    browser = signed_in(office.ada)
    assert "everybody sees all of it" in html(browser.get(path(box, "sharing")), 422)
    assert path(box, "sharing") not in html(browser.get(path(box, "card")))


def test_nobody_reconnects_it_as_their_own(office: Office, settings: Any) -> None:
    settings.PROVIDER_CLIENTS = {"outlook": (THEIRS.client_id, "x")}
    box = office.share()
    assert signed_in(office.ada).post("/connect/outlook/", {"reconnect": box}).status_code == 404


def test_whose_move_it_is_when_the_permission_has_ended(office: Office) -> None:
    box = office.share()
    office.set(Sync, box, problem="reconnect", problem_text="Microsoft ended it.")
    mine, others = (
        text_of(html(signed_in(one).get(path(box, "card")))) for one in (office.ada, office.ben)
    )
    assert f"Reconnect {ADA}" in mine
    assert f"Ada Berg can reconnect {ADA}" in others
    assert "Who opens it" in others
    assert "nothing was lost" in others


def test_lost_access_is_said_in_its_own_words(office: Office) -> None:
    box = office.share()
    office.set(Sync, box, problem="access", problem_text="Ask an Exchange administrator.")
    card = text_of(html(signed_in(office.ada).get(path(box, "card"))))
    assert "No access" in card
    assert "closed to who opens it" in card
    assert "Ask an Exchange administrator." in card
    assert "Sync now" in card


# --- handed over, ended --------------------------------------------------------------------------


def test_another_opens_it(office: Office, sandbox: Sandbox) -> None:
    rights.allow(sandbox, SUPPORT, BEN)
    box = office.share()
    page = html(signed_in(office.admin).get(path(box, "delegate")))
    assert ADA in page
    assert BEN in page
    answer = signed_in(office.admin).post(path(box, "delegate"), {"delegate": office.bens})
    html(answer, 302)
    assert office.row(box).delegate_id == office.bens
    # Ada has no rights there at all: it stays as it is.
    page = html(signed_in(office.ada).post(path(box, "delegate"), {"delegate": office.box}), 422)
    assert "Full Access" in page
    assert office.row(box).delegate_id == office.bens


@pytest.mark.parametrize("given", ["", "0", "-1", "²", "9" * 30, "999999"])
def test_nobody_in_particular_opens_nothing(office: Office, given: str) -> None:
    box = office.share()
    answer = signed_in(office.ada).post(path(box, "delegate"), {"delegate": given})
    assert "Choose who opens this mailbox" in html(answer, 422)


def test_ones_own_mailbox_has_no_delegate_to_choose(office: Office) -> None:
    assert signed_in(office.ada).get(path(office.box, "delegate")).status_code == 422


def test_disconnecting_asks_what_becomes_of_it(office: Office, sandbox: Sandbox) -> None:
    rights.allow(sandbox, SUPPORT, BEN)
    box = office.share()
    browser = signed_in(office.ada)
    page = html(browser.get(path(office.box, "disconnect")))
    assert f"{SUPPORT} is opened through this mailbox" in text_of(page)
    assert re.search(rf'name="shared-{box}" value="{office.bens}" checked', page)
    browser.post(path(office.box, "disconnect"), {f"shared-{box}": office.bens})
    assert office.row(office.box).disconnected_at
    assert (office.row(box).disconnected_at, office.row(box).delegate_id) == (None, office.bens)


def test_who_cannot_open_it_does_not_take_it_over(office: Office, sandbox: Sandbox) -> None:
    assert sandbox
    box = office.share()
    answer = signed_in(office.ada).post(
        path(office.box, "disconnect"), {f"shared-{box}": office.bens}
    )
    assert f"{ADA} is still connected" in text_of(html(answer, 422))
    assert office.row(office.box).disconnected_at is None
    assert office.row(box).delegate_id == office.box


def test_it_ends_with_the_mailbox_if_one_says_so(office: Office) -> None:
    box = office.share()
    with office.inside():
        Delegate.objects.filter(delegate_id=office.bens).delete()
    page = html(signed_in(office.ada).get(path(office.box, "disconnect")))
    assert "Nobody else here has offered to open it" in page
    signed_in(office.ada).post(path(office.box, "disconnect"), {f"shared-{box}": ""})
    assert office.row(office.box).disconnected_at
    assert office.row(box).disconnected_at
    card = text_of(html(signed_in(office.ada).get(path(box, "card"))))
    assert "Its mail is kept" in card
    assert "Connect again" in card


def test_pages_want_a_token_and_a_member(office: Office) -> None:
    box = office.share()
    for target in (path(office.box, "shared"), path(box, "delegate")):
        assert Client().get(target).status_code == 302
        assert signed_in(office.ada, csrf=True).post(target).status_code == 403
