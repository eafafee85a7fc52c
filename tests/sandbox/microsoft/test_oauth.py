"""Microsoft's identity platform, walked by hand: each page, each way back, each refusal."""

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest

from sandbox.accounts import CONSUMERS, tenant_of
from sandbox.google.tokens import make_access_token
from sandbox.microsoft import tenants
from sandbox.microsoft.errors import GraphError
from sandbox.microsoft.sign_in_errors import KINDS
from sandbox.microsoft.tokens import authorize, withdraw
from tests.sandbox.microsoft.signing import (
    ANA,
    AUTHORIZE,
    BEN,
    CLIENT,
    MAIL,
    OPEN_ID,
    PIA,
    REDIRECT,
    SECRET,
    TOKEN,
    Signing,
    back,
    behind_hash,
    hidden_fields,
    signing,
)

CONTOSO = tenant_of(ANA)
ISSUER = "https://login.microsoftonline.com/{}/v2.0"
GRAPH = "https://graph.microsoft.com/"


@pytest.fixture
def there() -> Iterator[Signing]:
    with signing() as made:
        yield made


def aadsts(text: str) -> int:
    found = re.search(r"AADSTS(\d+)", text)
    return int(found[1]) if found else 0


def claims(there: Signing, token: str, authority: str = "common") -> dict[str, Any]:
    """The claims of an id token, its signature checked against the published keys."""
    keys = jwt.PyJWKSet.from_dict(there.web.get(f"/{authority}/discovery/v2.0/keys").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT)


# -- signing in and agreeing ------------------------------------------------------------------


def test_a_person_picks_an_account_reads_what_is_asked_and_accepts(there: Signing) -> None:
    page = there.open(there.asked())
    assert page.status_code == 200
    assert [one for one in (ANA, BEN, PIA) if one in page.text] == [ANA, BEN, PIA]
    page = there.open(there.asked(), ANA)
    for words in ("Permissions requested", "Have full access to your mail", "Send mail as you",
                  "Maintain access to data", "View your basic profile", ANA):  # fmt: skip
        assert words in page.text, words
    answer = back(there.press(page, "accept"))
    assert answer["state"] == "s/1 &"
    assert answer["kept"] == "1", "the redirect URI keeps its own query"
    status, body = there.exchange(answer["code"])
    assert status == 200
    assert (body["token_type"], body["ext_expires_in"]) == ("Bearer", body["expires_in"])
    assert 3600 <= body["expires_in"] <= 5400
    assert body["scope"] == "Mail.ReadWrite Mail.Send User.Read openid profile email"
    assert "client_info" not in body
    told = claims(there, body["id_token"])
    account = there.state.account(ANA)
    assert (told["iss"], told["tid"]) == (ISSUER.format(CONTOSO), CONTOSO)
    assert (told["oid"], told["nonce"], told["ver"]) == (account.oid, "n-1", "2.0")
    assert (told["preferred_username"], told["name"], told["email"]) == (ANA, "Ana Ng", ANA)
    assert told["sub"] not in {account.oid, account.sub}, "pairwise"
    assert told["nbf"] == told["iat"] < told["exp"]


def test_the_second_time_nobody_is_asked_again(there: Signing) -> None:
    there.tokens()
    assert there.open(there.asked(), ANA).status_code == 302
    assert there.open(there.asked(login_hint=ANA.upper())).status_code == 302
    more = there.open(there.asked(scope=f"{MAIL} Mail.ReadWrite.Shared"), ANA)
    assert "Have full access to mail you can access" in more.text
    assert "Send mail as you" not in more.text, "what was agreed to is not asked again"
    assert "Send mail as you" in there.open(there.asked(prompt="consent"), ANA).text


def test_an_organizations_token_carries_all_that_was_ever_agreed_to(there: Signing) -> None:
    there.tokens()
    assert "Mail.Send" in there.tokens(scope="openid User.Read")["scope"].split()
    there.tokens(PIA)
    assert there.tokens(PIA, scope="openid User.Read")["scope"] == f"{GRAPH}User.Read openid"


