"""Shared mailboxes, from being added to being handed on: whose permission it is, and whose mail."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.mail import inbox
from mailweave.mail.models import Copy, Credential, Mailbox
from mailweave.mail.visibility import viewer_for
from mailweave.people.access import Member
from mailweave.people.models import Role, Workspace
from mailweave.sync import backfill, connecting, fetching, health, shared
from mailweave.sync.models import Backfill, Delegate, Sync
from mailweave.sync.outcomes import NotConnected
from sandbox.accounts import CONSUMERS
from sandbox.microsoft import delegates as rights
from sandbox.microsoft import tenants
from tests.flows.checks import copies, derived, poll, sync_of
from tests.flows.test_backfill import letter
from tests.flows.world import World
from tests.makers import make_member
from tests.sync.test_racing import at_once

JO, PIA, SUPPORT = "jo@harbour.example", "pia@harbour.example", "support@harbour.example"
ACCESS_WAIT = timedelta(minutes=16)


@dataclass
class Office:
    """Two people with mailboxes at Microsoft, and a third that their organisation shares."""

    world: World
    jo: Member
    pia: Member
    box: int
    pias: int

    def allow(self, box: int, member: Member) -> connecting.Connected:
        """Let a mailbox's permission cover shared mailboxes, as its owner does."""
        address = self.row(box).address
        with self.inside():
            row = Mailbox.objects.get(pk=box)
            url = connecting.begin(member, row.kind, "session", row, shared=True)
        answer = self.world.consent(url, address)
        return connecting.finish(
            member, row.kind, "session",
            state=answer.get("state", ""), code=answer.get("code", ""),
            error=answer.get("error", ""), description=answer.get("error_description", ""),
        )  # fmt: skip

    def add(self, address: str = SUPPORT, member: Member | None = None) -> shared.Added:
        who = member or self.jo
        return shared.add(who, self.row(self.box if who == self.jo else self.pias), address)

    def refused(self, address: str = SUPPORT, member: Member | None = None) -> NotConnected:
        before = self.count()
        with pytest.raises(NotConnected) as caught:
            self.add(address, member)
        assert self.count() == before, "something was kept"
        return caught.value

    def row(self, box: int) -> Mailbox:
        with self.inside():
            found: Mailbox = Mailbox.objects.get(pk=box)
            return found

    def count(self) -> tuple[int, int, int]:
        with self.inside():
            return Mailbox.objects.count(), Delegate.objects.count(), Sync.objects.count()

    def delegates(self, box: int) -> set[int]:
        with self.inside():
            return set(
                Delegate.objects.filter(mailbox_id=box).values_list("delegate_id", flat=True)
            )

    def health(self, box: int) -> tuple[str, str, str]:
        with self.inside():
            found = health.judge(Mailbox.objects.get(pk=box), Sync.objects.get(mailbox_id=box))
            return found.name, found.label, Sync.objects.get(mailbox_id=box).problem_text

    def inside(self) -> Any:
        return scope.workspace(self.jo.workspace_id)


@pytest.fixture
def office(world: World) -> Office:
    for address in (JO, PIA):
        world.sandbox.add_account(address, company="microsoft")
    world.sandbox.add_account(SUPPORT, "Support", company="microsoft", shared=True)
    rights.allow(world.sandbox, SUPPORT, JO)
    world.sandbox.deliver_many(SUPPORT, [(letter(n), ("INBOX", "UNREAD"), None) for n in range(30)])
    pia = make_member(Role.MEMBER, Workspace.objects.get(pk=world.member.workspace_id), name="Pia")
    made = Office(world, world.member, pia, world.connect(JO), world.connect(PIA, pia))
    made.allow(made.box, made.jo)
    made.allow(made.pias, made.pia)
    return made


# --- adding --------------------------------------------------------------------------------------


def test_its_past_and_its_news_come_in_and_belong_to_everybody(office: Office) -> None:
    world, added = office.world, office.add("  Support@Harbour.EXAMPLE ")
    assert (added.address, added.was_here, added.was_known) == (SUPPORT, False, False)
    box = added.mailbox_id
    world.backfill(box)
    world.work(box)
    assert len(copies(world, box)) == 30
    world.sandbox.deliver(SUPPORT, letter(77), ("INBOX",))
    world.sandbox.modify(SUPPORT, world.sandbox.message_ids(SUPPORT)[-1], remove=["UNREAD"])
    poll(world, box)
    assert len(copies(world, box)) == 31
    with office.inside():
        assert Copy.objects.filter(mailbox_id=box, seen=True).count() == 2
        for member in (office.jo, office.pia):
            assert len(inbox.page(viewer_for(member)).rows) > 10
        derived()
    assert copies(world, office.box) == set()


