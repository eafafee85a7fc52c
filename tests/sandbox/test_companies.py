"""Two companies in one store: whose mailbox it is, folders at Microsoft, and their control."""

import html
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from sandbox.accounts import CONSUMERS, tenant_of
from sandbox.app import build
from sandbox.database import Database
from sandbox.microsoft import tenants
from sandbox.server import Server
from sandbox.state import Sandbox

GIL, ANA, PIA = "gil@gmail.example", "ana@contoso.example", "pia@outlook.example"
GUID = "6f1c7d2e-0000-4000-8000-00000000a99a"


@pytest.fixture
def state() -> Iterator[Sandbox]:
    made = Sandbox()
    made.add_account(GIL, "Gil")
    made.add_account(ANA, "Ana", company="microsoft")
    yield made
    made.close()


@pytest.fixture
def hand(state: Sandbox) -> Iterator[httpx2.Client]:
    server = Server(build(state)).start()
    with httpx2.Client(base_url=server.url, trust_env=False) as made:
        yield made
    server.stop()


def labels(state: Sandbox, address: str, message: str) -> list[str]:
    """A message's labels; those it is found by must be the same."""
    account = state.account(address).id
    with state.db.read() as connection:
        row = connection.execute(
            "SELECT labels FROM messages WHERE account = ? AND id = ?", (account, int(message, 16))
        ).fetchone()
        found = connection.execute(
            "SELECT label FROM message_labels WHERE account = ? AND message = ?",
            (account, int(message, 16)),
        ).fetchall()
    told: list[str] = msgspec.json.decode(row["labels"])
    assert sorted(told) == sorted(one["label"] for one in found)
    return told


def letter(number: int = 1) -> bytes:
    return (
        f"From: cy@client.example\r\nMessage-ID: <{number}@client.example>\r\n\r\nHi\r\n".encode()
    )


# -- accounts ---------------------------------------------------------------------------------


def test_people_at_microsoft_have_an_organization_and_an_id(state: Sandbox) -> None:
    ana, bob = state.account(ANA), state.add_account("bob@CONTOSO.example", company="microsoft")
    assert (ana.company, ana.tenant) == ("microsoft", tenant_of(ANA))
    assert bob.tenant == ana.tenant != tenant_of(PIA)
    assert bob.oid != ana.oid
    assert not ana.is_personal
    pia = state.add_account(PIA, company="microsoft", tenant=CONSUMERS)
    assert pia.is_personal
    assert pia.oid.startswith("00000000-0000-0000-")
    assert len(pia.oid) == len(ana.oid) == 36
    given = state.add_account("c@d.example", company="microsoft", tenant=GUID.upper(), oid=GUID)
    assert (given.tenant, given.oid) == (GUID, GUID)
    gil = state.account(GIL)
    assert (gil.company, gil.tenant, gil.oid) == ("google", "", "")
    assert state.accounts("microsoft")[0] == ana
    assert [one.address for one in state.accounts("google")] == [GIL]
    assert len(state.accounts()) == 5


def test_a_mailbox_stays_where_it_is(state: Sandbox) -> None:
    again = state.add_account(ANA, "Ana Ng", company="microsoft")
    assert (again.name, again.oid) == ("Ana Ng", state.account(ANA).oid)
    for values in ({"company": "google"}, {"company": "microsoft", "tenant": GUID}):
        with pytest.raises(ValueError, match=ANA):
            state.add_account(ANA, **values)


@pytest.mark.parametrize(
    "values",
    [
        {"company": "yahoo"},
        {"company": "microsoft", "tenant": "contoso"},
        {"company": "microsoft", "oid": "1"},
    ],
)
def test_what_is_no_account(state: Sandbox, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"company|GUID"):
        state.add_account("new@contoso.example", **values)
    with pytest.raises(LookupError):
        state.account("new@contoso.example")


def test_a_store_of_an_earlier_sandbox_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as old:
        old.executescript(
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE,"
            " name TEXT NOT NULL, sub TEXT NOT NULL, history_id INTEGER NOT NULL,"
            " history_floor INTEGER NOT NULL, label_number INTEGER NOT NULL);"
            "INSERT INTO accounts VALUES (1, 'old@gmail.example', 'Old', '1', 5, 5, 0);"
            "CREATE TABLE clients (client_id TEXT PRIMARY KEY, secret TEXT NOT NULL,"
            " redirects TEXT NOT NULL) WITHOUT ROWID;"
            "INSERT INTO clients VALUES ('app', 's', '[]');"
        )
    for _ in range(2):
        Database(path).close()
    state = Sandbox(path)
    assert state.account("old@gmail.example").company == "google"
    state.add_account(ANA, company="microsoft")
    state.register_client("other", "s", [], company="microsoft")
    state.close()