def test_a_hint_picks_and_prompts_decide_otherwise(there: Signing) -> None:
    assert "Permissions requested" in there.open(there.asked(login_hint=ANA)).text
    for prompt in ("select_account", "login"):
        page = there.open(there.asked(login_hint=ANA, prompt=prompt))
        assert "Pick an account" in page.text
        assert "Permissions requested" in there.open(there.asked(prompt=prompt), ANA).text
    assert "Pick an account" in there.open(there.asked(login_hint="who@else.example")).text
    silent = back(there.open(there.asked(prompt="none")))
    assert (silent["error"], aadsts(silent["error_description"])) == ("login_required", 50058)
    silent = back(there.open(there.asked(prompt="none", login_hint=ANA)))
    assert (silent["error"], aadsts(silent["error_description"])) == ("consent_required", 65001)
    there.tokens()
    assert "code" in back(there.open(there.asked(prompt="none", login_hint=ANA)))


@pytest.mark.parametrize(
    ("authority", "hint", "people"),
    [
        ("common", "", [ANA, BEN, PIA]),
        ("organizations", "", [ANA, BEN]),
        ("consumers", "", [PIA]),
        (CONSUMERS, "", [PIA]),
        ("contoso.example", "", [ANA]),
        ("CONTOSO.example", "", [ANA]),
        (CONTOSO, "", [ANA]),
        ("common", "organizations", [ANA, BEN]),
        ("common", "consumers", [PIA]),
        ("common", "fabrikam.example", [BEN]),
    ],
)
def test_who_may_sign_in_where(
    there: Signing, authority: str, hint: str, people: list[str]
) -> None:
    page = there.open(there.asked(authority, domain_hint=hint or None))
    assert [one for one in (ANA, BEN, PIA) if one in page.text] == people
    told = claims(there, there.tokens(people[0], authority)["id_token"], authority)
    assert told["tid"] == there.state.account(people[0]).tenant


@pytest.mark.parametrize(
    ("authority", "account"),
    [("organizations", PIA), ("consumers", ANA), (CONTOSO, BEN), ("fabrikam.example", ANA)],
)
def test_the_wrong_kind_of_account_stays_on_the_page(
    there: Signing, authority: str, account: str
) -> None:
    page = there.open(there.asked(authority), account)
    assert page.status_code == 400
    assert aadsts(page.text) == 50020


def test_google_and_microsoft_do_not_mix(there: Signing) -> None:
    there.state.add_account("gil@gmail.example", "Gil")
    there.state.register_client("app.example", "x", [REDIRECT])
    assert "gil@" not in there.open(there.asked()).text
    assert "Pick an account" in there.open(there.asked(), "gil@gmail.example").text
    assert aadsts(there.open(there.asked(client_id="app.example")).text) == 700016
    google = {"client_id": "app.example", "redirect_uri": REDIRECT, "response_type": "code",
              "scope": "openid"}  # fmt: skip
    picker = there.web.get("/o/oauth2/v2/auth", params=google).text
    assert ("gil@gmail.example" in picker, ANA in picker) == (True, False)
    picker = there.web.get("/o/oauth2/v2/auth", params=google | {"login_hint": ANA}).text
    assert "Choose an account" in picker
    blocked = there.web.get("/o/oauth2/v2/auth", params=google | {"client_id": CLIENT})
    assert "invalid_client" in blocked.text
    bearer = {"Authorization": f"Bearer {there.tokens()['access_token']}"}
    answer = there.web.get("/gmail/v1/users/me/profile", headers=bearer)
    assert answer.status_code == 401


def test_a_personal_account(there: Signing) -> None:
    body = there.tokens(PIA)
    assert body["scope"].startswith(f"{GRAPH}Mail.ReadWrite {GRAPH}Mail.Send {GRAPH}User.Read ")
    told = claims(there, body["id_token"])
    assert (told["tid"], told["iss"]) == (CONSUMERS, ISSUER.format(CONSUMERS))
    assert told["oid"].startswith("00000000-0000-0000-")
    refused = there.agree(there.asked(scope=f"{MAIL} Mail.Read.Shared"), PIA)
    assert (refused["error"], aadsts(refused["error_description"])) == ("invalid_scope", 70011)


