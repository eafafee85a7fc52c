"""Microsoft's own library, msal, judges the identity platform; it believes it talks TLS."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msal
import pytest

from sandbox.accounts import CONSUMERS, tenant_of
from sandbox.microsoft import tenants
from tests.sandbox.microsoft.signing import (
    ANA,
    CLIENT,
    PIA,
    REDIRECT,
    SECRET,
    Signing,
    hidden_fields,
    signing,
)

CONTOSO = tenant_of(ANA)
HOST = "https://login.microsoftonline.com"
SCOPES = ["User.Read", "Mail.ReadWrite", "Mail.Send"]


@pytest.fixture
def there() -> Iterator[Signing]:
    with signing() as made:
        yield made


@dataclass
class Answer:
    """A response as msal reads it."""

    status_code: int
    text: str
    headers: dict[str, str]

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise AssertionError(self.text)


@dataclass
class Carrier:
    """Carries msal's calls to the sandbox, as a proxy that speaks TLS would."""

    there: Signing
    calls: list[str]

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None,
             **_: Any) -> Answer:  # fmt: skip
        return self._carry("POST", url, params, data, headers)

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Answer:
        return self._carry("GET", url, params, None, headers)

    def close(self) -> None:
        """Nothing of ours to close."""

    def _carry(self, verb: str, url: str, params: Any, data: Any, headers: Any) -> Answer:
        path = urlsplit(url).path
        self.calls.append(path)
        found = self.there.web.request(verb, path, params=params, data=data, headers=headers)
        text = found.text.replace(str(self.there.web.base_url), f"{HOST}/")
        return Answer(found.status_code, text, dict(found.headers))


def app(there: Signing, authority: str = "common", **more: Any) -> Any:
    """A confidential client as a web app makes it."""
    return msal.ConfidentialClientApplication(
        CLIENT,
        client_credential=more.pop("secret", SECRET),
        authority=f"{HOST}/{authority}",
        http_client=Carrier(there, []),
        instance_discovery=False,
        **more,
    )


def begun(app: Any, **more: Any) -> Any:
    return app.initiate_auth_code_flow(
        SCOPES, redirect_uri=REDIRECT, response_mode="form_post", **more
    )


def answered(there: Signing, flow: Any, account: str = ANA, decision: str = "accept") -> Any:
    """What the browser brings back to the app."""
    parts = urlsplit(flow["auth_uri"])
    page = there.open(f"{parts.path}?{parts.query}", account)
    if "Working" not in page.text:
        page = there.press(page, decision)
    return hidden_fields(page.text)


@pytest.mark.parametrize("authority", ["common", "organizations", CONTOSO, "contoso.example"])
def test_the_whole_way_of_somebody_at_work(there: Signing, authority: str) -> None:
    web = app(there, authority)
    flow = begun(web, login_hint=ANA, prompt="select_account")
    assert "code_challenge_method=S256" in flow["auth_uri"]
    result = web.acquire_token_by_auth_code_flow(flow, answered(there, flow))
    assert "error" not in result, result
    assert set(result["scope"].split()) >= set(SCOPES)
    told = result["id_token_claims"]
    assert (told["tid"], told["preferred_username"]) == (CONTOSO, ANA)
    (account,) = web.get_accounts()
    assert account["home_account_id"] == f"{told['oid']}.{CONTOSO}"
    silent = web.acquire_token_silent(SCOPES, account)
    assert (silent["access_token"], silent["token_source"]) == (result["access_token"], "cache")
    fresh = web.acquire_token_silent(SCOPES, account, force_refresh=True)
    assert (fresh["token_source"], "error" in fresh) == ("identity_provider", False)
    assert fresh["access_token"] != result["access_token"]
    again = web.acquire_token_silent(SCOPES, account, force_refresh=True)
    assert again["access_token"] not in {fresh["access_token"], result["access_token"]}