def test_it_has_a_quota_of_its_own_and_the_delegates_mailbox_is_left_alone(office: Office) -> None:
    world, box = office.world, office.add().mailbox_id
    world.sandbox.quota.reset()
    world.backfill(box)
    world.work(box)
    calls = world.sandbox.quota.calls
    assert calls[SUPPORT] > 0
    assert calls[JO] == 0
    assert sync_of(world, box).units_spent > sync_of(world, office.box).units_spent


def test_a_grant_without_the_permission_is_told_and_nothing_asked(office: Office) -> None:
    with office.inside():
        Credential.objects.filter(mailbox_id=office.box).update(scopes=["Mail.ReadWrite"])
    before = office.world.sandbox.quota.calls.total()
    assert office.refused().code == "shared_scope"
    assert office.world.sandbox.quota.calls.total() == before


def test_the_permission_is_asked_with_everything_that_was_given_before(office: Office) -> None:
    with office.inside():
        scopes = set(Credential.objects.get(mailbox_id=office.box).scopes)
        assert {"Mail.ReadWrite", "Mail.ReadWrite.Shared", "Mail.Send.Shared"} <= scopes
        url = connecting.begin(office.jo, "outlook", "s", Mailbox.objects.get(pk=office.box))
        assert "Mail.ReadWrite.Shared" in url, "a reconnection loses what was allowed"
        assert "Mail.ReadWrite.Shared" not in connecting.begin(office.jo, "outlook", "s")


def test_what_was_allowed_is_said(office: Office) -> None:
    connected = office.allow(office.box, office.jo)
    assert (connected.asked_shared, connected.lacks_shared, connected.was_known) == (
        True, False, True,
    )  # fmt: skip


def test_an_administrator_may_have_to_allow_it_first(office: Office) -> None:
    tenants.set_policy(office.world.sandbox, "harbour.example", "admin")
    office.world.sandbox.revoke(JO)
    with office.inside():
        Credential.objects.filter(mailbox_id=office.box).update(scopes=["Mail.ReadWrite"])
    with pytest.raises(AssertionError, match="Need admin approval"):
        office.allow(office.box, office.jo)
    assert office.row(office.box).disconnected_at is None


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        (JO.upper(), "own", "your own mailbox"),
        ("jo.alias@harbour.example", "own", "another address of it"),
        ("nobody@harbour.example", "unknown", "knows no mailbox"),
        ("dee@other.example", "unknown", "other organisations"),
        ("closed@harbour.example", "closed", "Full Access"),
        ("part@harbour.example", "partial", "only some folders"),
        ("old@harbour.example", "no_mailbox", "no licence"),
        ("support", "address", "whole e-mail address"),
        ("", "address", "whole e-mail address"),
        ("x" * 500 + "@harbour.example", "address", "whole e-mail address"),
        ("a@b@harbour.example\r\nBcc: x@evil.example", "address", "whole e-mail address"),
        ("../me@harbour.example", "unknown", "knows no mailbox"),
        ("?$filter=x@harbour.example", "unknown", "knows no mailbox"),
    ],
)
def test_each_refusal_says_whose_move_it_is(
    office: Office, address: str, code: str, words: str
) -> None:
    sandbox = office.world.sandbox
    sandbox.add_account("dee@other.example", company="microsoft")
    for name in ("closed", "part", "old"):
        sandbox.add_account(f"{name}@harbour.example", company="microsoft", shared=True)
    rights.allow(sandbox, "part@harbour.example", JO, "inbox")
    rights.allow(sandbox, "old@harbour.example", JO)
    sandbox.faults.add("no_mailbox", None, mailbox="old@harbour.example")
    rights.add_alias(sandbox, JO, "jo.alias@harbour.example")
    refusal = office.refused(address)
    assert (refusal.code, words in str(refusal)) == (code, True), str(refusal)


def test_personal_accounts_and_gmail_have_none(office: Office) -> None:
    sandbox = office.world.sandbox
    sandbox.add_account("jo@live.example", company="microsoft", tenant=CONSUMERS)
    sandbox.add_account("jo@gmail.example")
    for address, words in (("jo@live.example", "Outlook.com"), ("jo@gmail.example", "Google")):
        box = office.row(office.world.connect(address))
        with pytest.raises(NotConnected, match=words) as caught:
            shared.add(office.jo, box, SUPPORT)
        assert caught.value.code == "not_offered"