def test_declining_goes_back_with_the_reason(there: Signing) -> None:
    answer = there.agree(there.asked(), decision="cancel")
    assert (answer["error"], answer["error_subcode"]) == ("access_denied", "cancel")
    assert aadsts(answer["error_description"]) == 65004
    assert (answer["state"], answer["kept"]) == ("s/1 &", "1")
    assert there.open(there.asked(), ANA).status_code == 200, "nothing was granted"


def test_the_three_ways_back(there: Signing) -> None:
    page = there.open(there.asked(response_mode="fragment"), ANA)
    answer = there.press(page, "accept")
    assert "code" in behind_hash(answer)
    assert "code" not in back(answer)
    page = there.open(there.asked(response_mode="form_post"), ANA)
    assert page.status_code == 200
    assert f'action="{REDIRECT}"' in page.text
    fields = hidden_fields(page.text)
    assert (fields["state"], there.exchange(fields["code"])[0]) == ("s/1 &", 200)
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' http://localhost:9;" in policy
    assert "script-src 'sha256-" in policy
    denied = there.asked(response_mode="form_post", prompt="none")
    assert hidden_fields(there.open(denied).text)["error"] == "login_required"


# -- bad authorization requests ---------------------------------------------------------------

LONG = "x" * 129


@pytest.mark.parametrize(
    ("authority", "changed", "code"),
    [
        ("nowhere.example", {}, 90002),
        (str(uuid.UUID(int=7)), {}, 90002),
        ("common", {"client_id": None}, 900144),
        ("common", {"client_id": "who"}, 700016),
        ("common", {"redirect_uri": None}, 900144),
        ("common", {"redirect_uri": "http://localhost:9/elsewhere"}, 50011),
        ("common", {"redirect_uri": REDIRECT + "2"}, 50011),
        ("common", {"redirect_uri": REDIRECT.upper()}, 50011),
    ],
)
def test_requests_nobody_is_sent_back_from(
    there: Signing, authority: str, changed: dict[str, Any], code: int
) -> None:
    page = there.open(there.asked(authority, **changed), ANA)
    assert page.status_code == 400
    assert "location" not in page.headers
    assert aadsts(page.text) == code


@pytest.mark.parametrize(
    ("changed", "error", "code"),
    [
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_type": "token"}, "unsupported_response_type", 70005),
        ({"response_mode": "smoke"}, "invalid_request", 90023),
        ({"prompt": "consent select_account"}, "invalid_request", 90023),
        ({"prompt": "please"}, "invalid_request", 90023),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": " "}, "invalid_request", 900144),
        ({"scope": "openid Mail.Eat"}, "invalid_client", 650053),
        ({"scope": "https://outlook.office.com/Mail.Read"}, "invalid_resource", 500011),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"code_challenge": LONG}, "invalid_request", 501491),
        ({"code_challenge_method": "S256"}, "invalid_request", 501491),
        ({"code_challenge": "x" * 43, "code_challenge_method": "S1"}, "invalid_request", 90023),
    ],
)
def test_requests_that_go_back_with_an_error(
    there: Signing, changed: dict[str, Any], error: str, code: int
) -> None:
    answer = back(there.open(there.asked(**changed), ANA))
    assert (answer["error"], aadsts(answer["error_description"])) == (error, code)
    assert answer["state"] == "s/1 &"
    assert answer["error_uri"].endswith(f"code={code}")


def test_markup_in_a_request_stays_text(there: Signing) -> None:
    page = there.open(there.asked(client_id="<script>alert(1)</script>"))
    assert "<script>" not in page.text
    page = there.open(there.asked(state='"><script>alert(1)</script>'), ANA)
    assert "<script>" not in page.text
    assert hidden_fields(page.text)["state"] == '"><script>alert(1)</script>'


def test_scopes_in_any_case_with_and_without_their_resource(there: Signing) -> None:
    odd = f"openid OFFLINE_ACCESS mail.readwrite {GRAPH}MAIL.Send {GRAPH.upper()}user.read"
    scope = there.tokens(scope=odd)["scope"]
    assert scope == "Mail.ReadWrite Mail.Send User.Read openid"
    assert "Mail.Send" in there.tokens(BEN, scope=f"{GRAPH}.default")["scope"]