@pytest.mark.parametrize("authority", ["common", "consumers"])
def test_the_whole_way_of_a_personal_account(there: Signing, authority: str) -> None:
    web = app(there, authority)
    flow = begun(web)
    result = web.acquire_token_by_auth_code_flow(flow, answered(there, flow, PIA))
    assert result["id_token_claims"]["tid"] == CONSUMERS
    (account,) = web.get_accounts()
    assert "error" not in web.acquire_token_silent(SCOPES, account, force_refresh=True)


def test_declining_and_approval_come_back_as_errors(there: Signing) -> None:
    web = app(there)
    flow = begun(web)
    result = web.acquire_token_by_auth_code_flow(flow, answered(there, flow, decision="cancel"))
    assert (result["error"], "AADSTS65004" in result["error_description"]) == (
        "access_denied", True,
    )  # fmt: skip
    tenants.set_policy(there.state, CONTOSO, "admin")
    flow = begun(web)
    result = web.acquire_token_by_auth_code_flow(flow, answered(there, flow, decision="return"))
    assert (result["error"], "AADSTS90094" in result["error_description"]) == (
        "access_denied", True,
    )  # fmt: skip


def test_another_answers_code_is_not_for_this_flow(there: Signing) -> None:
    web = app(there)
    flow, other = begun(web), begun(web)
    answer = answered(there, other)
    result = web.acquire_token_by_auth_code_flow(flow, answer | {"state": flow["state"]})
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [501481])
    result = web.acquire_token_by_auth_code_flow(other, answer)
    assert result["error_codes"] == [54005], "the code is spent"


def test_a_wrong_secret(there: Signing) -> None:
    web = app(there, secret="wrong")
    flow = begun(web)
    result = web.acquire_token_by_auth_code_flow(flow, answered(there, flow))
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (700082, "invalid_grant"),
        (50173, "invalid_grant"),
        (70043, "invalid_grant"),
        (50076, "invalid_grant"),
        (53003, "invalid_grant"),
        (7000222, "invalid_client"),
        (700016, "unauthorized_client"),
    ],
)
def test_a_refresh_that_is_refused(there: Signing, code: int, error: str) -> None:
    web = app(there)
    flow = begun(web)
    web.acquire_token_by_auth_code_flow(flow, answered(there, flow))
    (account,) = web.get_accounts()
    there.state.faults.add("aadsts", None, mailbox=ANA, code=code)
    result = web.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert (result["error"], result["error_codes"]) == (error, [code])
    assert result["error_description"].startswith(f"AADSTS{code}: ")


def test_a_revoked_grant(there: Signing) -> None:
    web = app(there)
    flow = begun(web)
    web.acquire_token_by_auth_code_flow(flow, answered(there, flow))
    (account,) = web.get_accounts()
    there.state.revoke(ANA)
    result = web.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert (result["error"], result["suberror"]) == ("invalid_grant", "bad_token")


def test_a_server_in_trouble(there: Signing) -> None:
    web = app(there)
    flow = begun(web)
    web.acquire_token_by_auth_code_flow(flow, answered(there, flow))
    (account,) = web.get_accounts()
    there.state.faults.add("aadsts", 1, code=90033)
    with pytest.raises(msal.exceptions.MsalServiceError, match="503"):
        web.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)


def test_capabilities_and_claims_are_taken(there: Signing) -> None:
    web = app(there, client_capabilities=["CP1"])
    flow = begun(web)
    result = web.acquire_token_by_auth_code_flow(flow, answered(there, flow))
    assert "access_token" in result
    (account,) = web.get_accounts()
    challenge = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
    fresh = web.acquire_token_silent(SCOPES, account, claims_challenge=challenge)
    assert fresh["access_token"] != result["access_token"]


def test_a_tenant_that_is_none(there: Signing) -> None:
    with pytest.raises(ValueError, match="double check your tenant name"):
        begun(app(there, "nowhere.example"))
