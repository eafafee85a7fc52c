"""Mailboxes that several people open: who may, how far, and what is said to those who may not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from sandbox.accounts import CONSUMERS
from sandbox.app import build
from sandbox.microsoft import delegates, tokens
from sandbox.state import Sandbox
from tests.sandbox.microsoft.conftest import APP, letter

ANA, BO, SUPPORT = "ana@contoso.example", "bo@contoso.example", "support@contoso.example"
OWN = frozenset({"User.Read", "Mail.ReadWrite"})
SHARED = OWN | {"Mail.ReadWrite.Shared"}
INBOX = "mailFolders/inbox"


@dataclass
class Office:
    """An organization with a shared mailbox, and people who try to open it."""

    state: Sandbox
    web: httpx2.Client

    def get(
        self, path: str, who: str = ANA, scopes: frozenset[str] = SHARED
    ) -> tuple[int, str, Any]:
        """Status, code and JSON of a GET below /v1.0 by somebody."""
        answer = self.web.get(f"/v1.0/{path}", headers=self.bearer(who, scopes))
        body = answer.json()
        return answer.status_code, body.get("error", {}).get("code", ""), body

    def bearer(self, who: str, scopes: frozenset[str] = SHARED) -> dict[str, str]:
        token, _ = tokens.make_access_token(self.state, self.state.account(who), APP, scopes)
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def office() -> Iterator[Office]:
    state = Sandbox()
    for address in (ANA, BO):
        state.add_account(address, company="microsoft")
    state.add_account(SUPPORT, "Support", company="microsoft", shared=True)
    delegates.allow(state, SUPPORT, ANA)
    with httpx2.Client(
        transport=httpx2.WSGITransport(app=build(state)), base_url="http://inside"
    ) as web:
        yield Office(state, web)
    state.close()


def test_a_delegate_reads_everything_a_person_reads_of_their_own(office: Office) -> None:
    ids = [office.state.deliver(SUPPORT, letter(f"Mail {n}", number=str(n))) for n in range(3)]
    office.state.deliver(ANA, letter("For Ana", number="ana"))
    base = f"users/{SUPPORT}"
    status, _, page = office.get(f"{base}/messages?$top=2")
    assert (status, len(page["value"])) == (200, 2)
    assert page["@odata.nextLink"].startswith(f"http://inside/v1.0/{base}/messages?")
    first = page["value"][0]["id"]
    for path in (
        "", "/$value", "/attachments",
    ):  # fmt: skip
        answer = office.web.get(f"/v1.0/{base}/messages/{first}{path}", headers=office.bearer(ANA))
        assert answer.status_code == 200
    delta = office.get(f"{base}/{INBOX}/messages/delta")[2]
    assert {one["subject"] for one in delta["value"]} == {"Mail 0", "Mail 1", "Mail 2"}
    assert f"/{base}/" in delta["@odata.deltaLink"]
    assert len(office.get(f"{base}/mailFolders")[2]["value"]) > 5
    assert len(ids) == 3


def test_what_is_written_there_is_everybodys(office: Office) -> None:
    office.state.deliver(SUPPORT, letter())
    (one,) = office.get(f"users/{SUPPORT}/messages")[2]["value"]
    answer = office.web.patch(
        f"/v1.0/users/{SUPPORT}/messages/{one['id']}",
        json={"isRead": True}, headers=office.bearer(ANA),
    )  # fmt: skip
    assert answer.status_code == 200
    delegates.allow(office.state, SUPPORT, BO)
    assert office.get(f"users/{SUPPORT}/messages", BO)[2]["value"][0]["isRead"] is True


@pytest.mark.parametrize("path", [INBOX, "messages", "mailFolders", f"{INBOX}/messages/delta"])
def test_whom_nobody_let_in_finds_nothing(office: Office, path: str) -> None:
    status, code, _ = office.get(f"users/{SUPPORT}/{path}", BO)
    assert (status, code) == (404, "ErrorItemNotFound")
    delegates.allow(office.state, SUPPORT, ANA, "none")
    assert office.get(f"users/{SUPPORT}/{path}")[:2] == (404, "ErrorItemNotFound")


def test_the_inbox_alone_may_be_open(office: Office) -> None:
    delegates.allow(office.state, SUPPORT, BO, "inbox")
    office.state.deliver(SUPPORT, letter())
    status, _, inbox = office.get(f"users/{SUPPORT}/{INBOX}", BO)
    assert status == 200
    assert office.get(f"users/{SUPPORT}/mailFolders/{inbox['id']}/messages", BO)[0] == 200
    for path in ("mailFolders/sentitems", "mailFolders/msgfolderroot", "messages"):
        assert office.get(f"users/{SUPPORT}/{path}", BO)[:2] == (404, "ErrorItemNotFound")


def test_without_the_permission_for_others_mailboxes_there_is_none(office: Office) -> None:
    for who in (SUPPORT, "nobody@contoso.example"):
        assert office.get(f"users/{who}/{INBOX}", scopes=OWN)[:2] == (403, "ErrorAccessDenied")
    # Reading others' mail is one permission, reading one's own another.
    read = frozenset({"User.Read", "Mail.Read.Shared"})
    assert office.get(f"users/{SUPPORT}/{INBOX}", scopes=read)[0] == 200
    assert office.get(f"me/{INBOX}", scopes=read)[:2] == (403, "ErrorAccessDenied")


@pytest.mark.parametrize("who", ["nobody@contoso.example", "gil@firm.example", "dee@other.example",
                                 "pat@live.example", "x" * 500, "not an address"])  # fmt: skip
def test_there_is_nobody_outside_the_organization(office: Office, who: str) -> None:
    office.state.add_account("gil@firm.example")
    office.state.add_account("dee@other.example", company="microsoft")
    office.state.add_account("pat@live.example", company="microsoft", tenant=CONSUMERS)
    assert office.get(f"users/{who}/{INBOX}")[:2] == (404, "ErrorInvalidUser")


def test_ones_own_address_is_oneself(office: Office) -> None:
    delegates.add_alias(office.state, ANA, "a.ng@contoso.example")
    own = office.get(f"me/{INBOX}", scopes=OWN)[2]["id"]
    for who in (ANA.upper(), office.state.account(ANA).oid, "A.Ng@contoso.example"):
        assert office.get(f"users/{who}/{INBOX}", scopes=OWN)[2]["id"] == own
    assert office.get(f"users/{SUPPORT}/{INBOX}")[2]["id"] != own


def test_what_others_are_called_is_not_told(office: Office) -> None:
    status, code, _ = office.get(f"users/{SUPPORT}")
    assert (status, code) == (403, "Authorization_RequestDenied")
    assert office.get(f"users/{ANA}")[0] == 200


def test_a_mailbox_that_is_not_at_microsoft(office: Office) -> None:
    office.state.faults.add("no_mailbox", None, mailbox=SUPPORT)
    assert office.get(f"users/{SUPPORT}/{INBOX}")[:2] == (404, "MailboxNotEnabledForRESTAPI")
    assert office.get(f"me/{INBOX}")[0] == 200


def test_each_mailbox_has_its_own_quota(office: Office) -> None:
    office.state.change_settings(graph_requests=3)
    delegates.allow(office.state, SUPPORT, BO)
    for who in (ANA, BO, ANA):
        assert office.get(f"users/{SUPPORT}/{INBOX}", who)[0] == 200
    assert office.get(f"users/{SUPPORT}/{INBOX}", BO)[0] == 429
    assert office.get(f"me/{INBOX}")[0] == 200
    calls = office.state.quota.calls
    assert (calls[SUPPORT], calls[ANA], calls[BO]) == (3, 1, 0)


def test_a_batch_counts_for_the_mailboxes_it_is_about(office: Office) -> None:
    parts = [
        {"id": str(n), "method": "GET", "url": f"/{path}/{INBOX}"}
        for n, path in enumerate(["me", f"users/{SUPPORT}", "users/nobody@contoso.example"])
    ]
    answer = office.web.post(
        "/v1.0/$batch", json={"requests": parts}, headers=office.bearer(ANA)
    ).json()
    assert {one["id"]: one["status"] for one in answer["responses"]} == {
        "0": 200, "1": 200, "2": 404,
    }  # fmt: skip
    assert office.state.quota.calls[SUPPORT] == 1


def test_nobody_signs_in_to_it(office: Office) -> None:
    office.state.register_client(APP, "s", ["http://app.example/back"], company="microsoft")
    asked = {
        "client_id": APP, "redirect_uri": "http://app.example/back", "response_type": "code",
        "scope": "openid Mail.Read",
    }  # fmt: skip
    page = office.web.get("/common/oauth2/v2.0/authorize", params=asked).text
    assert ANA in page
    assert SUPPORT not in page
    answer = office.web.get(
        "/common/oauth2/v2.0/authorize", params=asked | {"sandbox_account": SUPPORT}
    )
    assert "error" in answer.headers.get("location", "") or "AADSTS50020" in answer.text


def test_made_and_opened_by_the_control_api_and_page(office: Office) -> None:
    new = "sales@contoso.example"
    api = "/sandbox/api/mailboxes"
    made = office.web.post(api, json={"address": new, "company": "microsoft", "shared": True})
    assert made.status_code == 200
    let_in = office.web.post(f"{api}/{new}/delegates", json={"delegate": BO, "rights": "inbox"})
    assert let_in.json() == {"delegates": {BO: "inbox"}}
    (shown,) = [one for one in office.web.get(api).json()["mailboxes"] if one["address"] == new]
    assert (shown["shared"], shown["delegates"]) == (True, {BO: "inbox"})
    page = office.web.get(f"/sandbox/mailbox/{new}").text
    assert f"{BO} (inbox)" in page
    pressed = office.web.post(
        f"/sandbox/do/mailbox/{new}/delegates", data={"delegate": BO, "rights": "none"}
    )
    assert pressed.status_code == 303
    assert "nobody" in office.web.get(f"/sandbox/mailbox/{new}").text
    assert "shared with" in office.web.get("/sandbox/").text


@pytest.mark.parametrize(
    ("path", "given"),
    [
        (f"mailboxes/{SUPPORT}/delegates", {"delegate": BO, "rights": "everything"}),
        (f"mailboxes/{SUPPORT}/delegates", {"delegate": "gil@firm.example"}),
        (f"mailboxes/{SUPPORT}/delegates", {}),
        ("mailboxes", {"address": "team@firm.example", "shared": True}),
        ("mailboxes", {"address": "x@live.example", "company": "microsoft",
                       "tenant": "consumers", "shared": True}),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused(office: Office, path: str, given: Any) -> None:
    office.state.add_account("gil@firm.example")
    assert office.web.post(f"/sandbox/api/{path}", json=given).status_code == 400


@pytest.mark.parametrize("whose", [f"users/{SUPPORT}/", f"users('{SUPPORT}')/", f"/users/{BO}/"])
def test_nobody_is_told_what_happens_in_it(office: Office, whose: str) -> None:
    asked = {
        "changeType": "created", "resource": f"{whose}mailFolders('inbox')/messages",
        "notificationUrl": "https://app.example/hook", "clientState": "x",
        "expirationDateTime": (office.state.clock.now() + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    answer = office.web.post("/v1.0/subscriptions", json=asked, headers=office.bearer(ANA))
    assert answer.status_code == 403
    assert office.web.get("/v1.0/subscriptions", headers=office.bearer(ANA)).json()["value"] == []