# -- an administrator must agree --------------------------------------------------------------


def need(there: Signing, policy: str, account: str = ANA, **changed: Any) -> Any:
    tenants.set_policy(there.state, "contoso.example", policy)
    return there.open(there.asked(**changed), account)


def test_need_admin_approval_and_only_going_back_goes_back(there: Signing) -> None:
    page = need(there, "admin")
    assert page.status_code == 200
    assert "Need admin approval" in page.text
    assert aadsts(page.text) == 90094
    assert 'value="accept"' not in page.text
    form = hidden_fields(page.text) | {"decision": "accept"}
    forced = there.web.post(f"/common{AUTHORIZE}", data=form)
    assert "Need admin approval" in forced.text, "nobody can accept all the same"
    answer = back(there.press(page, "return"))
    assert (answer["error"], aadsts(answer["error_description"])) == ("access_denied", 90094)
    assert answer["state"] == "s/1 &"


def test_what_the_policy_leaves_alone(there: Signing) -> None:
    assert "Permissions requested" in need(there, "admin", scope=OPEN_ID + " User.Read").text
    assert "Permissions requested" in need(there, "admin", scope="openid Mail.Send").text
    assert "Permissions requested" in need(there, "admin", BEN).text, "another organization"
    assert "Permissions requested" in need(there, "admin", PIA).text, "personal"
    assert "Permissions requested" in need(there, "user").text
    there.tokens(scope="openid Mail.ReadWrite")
    granted = need(there, "admin", scope="openid Mail.ReadWrite")
    assert granted.status_code == 302, "what was granted before survives"
    more = need(there, "admin", scope="openid Mail.ReadWrite Mail.Send")
    assert "Permissions requested" in more.text, "and does not stand in the way of more"


def test_approval_can_be_asked_for(there: Signing) -> None:
    page = need(there, "admin_workflow")
    assert "Approval required" in page.text
    assert tenants.requests(there.state) == []
    page = there.press(page, "ask", reason="Our customers' mail <b>")
    assert "Request sent" in page.text
    (asked,) = tenants.requests(there.state)
    assert (asked.tenant, asked.address, asked.client) == (CONTOSO, ANA, CLIENT)
    assert asked.reason == "Our customers' mail <b>"
    answer = back(there.press(page, "return"))
    assert (answer["error"], aadsts(answer["error_description"])) == ("access_denied", 90095)
    tenants.grant(there.state, CONTOSO, CLIENT, asked.scopes)
    assert tenants.requests(there.state) == []
    assert "code" in back(there.open(there.asked(), ANA))


def consent_url(authority: str = "organizations", **changed: Any) -> str:
    params = {"client_id": CLIENT, "redirect_uri": REDIRECT, "scope": MAIL, "state": "s/2 &",
              **changed}  # fmt: skip
    kept = {name: value for name, value in params.items() if value is not None}
    return f"/{authority}/v2.0/adminconsent?{urlencode(kept)}"


@pytest.mark.parametrize("authority", ["organizations", "contoso.example", CONTOSO])
def test_an_administrator_agrees_for_everybody(there: Signing, authority: str) -> None:
    assert need(there, "admin").status_code == 200
    page = there.open(consent_url(authority))
    assert f'value="{CONTOSO}"' in page.text
    page = there.open(consent_url(authority), CONTOSO)
    assert "for your organization" in page.text
    answer = back(there.press(page, "accept"))
    assert (answer["admin_consent"], answer["tenant"]) == ("True", CONTOSO)
    assert f"{GRAPH}Mail.ReadWrite" in answer["scope"].split()
    assert (answer["state"], answer["kept"]) == ("s/2 &", "1")
    assert "error" not in answer
    assert "code" in back(there.open(there.asked(), ANA)), "nobody is asked any more"
    assert there.open(there.asked(), BEN).status_code == 200, "elsewhere they are"
    anew = there.open(there.asked(prompt="consent"), ANA)
    assert "Need admin approval" in anew.text, "asking anew asks the administrator anew"


