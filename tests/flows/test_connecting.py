"""Connecting a mailbox: every way it can end, and that each leaves things as they were."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from mailweave.kit import scope
from mailweave.mail.models import Credential, Mailbox
from mailweave.people.access import Member
from mailweave.people.models import Role
from mailweave.sync import backfill, clients, connecting, engine
from mailweave.sync.connecting import Connected, NotConnected
from mailweave.sync.models import Authorization, Backfill, Sync
from tests.flows.checks import copies, exact, inside, poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import CLIENT, World
from tests.makers import make_member, make_workspace
from tests.makers_mail import join

BEN = "ben@northwind.example"


@pytest.fixture(autouse=True)
def accounts(world: World, settings: Any) -> None:
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.add_account(BEN, "Ben")


def begin(world: World, member: Member, reconnect: int | None = None) -> str:
    with scope.workspace(member.workspace_id):
        mailbox = Mailbox.objects.get(pk=reconnect) if reconnect else None
        return connecting.begin(member, "gmail", "session", mailbox)


def finish(member: Member, answer: dict[str, str], session: str = "session") -> Connected:
    given = {"state": "", "code": "", "error": "", **answer}
    known = {name: given[name] for name in ("state", "code", "error")}
    return connecting.finish(member, "gmail", session, **known)


def refused(does: Callable[[], object]) -> str:
    """The code of the refusal that must come."""
    with pytest.raises(NotConnected) as caught:
        does()
    assert str(caught.value)
    return caught.value.code


def nothing(world: World, workspace_id: int = 0) -> bool:
    with scope.workspace(workspace_id or world.member.workspace_id):
        made = (Mailbox.objects.count(), Credential.objects.count(), Sync.objects.count())
    return made == (0, 0, 0)


def colleague(world: World) -> Member:
    with inside(world):
        user = join("Ben")
    return Member(world.member.workspace_id, user.pk, Role.MEMBER, "Ben", "UTC")


def test_connected(world: World) -> None:
    connected = finish(world.member, world.consent(begin(world, world.member), ADA))
    assert (connected.address, connected.was_known) == (ADA, False)
    with inside(world):
        mailbox, sync, grant = Mailbox.objects.get(), Sync.objects.get(), Credential.objects.get()
        assert mailbox.remote_account_id == world.sandbox.account(ADA).sub
        assert (mailbox.address, mailbox.followed_roles) == (ADA, ["inbox", "sent"])
        assert sync.cursor == str(world.sandbox.account(ADA).history_id)
        assert sync.wanted_at == sync.due_at == world.hands.at
        assert any("gmail.modify" in one for one in grant.scopes)
        sealed = bytes(grant.access_token) + bytes(grant.refresh_token)
        assert b"ya29" not in sealed
        assert b"1//" not in sealed


def test_declined(world: World) -> None:
    state = begin_state(world)
    assert refused(lambda: finish(world.member, {"state": state, "error": "access_denied"})) == (
        "declined"
    )
    assert nothing(world)


def begin_state(world: World) -> str:
    return str(httpx2.URL(begin(world, world.member)).params["state"])


@pytest.mark.parametrize(
    ("error", "code"),
    [("admin_policy_enforced", "admin_policy"), ("server_error", "provider_error"), ("", "x")],
)
def test_ended_by_the_provider(world: World, error: str, code: str) -> None:
    state = begin_state(world)
    found = refused(lambda: finish(world.member, {"state": state, "error": error}))
    assert found == ("provider_error" if code == "x" else code)
    assert nothing(world)


def test_the_box_was_not_ticked(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    with world.sandbox.db.write() as connection:
        connection.execute("UPDATE codes SET scopes = 'openid email'")
    assert refused(lambda: finish(world.member, answer)) == "scope_missing"
    assert nothing(world)
    with world.sandbox.db.read() as connection:
        left = connection.execute("SELECT count(*) AS n FROM refresh_tokens").fetchone()["n"]
    assert left == 0, "a grant that is no use is given back"


def test_a_state_nobody_gave(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    assert refused(lambda: finish(world.member, {**answer, "state": "x" * 43})) == "state"
    assert refused(lambda: finish(world.member, {**answer, "state": ""})) == "state"
    assert nothing(world)


def test_an_answer_twice(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    finish(world.member, answer)
    assert refused(lambda: finish(world.member, answer)) == "state"


def test_a_refusal_uses_the_state_up(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    refused(lambda: finish(world.member, {"state": answer["state"], "error": "access_denied"}))
    assert refused(lambda: finish(world.member, answer)) == "state"
    assert nothing(world)


def test_a_code_twice(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    finish(world.member, answer)
    again = {**answer, "state": begin_state(world)}
    assert refused(lambda: finish(world.member, again)) == "refused"


def test_a_code_of_another_sign_in(world: World) -> None:
    """A stolen code does not fit the verifier of another beginning (PKCE)."""
    theirs = world.consent(begin(world, world.member), BEN)
    mine = world.consent(begin(world, world.member), ADA)
    mixed = {**mine, "code": theirs["code"]}
    assert refused(lambda: finish(world.member, mixed)) == "refused"
    assert nothing(world)


def test_another_session(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    assert refused(lambda: finish(world.member, answer, "other")) == "state"
    assert nothing(world)


def test_another_person(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    assert refused(lambda: finish(colleague(world), answer)) == "state"
    assert nothing(world)


def test_another_workspace(world: World) -> None:
    other = make_member(workspace=make_workspace())
    moved = Member(other.workspace_id, world.member.user_id, Role.OWNER, "Ada", "UTC")
    answer = world.consent(begin(world, world.member), ADA)
    for who in (other, moved):
        assert refused(lambda who=who: finish(who, answer)) == "state"  # type: ignore[misc]
        assert nothing(world, who.workspace_id)


@pytest.mark.parametrize(("minutes", "comes"), [(9, True), (11, False)])
def test_ten_minutes(world: World, minutes: int, comes: bool) -> None:
    url = begin(world, world.member)
    world.hands.at += timedelta(minutes=minutes)
    answer = world.consent(url, ADA)
    if comes:
        finish(world.member, answer)
    else:
        assert refused(lambda: finish(world.member, answer)) == "state"
        assert nothing(world)


def test_no_client(world: World, settings: Any) -> None:
    settings.PROVIDER_CLIENTS = {}
    assert refused(lambda: begin(world, world.member)) == "no_client"


def test_the_client_was_removed_meanwhile(world: World, settings: Any) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    settings.PROVIDER_CLIENTS = {}
    assert refused(lambda: finish(world.member, answer)) == "no_client"


def test_a_client_the_provider_refuses(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    with inside(world):
        clients.save("gmail", CLIENT.client_id, "wrong", world.member.user_id)
    assert refused(lambda: finish(world.member, answer)) == "client_refused"
    assert nothing(world)


def test_a_typed_client_wins_and_can_be_taken_back(world: World) -> None:
    with inside(world):
        clients.save("gmail", "typed", "secret", world.member.user_id)
        source = clients.find("gmail")
        assert source
        assert (source.client.client_id, source.typed) == ("typed", True)
        clients.save("gmail", "renamed", "", world.member.user_id)
        source = clients.find("gmail")
        assert source
        assert (source.client.client_id, source.client.client_secret) == ("renamed", "secret")
        clients.forget("gmail")
        source = clients.find("gmail")
        assert source
        assert (source.client, source.typed) == (CLIENT, False)


@pytest.mark.parametrize("kind", ["server_error", "reset", "html", "malformed"])
def test_the_profile_does_not_answer(world: World, kind: str) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    world.sandbox.faults.add(kind, times=None, path="/profile")
    assert refused(lambda: finish(world.member, answer)) == "refused"
    assert nothing(world)


def test_the_token_address_does_not_answer(world: World) -> None:
    answer = world.consent(begin(world, world.member), ADA)
    world.sandbox.faults.add("server_error", times=None, path="/token")
    assert refused(lambda: finish(world.member, answer)) == "refused"
    assert nothing(world)


def test_the_same_mailbox_twice_is_one(world: World) -> None:
    first = world.connect(ADA)
    again = finish(world.member, world.consent(begin(world, world.member), ADA))
    assert (again.mailbox_id, again.was_known) == (first, True)
    with inside(world):
        counts = (Mailbox.objects.count(), Sync.objects.count(), Credential.objects.count())
    assert counts == (1, 1, 1)


def test_a_renamed_account_is_the_same_mailbox(world: World) -> None:
    first = world.connect(ADA)
    with world.sandbox.db.write() as connection:
        connection.execute("UPDATE accounts SET address = 'ada@new.example' WHERE name = 'Ada'")
    assert world.connect("ada@new.example") == first
    with inside(world):
        assert Mailbox.objects.get().address == "ada@new.example"


def test_a_colleagues_mailbox(world: World) -> None:
    world.connect(ADA)
    ben = colleague(world)
    assert refused(lambda: finish(ben, world.consent(begin(world, ben), ADA))) == "taken"
    with inside(world):
        assert Mailbox.objects.get().owner_id == world.member.user_id
        assert Credential.objects.get().version == 1


def test_the_same_account_in_two_workspaces(world: World) -> None:
    other = make_member()
    first, second = world.connect(ADA), world.connect(ADA, other)
    assert first != second


@pytest.mark.parametrize("known", [False, True])
def test_reconnecting_with_another_account(world: World, known: bool) -> None:
    mailbox = world.connect(ADA)
    if known:
        world.connect(BEN)
    answer = world.consent(begin(world, world.member, mailbox), BEN)
    with inside(world):
        before = list(Credential.objects.order_by("pk").values_list("version", flat=True))
    assert refused(lambda: finish(world.member, answer)) == "wrong_account"
    with inside(world):
        assert Mailbox.objects.count() == 1 + known
        after = list(Credential.objects.order_by("pk").values_list("version", flat=True))
    assert after == before


def test_a_revoked_grant_asks_to_reconnect_and_goes_on_where_it_was(world: World) -> None:
    mailbox = world.connect(ADA)
    world.sandbox.deliver_many(ADA, [(letter(n), ("INBOX",), None) for n in range(30)])
    world.backfill(mailbox)
    world.work(mailbox)
    cursor = sync_of(world, mailbox).cursor
    world.sandbox.revoke(ADA)
    new = world.sandbox.deliver(ADA, letter(50))
    poll(world, mailbox)
    sync = sync_of(world, mailbox)
    assert (sync.problem, sync.cursor, sync.due_at) == ("reconnect", cursor, None)
    world.hands.at += timedelta(days=2)
    calls = world.sandbox.quota.calls[ADA]
    engine.advance(world.member.workspace_id, sync.pk)
    assert world.sandbox.quota.calls[ADA] == calls, "nothing is tried without a person"
    answer = world.consent(begin(world, world.member, mailbox), ADA)
    assert finish(world.member, answer).mailbox_id == mailbox
    assert sync_of(world, mailbox).problem == ""
    world.work(mailbox)
    assert new in copies(world, mailbox)
    exact(world, mailbox, ADA)


def test_a_grant_lost_in_the_middle_of_an_import(world: World) -> None:
    world.sandbox.deliver_many(ADA, [(letter(n), ("INBOX",), None) for n in range(30)])
    mailbox = world.connect(ADA)
    world.work(mailbox)
    world.backfill(mailbox)
    world.sandbox.revoke(ADA)
    world.work(mailbox)
    assert sync_of(world, mailbox).problem == "reconnect"
    with inside(world):
        assert Backfill.objects.get().state == "running"
    finish(world.member, world.consent(begin(world, world.member, mailbox), ADA))
    world.work(mailbox)
    exact(world, mailbox, ADA)


def test_disconnect_revokes_and_keeps_the_mail(world: World) -> None:
    world.sandbox.deliver_many(ADA, [(letter(n), ("INBOX",), None) for n in range(5)])
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    world.backfill(mailbox, "30d")
    connecting.disconnect(world.member.workspace_id, mailbox)
    with world.sandbox.db.read() as connection:
        assert connection.execute("SELECT count(*) AS n FROM refresh_tokens").fetchone()["n"] == 0
    sync = sync_of(world, mailbox)
    with inside(world):
        assert Credential.objects.count() == 0
        assert Mailbox.objects.get().disconnected_at == world.hands.at
        assert backfill.current(mailbox) is None
        assert engine.next_due(sync) is None
    poll(world, mailbox)
    assert len(copies(world, mailbox)) == 5
    connecting.disconnect(world.member.workspace_id, mailbox)  # once more does no harm
    world.sandbox.deliver(ADA, letter(60))
    assert world.connect(ADA) == mailbox
    world.work(mailbox)
    exact(world, mailbox, ADA)
    with inside(world):
        assert Mailbox.objects.get().disconnected_at is None


@pytest.mark.parametrize("trouble", ["server_error", "lost key"])
def test_disconnect_works_whatever_is_broken(world: World, trouble: str) -> None:
    mailbox = world.connect(ADA)
    if trouble == "lost key":
        with inside(world):
            Credential.objects.update(refresh_token=b"\x01\x02k1" + b"x" * 60)
    world.sandbox.faults.add("server_error", times=None, path="/revoke")
    connecting.disconnect(world.member.workspace_id, mailbox)
    with inside(world):
        assert Credential.objects.count() == 0


def test_a_grant_that_cannot_be_opened_asks_to_reconnect(world: World) -> None:
    mailbox = world.connect(ADA)
    with inside(world):
        Credential.objects.update(refresh_token=b"\x01\x02k1" + b"x" * 60)
    world.work(mailbox)
    assert sync_of(world, mailbox).problem == "reconnect"


def test_no_secret_lies_open(world: World) -> None:
    url = httpx2.URL(begin(world, world.member))
    with inside(world):
        row = Authorization.objects.get()
        assert url.params["state"] not in f"{row.state_hash}{row.nonce}{row.session_hash}"
        assert row.session_hash != "session"
    assert "code_verifier" not in url.params
    assert url.params["code_challenge_method"] == "S256"