# -- folders ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (("INBOX", "UNREAD"), ["INBOX", "UNREAD"]),
        (("UNREAD", "STARRED", "SENT"), ["SENT", "UNREAD", "STARRED"]),
        (("INBOX", "IMPORTANT", "CATEGORY_SOCIAL"), ["INBOX"]),
        (("INBOX", "TRASH"), ["TRASH"]),
        (("UNREAD",), ["ARCHIVE", "UNREAD"]),
        ((), ["ARCHIVE"]),
        (("INBOX", "Kunden"), ["Label_1"]),
        (("ARCHIVE",), ["ARCHIVE"]),
    ],
)
def test_a_message_lies_in_one_folder(
    state: Sandbox, given: tuple[str, ...], kept: list[str]
) -> None:
    assert labels(state, ANA, state.deliver(ANA, letter(), given)) == kept


def test_moving_marking_archiving(state: Sandbox) -> None:
    one = state.deliver(ANA, letter())
    for add, remove, after in (
        (["Kunden/Nord"], [], ["Label_1", "UNREAD"]),
        (["STARRED"], ["UNREAD"], ["Label_1", "STARRED"]),
        (["SPAM"], [], ["SPAM", "STARRED"]),
        (["INBOX", "UNREAD"], ["STARRED"], ["INBOX", "UNREAD"]),
        ([], ["INBOX"], ["ARCHIVE", "UNREAD"]),
        (["IMPORTANT"], [], ["ARCHIVE", "UNREAD"]),
        (["INBOX"], ["INBOX"], ["INBOX", "UNREAD"]),
    ):
        state.modify(ANA, one, add=add, remove=remove)
        assert labels(state, ANA, one) == after, (add, remove)
    state.trash(ANA, one)
    assert labels(state, ANA, one) == ["TRASH", "UNREAD"]
    state.delete(ANA, one)
    assert state.message_ids(ANA) == []


def test_what_changes_nothing_is_no_news(state: Sandbox) -> None:
    one = state.deliver(ANA, letter(), ["Kunden", "UNREAD"])
    before = state.account(ANA).history_id
    state.modify(ANA, one, add=["Kunden", "UNREAD", "IMPORTANT"], remove=["STARRED"])
    assert state.account(ANA).history_id == before
    state.modify(ANA, one, add=["INBOX"])
    with state.db.read() as connection:
        rows = connection.execute(
            "SELECT kind, changed FROM history WHERE id > ? ORDER BY seq", (before,)
        ).fetchall()
    assert [tuple(row) for row in rows] == [
        ("labelAdded", '["INBOX"]'),
        ("labelRemoved", '["Label_1"]'),
    ]


def test_names_mean_different_things(state: Sandbox) -> None:
    assert state.label(GIL, "inbox") == "INBOX"
    assert state.label(GIL, "Archive") == "Label_1"
    assert state.label(ANA, "ARCHIVE") == "ARCHIVE"
    assert state.label(ANA, "Important") == "Label_1", "a folder of that name"
    assert state.label(ANA, "important") == "Label_1"
    gils = state.deliver(GIL, letter(), ["INBOX", "Kunden", "UNREAD"])
    assert labels(state, GIL, gils) == ["INBOX", "Label_2", "UNREAD"], "Gmail has labels"


# -- control ----------------------------------------------------------------------------------