def test_own_and_the_administrators_agreement_add_up(there: Signing) -> None:
    there.tokens(scope="openid User.Read")
    tenants.grant(there.state, CONTOSO, CLIENT, frozenset({"Mail.Read"}))
    body = there.tokens(scope="openid User.Read Mail.Read", prompt="none", login_hint=ANA)
    assert body["scope"] == "Mail.Read User.Read openid"


def test_an_administrator_declines(there: Signing) -> None:
    answer = back(there.press(there.open(consent_url(), CONTOSO), "cancel"))
    assert (answer["error"], answer["admin_consent"]) == ("access_denied", "True")
    assert aadsts(answer["error_description"]) == 65004
    assert "tenant" not in answer
    assert tenants.granted(there.state, CONTOSO, CLIENT) == frozenset()


def test_somebody_who_is_no_administrator(there: Signing) -> None:
    page = there.open(consent_url(), ANA)
    assert "Need admin approval" in page.text
    answer = back(there.press(page, "return"))
    assert (answer["error"], answer["admin_consent"]) == ("access_denied", "True")
    assert tenants.granted(there.state, CONTOSO, CLIENT) == frozenset()


@pytest.mark.parametrize(
    ("authority", "changed", "account", "code"),
    [
        ("common", {}, "", 90009),
        ("consumers", {}, "", 90009),
        ("nowhere.example", {}, "", 90002),
        ("organizations", {"client_id": "who"}, "", 700016),
        ("organizations", {"redirect_uri": "http://evil.example/"}, "", 50011),
        ("organizations", {}, PIA, 50020),
        (CONTOSO, {}, BEN, 50020),
        (CONTOSO, {}, tenant_of(BEN), 50020),
    ],
)
def test_admin_consent_that_cannot_be(
    there: Signing, authority: str, changed: dict[str, Any], account: str, code: int
) -> None:
    page = there.open(consent_url(authority, **changed), account)
    assert page.status_code == 400
    assert aadsts(page.text) == code


def test_admin_consent_without_scopes_goes_back(there: Signing) -> None:
    answer = back(there.open(consent_url(scope=None), CONTOSO))
    assert (answer["error"], answer["admin_consent"]) == ("invalid_request", "True")


def test_an_administrator_takes_it_back(there: Signing) -> None:
    tenants.grant(there.state, CONTOSO, CLIENT, frozenset(MAIL.split()))
    body = there.tokens()
    assert there.refresh(body["refresh_token"])[0] == 200
    tenants.withdraw(there.state, CONTOSO, CLIENT)
    status, refused = there.refresh(body["refresh_token"])
    assert (status, refused["error"], refused["error_codes"]) == (400, "invalid_grant", [65001])
    assert refused["suberror"] == "consent_required"


# -- codes ------------------------------------------------------------------------------------


def test_a_code_is_good_once_for_ten_minutes_where_it_was_made(there: Signing) -> None:
    code = there.agree(there.asked())["code"]
    status, body = there.exchange(code, CONTOSO)
    assert (status, body["error"], body["error_codes"]) == (400, "invalid_grant", [700005])
    assert there.exchange(code)[0] == 200
    assert there.exchange(code)[1]["error_codes"] == [54005]
    late = there.agree(there.asked())["code"]
    there.state.clock.advance(601)
    assert there.exchange(late)[1]["error_codes"] == [70008]
    named = there.agree(there.asked("contoso.example"))["code"]
    assert there.exchange(named, CONTOSO)[0] == 200, "a tenant by any of its names"


def test_the_verifier_must_fit(there: Signing) -> None:
    verifier = "v" * 50
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    asked = there.asked(code_challenge=challenge, code_challenge_method="S256")
    there.tokens()
    for wrong in (None, "", "w" * 50, challenge):
        code = there.agree(asked)["code"]
        body = there.exchange(code, code_verifier=wrong)[1]
        assert (body["error"], body["error_codes"]) == ("invalid_grant", [501481])
    assert there.exchange(there.agree(asked)["code"], code_verifier=verifier)[0] == 200
    plain = there.agree(there.asked(code_challenge=verifier))["code"]
    assert there.exchange(plain, code_verifier=verifier)[0] == 200


