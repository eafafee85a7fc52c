"""Connecting at Microsoft: every refusal of its sign-in, and the administrator who is asked."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from mailweave.kit import scope, vault
from mailweave.kit.errors import Expected
from mailweave.mail.models import Credential, Mailbox
from mailweave.people.access import Member
from mailweave.people.models import Role
from mailweave.sync import asking, clients, connecting, engine
from mailweave.sync.asking import Answer, Waiting
from mailweave.sync.connecting import Connected
from mailweave.sync.models import ConsentRequest, Sync
from mailweave.sync.outcomes import NotConnected
from sandbox.accounts import CONSUMERS
from sandbox.microsoft import tenants
from tests.flows.checks import inside, poll, sync_of
from tests.flows.world import THEIRS, World, press, query
from tests.makers import make_member
from tests.makers_mail import join

CY, DEE, EVE = "cy@contoso.example", "dee@contoso.example", "eve@live.example"
CANCEL = r'name="decision" value="(cancel|return)"'
ACCEPT = r'name="decision" value="(accept)"'


@pytest.fixture(autouse=True)
def accounts(world: World, settings: Any) -> None:
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0, "outlook": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(CY, "Cy", "microsoft")
    world.sandbox.add_account(DEE, "Dee", "microsoft")
    world.sandbox.add_account(EVE, "Eve", "microsoft", tenant=CONSUMERS)


def begin(world: World, reconnect: int | None = None) -> str:
    with inside(world):
        mailbox = Mailbox.objects.get(pk=reconnect) if reconnect else None
        return connecting.begin(world.member, "outlook", "session", mailbox)


def finish(member: Member, answer: dict[str, str]) -> Connected:
    return connecting.finish(
        member,
        "outlook",
        "session",
        state=answer.get("state", ""),
        code=answer.get("code", ""),
        error=answer.get("error", ""),
        description=answer.get("error_description", ""),
    )


def refused(does: Callable[[], object]) -> NotConnected:
    with pytest.raises(NotConnected) as caught:
        does()
    return caught.value


def decline(world: World, url: str, address: str) -> dict[str, str]:
    """Go back from whatever page the sandbox shows, without agreeing."""
    with httpx2.Client(transport=world.transport) as browser:
        answer = browser.get(f"{url}&sandbox_account={address}")
        answer = press(browser, url, answer, CANCEL)
    return query(answer.headers["location"])


def nothing(world: World) -> bool:
    with inside(world):
        made = (Mailbox.objects.count(), Credential.objects.count(), Sync.objects.count())
    return made == (0, 0, 0)


def test_what_is_asked_of_microsoft(world: World) -> None:
    asked = query(begin(world))
    assert asked["prompt"] == "select_account"
    assert set(asked["scope"].split()) > {"offline_access", "Mail.ReadWrite", "Mail.Send"}
    assert "Shared" not in asked["scope"]
    assert "access_type" not in asked
    mailbox = world.connect(CY)
    again = query(begin(world, mailbox))
    assert again["login_hint"] == CY
    assert "prompt" not in again


@pytest.mark.parametrize("address", [CY, EVE])
def test_connected(world: World, address: str) -> None:
    connected = finish(world.member, world.consent(begin(world), address))
    account = world.sandbox.account(address)
    assert (connected.address, connected.was_known) == (address, False)
    with inside(world):
        mailbox, grant = Mailbox.objects.get(), Credential.objects.get()
    assert (mailbox.kind, mailbox.address) == ("outlook", address)
    assert mailbox.remote_account_id == f"{account.tenant}.{account.oid}"
    assert {"Mail.ReadWrite", "Mail.Send", "User.Read"} <= set(grant.scopes)


def test_a_renamed_account_is_the_same_mailbox_and_its_old_address_another(world: World) -> None:
    first = world.connect(CY)
    with world.sandbox.db.write() as connection:
        connection.execute("UPDATE accounts SET address = 'cyr@contoso.example' WHERE name = 'Cy'")
    world.sandbox.add_account(CY, "Another Cy", "microsoft")
    assert world.connect("cyr@contoso.example") == first
    assert world.connect(CY) != first


def test_one_address_at_two_companies_is_two_mailboxes(world: World) -> None:
    """Same address, other company, other number: nothing is taken for anything else."""
    first = world.connect(CY)
    with world.sandbox.db.write() as connection:
        connection.execute(
            "UPDATE accounts SET address = ? WHERE name = 'Eve'", ("cy@contoso.example.",)
        )
    second = world.connect("cy@contoso.example.")
    assert first != second


def test_reconnecting_with_another_account(world: World) -> None:
    mailbox = world.connect(CY)
    answer = world.consent(begin(world, mailbox), DEE)
    refusal = refused(lambda: finish(world.member, answer))
    assert refusal.code == "wrong_account"
    assert CY in str(refusal)
    assert DEE in str(refusal)


def test_a_colleagues_mailbox(world: World) -> None:
    world.connect(CY)
    with inside(world):
        user = join("Ben")
    ben = Member(world.member.workspace_id, user.pk, Role.MEMBER, "Ben", "UTC")
    with inside(world):
        url = connecting.begin(ben, "outlook", "session")
    assert refused(lambda: finish(ben, world.consent(url, CY))).code == "taken"


def test_declined_and_an_administrator_is_offered(world: World) -> None:
    refusal = refused(lambda: finish(world.member, decline(world, begin(world), CY)))
    assert refusal.code == "declined"
    assert refusal.admin_may_help
    assert nothing(world)


@pytest.mark.parametrize("policy", ["admin", "admin_workflow"])
def test_only_an_administrator_may_allow_it(world: World, policy: str) -> None:
    tenants.set_policy(world.sandbox, "contoso.example", policy)
    refusal = refused(lambda: finish(world.member, decline(world, begin(world), CY)))
    assert refusal.code == "admin_consent"
    assert "Ask yours" in str(refusal)
    assert nothing(world)
    world.connect(EVE)  # personal accounts have no administrator


AT_TOKEN = {
    50076: "proof",
    50079: "proof",
    53003: "blocked",
    65001: "consent",
    7000215: "client_refused",
    7000222: "client_refused",
    700016: "client_refused",
    54005: "refused",
    90033: "refused",
}


@pytest.mark.parametrize("number", AT_TOKEN)
def test_refused_when_the_code_is_redeemed(world: World, number: int) -> None:
    answer = world.consent(begin(world), CY)
    world.sandbox.faults.add("aadsts", times=None, path="/token", code=number)
    refusal = refused(lambda: finish(world.member, answer))
    assert refusal.code == AT_TOKEN[number]
    assert nothing(world)


AT_REFRESH = {
    700082: "reconnect",
    70008: "reconnect",
    50173: "reconnect",
    70043: "reconnect",
    50076: "reconnect",
    65001: "consent",
    90094: "admin",
    53003: "blocked",
    7000215: "operator",
    7000222: "operator",
}


@pytest.mark.parametrize("number", AT_REFRESH)
def test_refused_when_a_token_is_refreshed(world: World, number: int) -> None:
    """Whose move it is stands on the card, and nothing is tried that cannot help."""
    mailbox = world.connect(CY)
    world.work(mailbox)
    world.hands.at += timedelta(hours=2)
    world.sandbox.faults.add("aadsts", times=None, path="/token", code=number)
    poll(world, mailbox)
    sync = sync_of(world, mailbox)
    assert sync.problem == AT_REFRESH[number]
    assert f"AADSTS{number}" in sync.problem_text
    with inside(world):
        due = engine.next_due(sync)
    assert bool(due) == (AT_REFRESH[number] == "operator"), "only an operator's matter is retried"
    world.sandbox.faults.clear()
    assert finish(world.member, world.consent(begin(world, mailbox), CY)).mailbox_id == mailbox
    world.work(mailbox)
    assert sync_of(world, mailbox).problem == ""


def test_busy_is_a_wait(world: World) -> None:
    mailbox = world.connect(CY)
    world.work(mailbox)
    world.hands.at += timedelta(hours=2)
    world.sandbox.faults.add("aadsts", times=1, path="/token", code=90055)
    poll(world, mailbox)
    assert sync_of(world, mailbox).problem == ""
    world.work(mailbox)
    assert sync_of(world, mailbox).failures == 0


def test_what_microsoft_wants_asked_is_asked_next_time(world: World) -> None:
    mailbox = world.connect(CY)
    world.work(mailbox)
    world.hands.at += timedelta(hours=2)
    world.sandbox.faults.add("aadsts", times=1, path="/token", code=50076)
    poll(world, mailbox)
    sync = sync_of(world, mailbox)
    assert b"access_token" not in bytes(sync.claims), "it is sealed"
    assert json.loads(query(begin(world, mailbox))["claims"])
    finish(world.member, world.consent(begin(world, mailbox), CY))
    assert bytes(sync_of(world, mailbox).claims) == b""
    assert "claims" not in query(begin(world, mailbox))


def test_what_a_first_sign_in_wants_asked_is_asked_in_the_second(world: World) -> None:
    answer = world.consent(begin(world), CY)
    world.sandbox.faults.add("aadsts", times=1, path="/token", code=50076)
    assert refused(lambda: finish(world.member, answer)).code == "proof"
    assert json.loads(query(begin(world))["claims"])
    assert "claims" not in query(begin(world)), "asked once: the last attempt wanted nothing"


def test_a_dead_seal_asks_for_nothing(world: World) -> None:
    mailbox = world.connect(CY)
    with inside(world):
        Sync.objects.update(claims=b"\x01\x02k1" + b"x" * 60)
    assert "claims" not in query(begin(world, mailbox))


def test_no_mailbox_at_exchange_online(world: World) -> None:
    answer = world.consent(begin(world), CY)
    text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    body = {"error": {"code": "MailboxNotEnabledForRESTAPI", "message": text}}

    def graph(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.startswith("/v1.0/me/mailFolders"):
            return httpx2.Response(404, json=body)
        return world.transport.handle_request(request)

    connecting.hands.NETWORK = httpx2.MockTransport(graph)
    refusal = refused(lambda: finish(world.member, answer))
    assert "Exchange" in str(refusal)
    assert nothing(world)


def test_less_than_everything_is_refused(world: World) -> None:
    answer = world.consent(begin(world), CY)
    with world.sandbox.db.write() as connection:
        for table in ("codes", "consents"):
            connection.execute(
                f"UPDATE {table} SET scopes = 'openid profile offline_access User.Read Mail.Send'"
            )
    assert refused(lambda: finish(world.member, answer)).code == "scope_missing"
    assert nothing(world)


def test_disconnecting_deletes_the_tokens_and_asks_nothing_of_microsoft(world: World) -> None:
    mailbox = world.connect(CY)
    connecting.disconnect(world.member.workspace_id, mailbox)
    with inside(world):
        assert Credential.objects.count() == 0
    assert world.connect(CY) == mailbox


# --- asking an administrator ---------------------------------------------------------------------


def ask(world: World, member: Member | None = None) -> Waiting:
    who = member or world.member
    with scope.workspace(who.workspace_id):
        return asking.ask(who, "outlook")


def stands(world: World, member: Member | None = None) -> Answer | None:
    who = member or world.member
    with scope.workspace(who.workspace_id):
        found = asking.waiting(who, "outlook")
    return found.answer if found else None


def administer(world: World, link: str, button: str, tenant: str = "contoso.example") -> Answer:
    """An administrator opens the link in a browser that knows nothing of us."""
    chosen = tenants.tenant(world.sandbox, tenant).id
    with httpx2.Client(transport=world.transport) as browser:
        answer = browser.get(f"{link}&sandbox_account={chosen}")
        answer = press(browser, link, answer, button)
    told = query(answer.headers["location"])
    assert answer.headers["location"].startswith(asking.redirect_uri("outlook"))
    return asking.answer(
        "outlook", told["state"], told.get("error", ""), told.get("error_description", "")
    )


def test_an_administrator_allows_it_and_everybody_there_connects(world: World) -> None:
    tenants.set_policy(world.sandbox, "contoso.example", "admin")
    link = ask(world).link
    assert stands(world) == ""
    assert administer(world, link, ACCEPT) == "granted"
    assert stands(world) == "granted"
    world.connect(CY)
    assert stands(world) is None, "it ends when the person is connected"
    world.connect(DEE)


def test_open_pages_of_the_workspace_are_told_at_each_step(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, tuple[str, ...]]] = []

    def tell(*topics: str) -> None:
        told.append((scope.current(), topics))

    monkeypatch.setattr(asking.live, "tell", tell)
    state = query(ask(world).link)["state"]
    asking.answer("outlook", state, "")
    with inside(world):
        asking.forget(world.member, "outlook")
    assert told == [(world.member.workspace_id, ("mailboxes",))] * 3


def test_an_administrator_declines_and_is_asked_again(world: World) -> None:
    first = ask(world).link
    assert administer(world, first, CANCEL) == "declined"
    assert stands(world) == "declined"
    second = ask(world).link
    assert query(second)["state"] != query(first)["state"]
    assert stands(world) == ""
    with pytest.raises(Expected):
        asking.answer("outlook", query(first)["state"], "")


def test_asking_twice_is_one_link(world: World) -> None:
    assert ask(world).link == ask(world).link
    with inside(world):
        assert ConsentRequest.objects.count() == 1


def test_somebody_who_is_no_administrator_has_declined_nothing(world: World) -> None:
    state = query(ask(world).link)["state"]
    told = "AADSTS90094: The grant requires administrator permission."
    assert asking.answer("outlook", state, "access_denied", told) == ""
    assert asking.answer("outlook", state, "server_error") == ""
    assert stands(world) == ""


def test_consent_that_was_given_stays_given(world: World) -> None:
    state = query(ask(world).link)["state"]
    asking.answer("outlook", state, "")
    asking.answer("outlook", state, "access_denied")
    assert stands(world) == "granted"
    other = make_member()
    declined_first = query(ask(world, other).link)["state"]
    asking.answer("outlook", declined_first, "access_denied")
    asking.answer("outlook", declined_first, "")
    assert stands(world, other) == "granted"


def made_up_states(state: str) -> list[str]:
    token = state.partition("-")[2]
    return ["", "x", "-", state + "x", f"999999-{token}", f"x-{token}", f"-1-{token}", "9" * 30]


def test_a_state_nobody_gave_is_nothing(world: World) -> None:
    state = query(ask(world).link)["state"]
    for made_up in made_up_states(state):
        with pytest.raises(Expected):
            asking.answer("outlook", made_up, "")
    with pytest.raises(Expected):
        asking.answer("gmail", state, "")
    assert stands(world) == ""


@pytest.mark.parametrize(("days", "holds"), [(29, True), (31, False)])
def test_thirty_days(world: World, days: int, holds: bool) -> None:
    state = query(ask(world).link)["state"]
    world.hands.at += timedelta(days=days)
    if holds:
        assert asking.answer("outlook", state, "") == "granted"
        return
    with pytest.raises(Expected):
        asking.answer("outlook", state, "")
    assert stands(world) is None
    assert query(ask(world).link)["state"] != state


def test_withdrawn_is_dead(world: World) -> None:
    state = query(ask(world).link)["state"]
    with inside(world):
        asking.forget(world.member, "outlook")
    with pytest.raises(Expected):
        asking.answer("outlook", state, "")


def test_consent_proves_nothing_and_connects_nothing(world: World) -> None:
    """Whoever had the link may say "granted": the provider still decides."""
    tenants.set_policy(world.sandbox, "contoso.example", "admin")
    asking.answer("outlook", query(ask(world).link)["state"], "")
    assert nothing(world)
    refusal = refused(lambda: finish(world.member, decline(world, begin(world), CY)))
    assert refusal.code == "admin_consent"


def test_each_waits_for_themselves(world: World) -> None:
    other = make_member()
    mine, theirs = ask(world), ask(world, other)
    asking.answer("outlook", query(theirs.link)["state"], "")
    assert (stands(world), stands(world, other)) == ("", "granted")
    assert mine.link != theirs.link


def test_the_state_lies_sealed(world: World) -> None:
    state = query(ask(world).link)["state"]
    with inside(world):
        row = ConsentRequest.objects.get()
        assert state.encode() not in bytes(row.state)
        assert state not in row.state_hash
        assert vault.unseal(row, "state") == state


def test_a_seal_that_broke_makes_a_new_link(world: World) -> None:
    first = ask(world).link
    with inside(world):
        ConsentRequest.objects.update(state=b"\x01\x02k1" + b"x" * 60)
    assert query(ask(world).link)["state"] not in {"", query(first)["state"]}


def test_without_a_client_nobody_is_asked(world: World, settings: Any) -> None:
    ask(world)
    settings.PROVIDER_CLIENTS = {}
    assert refused(lambda: ask(world)).code == "no_client"
    assert stands(world) is None


def test_a_typed_client_is_the_one_that_is_allowed(world: World) -> None:
    with inside(world):
        clients.save("outlook", "typed", "secret", world.member.user_id)
    asked = query(ask(world).link)
    assert asked["client_id"] == "typed" != THEIRS.client_id
    assert "Mail.ReadWrite" in asked["scope"]