def test_a_provider_that_is_away_is_no_refusal(office: Office) -> None:
    office.world.sandbox.faults.add("server_error", None, mailbox=SUPPORT)
    assert "Nothing was changed" in str(office.refused())
    office.world.sandbox.faults.clear()
    assert not office.add().was_here


def test_a_grant_that_is_gone_is_reconnected_first(office: Office) -> None:
    office.world.sandbox.revoke(JO)
    assert office.refused().code == "reconnect"
    connecting.disconnect(office.jo.workspace_id, office.box)
    assert office.refused().code == "reconnect"


def test_a_colleagues_own_mailbox_is_not_made_everybodys(office: Office) -> None:
    rights.allow(office.world.sandbox, PIA, JO)
    office.world.work(office.pias)
    refusal = office.refused(PIA)
    assert refusal.code == "taken"
    assert office.row(office.pias).delegate_id is None


# --- two delegates -------------------------------------------------------------------------------


def test_a_second_delegate_is_told_and_can_take_over(office: Office) -> None:
    rights.allow(office.world.sandbox, SUPPORT, PIA)
    box = office.add().mailbox_id
    again = office.add(member=office.pia)
    assert (again.mailbox_id, again.was_here) == (box, True)
    assert office.row(box).delegate_id == office.box
    assert office.delegates(box) == {office.box, office.pias}
    assert shared.hand_over(office.jo, office.row(box), office.pias).pk == office.pias
    assert office.row(box).delegate_id == office.pias
    office.world.work(box)
    assert office.health(box)[0] == "healthy"


def test_two_who_add_it_at_the_same_moment_find_one(office: Office) -> None:
    rights.allow(office.world.sandbox, SUPPORT, PIA)
    found: list[shared.Added] = []
    at_once(lambda: found.append(office.add()), lambda: found.append(office.add(member=office.pia)))
    assert len({one.mailbox_id for one in found}) == 1
    assert sorted(one.was_here for one in found) == [False, True]
    assert office.delegates(found[0].mailbox_id) == {office.box, office.pias}
    assert office.count() == (3, 2, 3)


def test_another_address_of_it_is_the_same_mailbox(office: Office) -> None:
    rights.add_alias(office.world.sandbox, SUPPORT, "help@harbour.example")
    box = office.add().mailbox_id
    office.world.work(box)
    again = office.add("help@harbour.example")
    assert (again.mailbox_id, again.was_here, again.address) == (box, True, SUPPORT)


def test_who_may_not_open_it_cannot_take_over(office: Office) -> None:
    box = office.add().mailbox_id
    with pytest.raises(NotConnected, match="Full Access"):
        shared.hand_over(office.pia, office.row(box), office.pias)
    assert (office.row(box).delegate_id, office.delegates(box)) == (office.box, {office.box})


def test_nobodys_permission_is_used_who_did_not_offer_it(office: Office) -> None:
    rights.allow(office.world.sandbox, SUPPORT, PIA)
    box = office.add().mailbox_id
    for chosen in (office.pias, 0, 999_999, box):
        with pytest.raises(Expected, match="Choose who opens"):
            shared.hand_over(office.jo, office.row(box), chosen)
    assert office.row(box).delegate_id == office.box


# --- when something is lost ----------------------------------------------------------------------


@pytest.mark.parametrize("left", ["none", "inbox"])
def test_lost_rights_are_its_own_trouble_and_no_mail_is_lost(office: Office, left: str) -> None:
    world, box = office.world, office.add().mailbox_id
    world.backfill(box)
    world.work(box)
    rights.allow(world.sandbox, SUPPORT, JO, left)
    world.sandbox.deliver(SUPPORT, letter(50), ("INBOX",))
    with office.inside():
        Sync.objects.filter(mailbox_id=box).update(cursor="")  # it must look at everything again
    for _ in range(3):
        poll(world, box)
    name, label, text = office.health(box)
    assert (name, label) == ("error", "No access")
    assert SUPPORT in text
    assert world.states(box) == {"stored": 30}
    poll(world, office.box)
    assert office.health(office.box)[0] == "healthy"
    # Whoever is let in again goes on without doing anything here.
    rights.allow(world.sandbox, SUPPORT, JO)
    world.hands.at += ACCESS_WAIT
    world.work(box)
    assert office.health(box)[0] == "healthy"
    assert world.states(box) == {"stored": 31}