def post(hand: Any, path: str, **body: Any) -> Any:
    answer = hand.post(f"/sandbox/api/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_mailboxes_and_apps_of_either_company_by_api(state: Sandbox, hand: Any) -> None:
    made = post(hand, "mailboxes", address=PIA, company="microsoft", tenant="consumers")
    assert (made["tenant"], made["company"]) == (CONSUMERS, "microsoft")
    assert made["oid"] == state.account(PIA).oid
    assert "tenant" not in post(hand, "mailboxes", address="x@gmail.example")
    shown = {one["address"]: one["company"] for one in
             hand.get("/sandbox/api/mailboxes").json()["mailboxes"]}  # fmt: skip
    assert (shown[PIA], shown[GIL]) == ("microsoft", "google")
    post(hand, "clients", client_id="m", secret="s", redirects=["http://x/"], company="microsoft")
    answer = hand.post("/common/oauth2/v2.0/token", data={"client_id": "m", "client_secret": "s"})
    assert answer.json()["error_codes"] == [900144], "known there"
    for bad in ({"company": "yahoo"}, {"company": "microsoft", "tenant": "x"}):
        answer = hand.post("/sandbox/api/mailboxes", json={"address": "n@x.example", **bad})
        assert answer.status_code == 400, bad


def test_organizations_by_api(state: Sandbox, hand: Any) -> None:
    (one,) = hand.get("/sandbox/api/tenants").json()["tenants"]
    assert one == {"tenant": tenant_of(ANA), "domains": ["contoso.example"],
                   "consent_policy": "user", "granted": {}, "requests": []}  # fmt: skip
    post(hand, "tenants", tenant="contoso.example", consent_policy="admin")
    post(hand, "tenants/grant", tenant=tenant_of(ANA), client_id="m", scopes=["Mail.Read"])
    told = post(hand, "tenants/grant", tenant=tenant_of(ANA), client_id="n")["tenants"][0]
    assert told["consent_policy"] == "admin"
    assert told["granted"]["m"] == ["Mail.Read"]
    assert "Mail.ReadWrite" in told["granted"]["n"]
    told = post(hand, "tenants/withdraw", tenant="contoso.example", client_id="m")["tenants"][0]
    assert list(told["granted"]) == ["n"]
    post(hand, f"mailboxes/{ANA}/withdraw_consent")
    state.add_account("ben@fabrikam.example", company="microsoft")
    tenants.ask(state, state.account(ANA).id, "p", frozenset({"Mail.Read"}), "please")
    ours, theirs = hand.get("/sandbox/api/tenants").json()["tenants"]
    assert theirs["requests"] == []
    assert ours["requests"] == [
        {"address": ANA, "client_id": "p", "reason": "please", "scopes": ["Mail.Read"]}
    ]
    for path, body, status in (
        ("tenants", {"tenant": "contoso.example"}, 400),
        ("tenants", {"tenant": "contoso.example", "consent_policy": "maybe"}, 400),
        ("tenants", {"tenant": "nowhere.example", "consent_policy": "user"}, 404),
        ("tenants/grant", {"tenant": "nowhere.example", "client_id": "m"}, 404),
        ("tenants/grant", {"tenant": "contoso.example", "client_id": "m", "scopes": "No"}, 400),
        ("tenants/grant", {"tenant": "contoso.example", "client_id": "m", "scopes": [1]}, 400),
    ):
        assert hand.post(f"/sandbox/api/{path}", json=body).status_code == status, (path, body)


def press(hand: Any, page: str, button: str) -> str:
    """Press the first button with that text; the page it leads to."""
    forms = re.findall(r"<form [^>]*action=\"([^\"]*)\"[^>]*>(.*?)</form>", page, re.DOTALL)
    action, body = next(one for one in forms if f"<button>{button}</button>" in one[1])
    fields = {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', body)
    }
    return str(hand.post(html.unescape(action), data=fields, follow_redirects=True).text)


def test_the_page_shows_both_and_approves(state: Sandbox, hand: Any) -> None:
    fields = {"address": PIA, "name": "Pia", "company": "microsoft", "tenant": "consumers"}
    page = hand.post("/sandbox/do/mailboxes", data=fields, follow_redirects=True).text
    for words in (GIL, ANA, PIA, "Google", "Microsoft, personal", "contoso.example"):
        assert words in page, words
    tenants.ask(state, state.account(ANA).id, "m", frozenset({"Mail.Read"}), "<b>please")
    page = hand.get("/sandbox/").text
    assert "&lt;b&gt;please" in page
    page = press(hand, page, "Approve")
    assert tenants.granted(state, tenant_of(ANA), "m") == {"Mail.Read"}
    assert "please" not in page
    page = press(hand, page, "Take back")
    assert tenants.granted(state, tenant_of(ANA), "m") == frozenset()
    hand.post("/sandbox/do/tenants", data={"tenant": tenant_of(ANA), "consent_policy": "admin"})
    assert tenants.tenant(state, tenant_of(ANA)).policy == "admin"
    assert "Withdraw consent" in hand.get(f"/sandbox/mailbox/{ANA}").text
    assert "Withdraw consent" not in hand.get(f"/sandbox/mailbox/{GIL}").text


def test_reset_forgets_both(state: Sandbox) -> None:
    tenants.set_policy(state, "contoso.example", "admin")
    tenants.grant(state, tenant_of(ANA), "m", frozenset({"Mail.Read"}))
    state.reset()
    state.add_account(ANA, company="microsoft")
    assert tenants.tenant(state, "contoso.example").policy == "user"
    assert tenants.granted(state, tenant_of(ANA), "m") == frozenset()