@pytest.mark.parametrize(
    ("changed", "status", "error", "code"),
    [
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"client_id": "who"}, 400, "unauthorized_client", 700016),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": "über"}, 401, "invalid_client", 7000215),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"code": None}, 400, "invalid_request", 900144),
        ({"code": "made up"}, 400, "invalid_grant", 9002313),
        ({"redirect_uri": None}, 400, "invalid_request", 900144),
        ({"redirect_uri": "http://localhost:9/other"}, 401, "invalid_client", 500112),
        ({"scope": "Mail.Eat"}, 400, "invalid_client", 650053),
        ({"scope": "Mail.Read.Shared"}, 400, "invalid_grant", 65001),
        ({"grant_type": "refresh_token"}, 400, "invalid_request", 900144),
        (
            {"grant_type": "refresh_token", "refresh_token": "made up"},
            400, "invalid_grant", 9002313,
        ),
    ],
)  # fmt: skip
def test_bad_token_requests(
    there: Signing, changed: dict[str, Any], status: int, error: str, code: int
) -> None:
    given = there.agree(there.asked())["code"]
    answered, body = there.exchange(**{"code": given, **changed})
    assert (answered, body["error"], body["error_codes"]) == (status, error, [code])


def test_an_error_has_every_field_and_nobody_keeps_it(there: Signing) -> None:
    answer = there.web.post(f"/common{TOKEN}", data={"grant_type": "authorization_code"})
    body = answer.json()
    assert set(body) == {"error", "error_description", "error_codes", "timestamp", "trace_id",
                         "correlation_id", "error_uri"}  # fmt: skip
    text = body["error_description"]
    assert f"\r\nTrace ID: {body['trace_id']}\r\n" in text
    assert f"\r\nCorrelation ID: {body['correlation_id']}\r\n" in text
    assert text.endswith(f"\r\nTimestamp: {body['timestamp']}")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("application/json")