def test_rights_lost_while_mail_is_fetched_take_nothing_for_gone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, box = office.world, office.add().mailbox_id
    world.backfill(box)
    before_fetching(monkeypatch, lambda: rights.allow(world.sandbox, SUPPORT, JO, "none"))
    world.work(box)
    assert office.health(box)[1] == "No access"
    assert world.states(box) == {"listed": 30}
    rights.allow(world.sandbox, SUPPORT, JO)
    world.hands.at += ACCESS_WAIT
    world.work(box)
    assert world.states(box) == {"stored": 30}


def test_a_delegate_who_comes_while_it_is_closed_opens_it(office: Office) -> None:
    world, box = office.world, office.add().mailbox_id
    rights.allow(world.sandbox, SUPPORT, JO, "none")
    poll(world, box)
    assert office.health(box)[1] == "No access"
    rights.allow(world.sandbox, SUPPORT, PIA)
    assert office.add(member=office.pia).was_here
    assert office.row(box).delegate_id == office.pias
    world.work(box)
    assert office.health(box)[0] == "healthy"


def before_fetching(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> None:
    """Let something happen when the first messages of an import are about to be fetched."""
    real = fetching.fetch

    def fetch(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(fetching, "fetch", real)
        what()
        return real(*given, **more)

    monkeypatch.setattr(fetching, "fetch", fetch)


def test_a_permission_that_ends_in_the_middle_of_an_import(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, box = office.world, office.add().mailbox_id
    world.backfill(box)
    before_fetching(monkeypatch, lambda: world.sandbox.revoke(JO))
    world.work(box)
    assert world.states(box) == {"listed": 30}
    world.work(office.pias)
    assert office.health(box)[1] == "Reconnect needed"
    assert sync_of(world, box).due_at is None
    assert office.health(office.pias)[0] == "healthy"
    # The delegate connects again, and it goes on by itself.
    office.allow(office.box, office.jo)
    assert office.health(box)[0] != "error"
    world.work(box)
    assert world.states(box) == {"stored": 30}
    assert sync_of(world, office.box).problem == ""


def test_tokens_are_refreshed_once_for_both(office: Office) -> None:
    world, box = office.world, office.add().mailbox_id
    world.work(box)
    world.hands.at += timedelta(hours=3)
    version = _version(office)
    at_once(lambda: world.work(box), lambda: world.work(office.box))
    assert _version(office) == version + 1
    assert office.health(box)[0] == office.health(office.box)[0] == "healthy"


def _version(office: Office) -> int:
    with office.inside():
        return int(Credential.objects.get(mailbox_id=office.box).version)


# --- disconnecting -------------------------------------------------------------------------------


def test_what_a_mailbox_opens_ends_with_it_and_keeps_its_mail(office: Office) -> None:
    world, box = office.world, office.add().mailbox_id
    world.backfill(box)
    world.work(box)
    with office.inside():
        backfill.start(Mailbox.objects.get(pk=box), "all")
    connecting.disconnect(office.jo.workspace_id, office.box)
    assert office.row(box).disconnected_at
    assert office.delegates(box) == set()
    with office.inside():
        assert not Backfill.objects.filter(mailbox_id=box, state="running").exists()
        assert len(inbox.page(viewer_for(office.pia)).rows) > 0
    assert world.states(box)["stored"] == 30
    # Reconnecting the delegate does not bring it back by itself; adding it again does, as it was.
    office.world.connect(JO)
    assert office.row(box).disconnected_at
    again = office.add()
    assert (again.mailbox_id, again.was_here, again.was_known) == (box, False, True)
    world.sandbox.deliver(SUPPORT, letter(50), ("INBOX",))
    world.work(box)
    assert world.states(box) == {"stored": 31}


def test_disconnecting_a_shared_mailbox_leaves_its_delegate_alone(office: Office) -> None:
    box = office.add().mailbox_id
    connecting.disconnect(office.jo.workspace_id, box)
    assert office.row(box).disconnected_at
    assert office.row(office.box).disconnected_at is None
    poll(office.world, office.box)
    assert office.health(office.box)[0] == "healthy"
    # Who opened it before can open it again.
    shared.hand_over(office.jo, office.row(box), office.box)
    office.world.work(box)
    assert office.health(box)[0] == "healthy"


def test_one_that_was_handed_over_outlives_its_first_delegate(office: Office) -> None:
    rights.allow(office.world.sandbox, SUPPORT, PIA)
    box = office.add().mailbox_id
    office.add(member=office.pia)
    shared.hand_over(office.jo, office.row(box), office.pias)
    connecting.disconnect(office.jo.workspace_id, office.box)
    assert office.row(box).disconnected_at is None
    assert office.delegates(box) == {office.pias}
    poll(office.world, box)
    assert office.health(box)[0] == "healthy"