def test_other_ways_to_come(there: Signing) -> None:
    code = there.agree(there.asked())["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    basic = base64.b64encode(f"{CLIENT}:{quote(SECRET, safe='')}".encode()).decode()
    answer = there.web.post(
        f"/common{TOKEN}", data=form, headers={"Authorization": f"Basic {basic}"}
    )
    assert answer.status_code == 200
    form |= {"client_id": CLIENT, "client_secret": SECRET}
    browser = there.web.post(f"/common{TOKEN}", data=form, headers={"Origin": "http://a.example"})
    assert browser.json()["error_codes"] == [9002326]
    assert there.web.get(f"/common{TOKEN}").status_code == 405
    assert there.web.post("/common/discovery/v2.0/keys").status_code == 405
    nowhere = there.web.post(f"/nowhere.example{TOKEN}", data=form)
    assert (nowhere.status_code, nowhere.json()["error_codes"]) == (400, [90002])


def test_without_offline_access_nothing_lasts(there: Signing) -> None:
    body = there.tokens(scope="openid User.Read Mail.Read")
    assert "refresh_token" not in body
    assert "id_token" not in there.tokens(scope="User.Read offline_access")
    told = claims(there, there.tokens(scope="openid")["id_token"])
    assert not {"oid", "name", "email", "preferred_username"} & set(told)


# -- refreshing -------------------------------------------------------------------------------


def test_each_refresh_brings_a_new_token_and_the_old_stays_good(there: Signing) -> None:
    first = there.tokens()
    status, second = there.refresh(first["refresh_token"], client_info="1")
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    info = json.loads(base64.urlsafe_b64decode(second["client_info"] + "=="))
    assert info == {"uid": there.state.account(ANA).oid, "utid": CONTOSO}
    assert "nonce" not in claims(there, second["id_token"])
    assert there.refresh(first["refresh_token"])[0] == 200
    assert there.refresh(second["refresh_token"], CONTOSO)[0] == 200, "at any fitting authority"
    assert there.refresh(second["refresh_token"], "consumers")[1]["error_codes"] == [50020]
    status, few = there.refresh(second["refresh_token"], scope="openid User.Read")
    assert (status, few["scope"].split()[-1]) == (200, "openid")
    status, body = there.refresh(second["refresh_token"], scope="Mail.Read.Shared")
    assert (body["error"], body["error_codes"]) == ("invalid_grant", [65001])


def test_ninety_days_slide(there: Signing) -> None:
    first = there.tokens()
    there.state.clock.advance(timedelta(days=89).total_seconds())
    second = there.refresh(first["refresh_token"])[1]
    there.state.clock.advance(timedelta(days=2).total_seconds())
    status, body = there.refresh(first["refresh_token"])
    assert (status, body["error"], body["error_codes"]) == (400, "invalid_grant", [700082])
    assert there.refresh(second["refresh_token"])[0] == 200


def test_a_token_belongs_to_its_app(there: Signing) -> None:
    there.state.register_client("other", "other", [REDIRECT], company="microsoft")
    token = there.tokens()["refresh_token"]
    other = {"client_id": "other", "client_secret": "other"}
    assert there.refresh(token, **other)[1]["error_codes"] == [70000]
    code = there.agree(there.asked())["code"]
    assert there.exchange(code, **other)[1]["error_codes"] == [70000]
    assert there.exchange(code)[0] == 200


def test_revoking_ends_every_token(there: Signing) -> None:
    body, bens = there.tokens(), there.tokens(BEN)
    there.state.revoke(ANA)
    status, refused = there.refresh(body["refresh_token"])
    assert (status, refused["error"], refused["error_codes"]) == (400, "invalid_grant", [50173])
    with pytest.raises(GraphError):
        graph(there, body["access_token"])
    assert there.refresh(bens["refresh_token"])[0] == 200
    assert there.refresh(there.tokens()["refresh_token"])[0] == 200, "and she may come again"


def test_consent_withdrawn_by_the_person(there: Signing) -> None:
    body = there.tokens()
    withdraw(there.state, there.state.account(ANA).id)
    assert there.refresh(body["refresh_token"])[1]["error_codes"] == [65001]


SWITCHED = [
    (700082, 400, "invalid_grant"),
    (50173, 400, "invalid_grant"),
    (70043, 400, "invalid_grant"),
    (50076, 400, "invalid_grant"),
    (53003, 400, "invalid_grant"),
    (65001, 400, "invalid_grant"),
    (7000215, 401, "invalid_client"),
    (7000222, 401, "invalid_client"),
    (700016, 400, "unauthorized_client"),
    (90055, 429, "temporarily_unavailable"),
    (90033, 503, "temporarily_unavailable"),
    (50020, 400, "invalid_grant"),
    (50105, 400, "access_denied"),
]


@pytest.mark.parametrize(("code", "status", "error"), SWITCHED)
def test_refusals_switched_on_for_one_mailbox(
    there: Signing, code: int, status: int, error: str
) -> None:
    body, bens = there.tokens(), there.tokens(BEN)
    there.state.faults.add("aadsts", 1, mailbox=ANA, code=code)
    assert there.refresh(bens["refresh_token"])[0] == 200
    answered, refused = there.refresh(body["refresh_token"])
    assert (answered, refused["error"], refused["error_codes"]) == (status, error, [code])
    assert ("claims" in refused) == KINDS[code].claims
    assert there.refresh(body["refresh_token"])[0] == 200


def test_a_switch_sets_every_detail(there: Signing) -> None:
    token = there.tokens()["refresh_token"]
    there.state.faults.add("aadsts", 1, code=50076, error="interaction_required", suberror="x")
    status, body = there.refresh(token)
    assert (status, body["error"], body["suberror"]) == (400, "interaction_required", "x")
    wanted = json.loads(body["claims"])
    assert wanted["access_token"]["capolids"]["essential"] is True
    there.state.faults.add("aadsts", 1, code=90055, status=503, retry_after="7")
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT,
            "client_secret": SECRET}  # fmt: skip
    answer = there.web.post(f"/common{TOKEN}", data=form)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    there.state.faults.add("aadsts", 1, code=90055)
    answer = there.web.post(f"/common{TOKEN}", data=form)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    there.state.faults.add("aadsts", 1, code=123)
    assert there.refresh(token)[1]["error"] == "invalid_request"


def test_refusals_at_the_pages(there: Signing) -> None:
    there.state.faults.add("aadsts", None, path="authorize", code=50105)
    page = there.open(there.asked(), ANA)
    assert (page.status_code, aadsts(page.text)) == (400, 50105)
    there.state.faults.clear()
    there.state.faults.add("aadsts", None, path="authorize", code=90033)
    answer = back(there.open(there.asked(), ANA))
    assert (answer["error"], answer["state"]) == ("temporarily_unavailable", "s/1 &")
    there.state.faults.clear()
    there.state.faults.add("aadsts", None, code=90033)
    assert there.agree(there.asked())["code"], "unless named, the pages are spared"


def test_a_server_in_trouble(there: Signing) -> None:
    token = there.tokens()["refresh_token"]
    there.state.faults.add("server_error", 1, path=TOKEN, status=500)
    status, body = there.refresh(token)
    assert (status, body["error"]) == (500, "temporarily_unavailable")
    there.state.faults.add("html", 1, path=TOKEN)
    assert there.web.post(f"/common{TOKEN}").text.startswith("<!DOCTYPE html>")


# -- what a token is good for -----------------------------------------------------------------


def graph(there: Signing, token: str, scheme: str = "Bearer") -> Any:
    return authorize(there.state, {"HTTP_AUTHORIZATION": f"{scheme} {token}"})


def test_a_grant_names_the_person_the_app_and_what_it_may_do(there: Signing) -> None:
    grant = graph(there, there.tokens()["access_token"], "bearer")
    assert (grant.account.address, grant.client_id) == (ANA, CLIENT)
    assert grant.scopes == {"User.Read", "Mail.ReadWrite", "Mail.Send"}


def test_bad_bearers(there: Signing) -> None:
    token = there.tokens()["access_token"]
    for environ in ({}, {"HTTP_AUTHORIZATION": ""}, {"HTTP_AUTHORIZATION": "Bearer "},
                    {"HTTP_AUTHORIZATION": f"Basic {token}"},
                    {"HTTP_AUTHORIZATION": "Bearer made-up"}):  # fmt: skip
        with pytest.raises(GraphError) as raised:
            authorize(there.state, environ)
        assert (raised.value.status, raised.value.code) == (401, "InvalidAuthenticationToken")
    gil = there.state.add_account("gil@gmail.example").id
    other = make_access_token(there.state, gil, "app.example", frozenset({"openid"}))
    with pytest.raises(GraphError, match="Invalid audience"):
        graph(there, other)
    there.state.clock.advance(5401)
    with pytest.raises(GraphError, match="expired"):
        graph(there, token)


# -- discovery --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authority", "issuer"),
    [
        ("common", ISSUER.format("{tenantid}")),
        ("organizations", ISSUER.format("{tenantid}")),
        ("consumers", ISSUER.format(CONSUMERS)),
        ("contoso.example", ISSUER.format(CONTOSO)),
        (CONTOSO, ISSUER.format(CONTOSO)),
    ],
)
def test_discovery_of_each_authority(there: Signing, authority: str, issuer: str) -> None:
    found = there.web.get(f"/{authority}/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"] == issuer
    base = str(there.web.base_url)
    for name, path in (("authorization_endpoint", AUTHORIZE), ("token_endpoint", TOKEN),
                       ("jwks_uri", "/discovery/v2.0/keys")):  # fmt: skip
        assert found[name] == f"{base}{authority}{path}"
    (key,) = there.web.get(f"/{authority}/discovery/v2.0/keys").json()["keys"]
    assert (key["issuer"], key["kty"], "alg" in key) == (issuer, "RSA", False)


def test_no_such_authority_and_signing_out(there: Signing) -> None:
    for path in ("/v2.0/.well-known/openid-configuration", "/discovery/v2.0/keys"):
        answer = there.web.get("/nowhere.example" + path)
        assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])
    assert "signed out" in there.web.get("/common/oauth2/v2.0/logout").text
    assert there.web.get("/nowhere.example/oauth2/v2.0/logout").status_code == 400
