"""Sign-in, consent and tokens, walked by the vendor's own OAuth client and by hand."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google.auth.transport.requests
import jwt
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.oauth2 import id_token
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

ANA, BEN = "ana@company.example", "ben@company.example"
AUTH = "https://www.googleapis.com/auth/"
MODIFY, READ, EMAIL = AUTH + "gmail.modify", AUTH + "gmail.readonly", AUTH + "userinfo.email"
CLIENT, SECRET = "app.example", "s3cret/+ &"
REDIRECT = "http://localhost:9/integrations/google/callback?kept=1"


def asked(world: Any, **changed: Any) -> str:
    """An authorization address as a hand-written app makes it."""
    from urllib.parse import urlencode

    params = {
        "client_id": CLIENT, "redirect_uri": REDIRECT, "response_type": "code", "state": "s/1 &",
        "scope": f"openid email {MODIFY}", "access_type": "offline", "prompt": "consent", **changed,
    }  # fmt: skip
    kept = {key: value for key, value in params.items() if value is not None}
    return f"{world.url}o/oauth2/v2/auth?{urlencode(kept)}"


def exchange(world: Any, code: str, **changed: Any) -> tuple[int, dict[str, Any]]:
    body = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
        "client_id": CLIENT, "client_secret": SECRET, **changed,
    }  # fmt: skip
    with world.browser() as browser:
        answer = browser.post("/token", data={k: v for k, v in body.items() if v is not None})
    return answer.status_code, answer.json()


def refresh(world: Any, token: str, **changed: Any) -> tuple[int, dict[str, Any]]:
    return exchange(world, "", grant_type="refresh_token", refresh_token=token, **changed)


def transport(world: Any) -> google.auth.transport.requests.Request:
    session = requests.Session()
    session.trust_env = False
    world.closing.append(session.close)
    return google.auth.transport.requests.Request(session)


def test_the_official_flow_with_its_own_pkce_and_basic_auth(world: Any) -> None:
    flow = world.flow(["openid", "email", MODIFY])
    world.closing.append(flow.oauth2session.close)
    url, state = flow.authorization_url(access_type="offline", prompt="consent select_account")
    assert "code_challenge_method=S256" in url
    back = world.agree(url)
    assert back["state"] == state
    assert back["code"].startswith("4/")
    assert set(back["scope"].split()) == {"openid", EMAIL, MODIFY}
    assert back["kept"] == "1", "the redirect URI keeps its own query"
    token = flow.fetch_token(code=back["code"])
    assert (token["expires_in"], token["token_type"]) == (3599, "Bearer")
    claims = id_token.verify_token(
        token["id_token"],
        transport(world),
        audience=CLIENT,
        certs_url=world.url + "oauth2/v1/certs",
    )
    assert (claims["iss"], claims["email"]) == ("https://accounts.google.com", ANA)
    assert claims["sub"] == world.state.account(ANA).sub
    key = jwt.PyJWKClient(world.url + "oauth2/v3/certs").get_signing_key_from_jwt(token["id_token"])
    again = jwt.decode(token["id_token"], key.key, algorithms=["RS256"], audience=CLIENT)
    assert again == claims


def test_a_wrong_or_missing_verifier_is_refused(world: Any) -> None:
    flow = world.flow([MODIFY])
    world.closing.append(flow.oauth2session.close)
    url, _ = flow.authorization_url(access_type="offline")
    code = world.agree(url)["code"]
    flow.code_verifier = "x" * 60
    with pytest.raises(InvalidGrantError, match="Invalid code verifier"):
        flow.fetch_token(code=code)
    code = world.agree(url)["code"]
    assert exchange(world, code)[1]["error_description"] == "Missing code verifier."
    plain = "p" * 43
    code = world.agree(asked(world, code_challenge=plain))["code"]
    assert exchange(world, code, code_verifier=plain)[0] == 200


def test_refresh_and_a_nonce_and_userinfo(world: Any) -> None:
    code = world.agree(asked(world, nonce="n-1"))["code"]
    status, token = exchange(world, code)
    assert status == 200
    assert jwt.decode(token["id_token"], options={"verify_signature": False})["nonce"] == "n-1"
    status, fresh = refresh(world, token["refresh_token"])
    assert status == 200
    assert "refresh_token" not in fresh
    assert fresh["access_token"] != token["access_token"]
    with world.browser() as browser:
        for path in ("/v1/userinfo", "/oauth2/v3/userinfo"):
            bearer = {"Authorization": f"Bearer {fresh['access_token']}"}
            info = browser.get(path, headers=bearer)
            account = world.state.account(ANA)
            assert info.json() == {"sub": account.sub, "email": ANA, "email_verified": True}
        assert browser.get("/v1/userinfo").status_code == 401
        about = browser.get("/tokeninfo", params={"access_token": fresh["access_token"]}).json()
        assert about["aud"] == CLIENT
        document = browser.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == "https://accounts.google.com"
    assert document["token_endpoint"] == world.url + "token"


def test_a_used_code_and_others_codes_are_bad(world: Any) -> None:
    code = world.agree(asked(world))["code"]
    status, token = exchange(world, code)
    assert status == 200
    assert exchange(world, code) == (
        400, {"error": "invalid_grant", "error_description": "Bad Request"},
    )  # fmt: skip
    assert refresh(world, token["refresh_token"])[1]["error"] == "invalid_grant"
    code = world.agree(asked(world))["code"]
    assert exchange(world, code, redirect_uri="http://localhost:9/")[1]["error"] == (
        "redirect_uri_mismatch"
    )
    code = world.agree(asked(world))["code"]
    world.state.clock.advance(601)
    assert exchange(world, code)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"code": None}, 400, "invalid_request"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"code": "4/nonsense"}, 400, "invalid_grant"),
    ],
)
def test_refusals_of_the_token_endpoint(
    world: Any, changed: dict[str, Any], status: int, error: str
) -> None:
    got, body = exchange(world, changed.pop("code", "4/x") or "", **changed)
    assert (got, body["error"]) == (status, error)
    assert body["error_description"]


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"redirect_uri": REDIRECT + "x"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"response_type": "token"}, 400, "invalid_request"),
        ({"scope": None}, 400, "invalid_request"),
        ({"scope": "openid gmail.everything"}, 400, "invalid_scope"),
        ({"prompt": "none consent"}, 400, "invalid_request"),
        ({"code_challenge": "short"}, 400, "invalid_request"),
        ({"code_challenge": "c" * 43, "code_challenge_method": "S512"}, 400, "invalid_request"),
        ({"client_id": "<script>"}, 401, "invalid_client"),
    ],
)
def test_refusals_of_the_authorization_page(
    world: Any, changed: dict[str, Any], status: int, error: str
) -> None:
    with world.browser() as browser:
        answer = browser.get(asked(world, **changed))
    assert answer.status_code == status
    assert f"Error {status}: {error}" in answer.text
    assert "<script>" not in answer.text


def test_cancelling_and_policy_come_back_as_errors(world: Any) -> None:
    assert world.agree(asked(world), decision="cancel") == {
        "error": "access_denied", "state": "s/1 &", "kept": "1",
    }  # fmt: skip
    world.state.change_settings(admin_policy="redirect")
    assert world.agree(asked(world))["error"] == "admin_policy_enforced"
    world.state.change_settings(admin_policy="page")
    with world.browser() as browser:
        answer = browser.get(asked(world, login_hint=ANA))
    assert answer.status_code == 400
    assert "admin_policy_enforced" in answer.text


def test_one_scope_needs_no_box_and_several_start_unticked(world: Any) -> None:
    with world.browser() as browser:
        page = browser.get(asked(world, login_hint=ANA)).text
        assert 'type="checkbox"' not in page
        two = asked(world, login_hint=ANA, scope=f"openid {MODIFY} {READ}")
        page = browser.get(two).text
        assert len(re.findall('type="checkbox"', page)) == 2
        assert "checked" not in page
    some = world.agree(two, grant=[READ])
    assert set(some["scope"].split()) == {"openid", READ}
    _, token = exchange(world, some["code"])
    assert set(token["scope"].split()) == {"openid", READ}


def test_the_only_box_can_be_shown_and_left_unticked(world: Any) -> None:
    world.state.change_settings(consent_boxes=True)
    back = world.agree(asked(world), grant=[])
    assert set(back["scope"].split()) == {"openid", EMAIL}
    assert world.agree(asked(world, scope=MODIFY), grant=[])["error"] == "access_denied"
    assert MODIFY in world.agree(asked(world), grant=[MODIFY])["scope"].split()


def test_a_refresh_token_comes_only_with_a_fresh_offline_consent(world: Any) -> None:
    online = exchange(world, world.agree(asked(world, access_type=None))["code"])[1]
    assert "refresh_token" not in online
    assert "refresh_token" in exchange(world, world.agree(asked(world))["code"])[1]
    silent = world.agree(asked(world, prompt=None))
    assert "refresh_token" not in exchange(world, silent["code"])[1]


def test_the_picker_and_its_shortcuts(world: Any) -> None:
    with world.browser() as browser:
        page = browser.get(asked(world)).text
        assert ANA in page
        assert BEN in page
        assert "<title>Choose an account - Mail sandbox</title>" in page
        hinted = browser.get(asked(world, login_hint=BEN.upper())).text
        assert "Signed in as <strong>ben@" in hinted
        by_sub = browser.get(asked(world, login_hint=world.state.account(BEN).sub)).text
        assert "Signed in as <strong>ben@" in by_sub
        forced = asked(world, login_hint=BEN, prompt="consent select_account")
        assert "Choose an account" in browser.get(forced).text
        stranger = browser.get(asked(world, login_hint="x@y.example")).text
        assert "Choose an account" in stranger


def test_prompt_none_never_shows_a_page(world: Any) -> None:
    def quietly(**changed: Any) -> dict[str, str]:
        with world.browser() as browser:
            answer = browser.get(asked(world, prompt="none", **changed))
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        return {key: values[0] for key, values in query.items()}

    assert quietly()["error"] == "login_required"
    assert quietly(login_hint=ANA)["error"] == "interaction_required"
    world.agree(asked(world))
    assert quietly(login_hint=ANA)["code"]


def test_earlier_grants_are_included_when_asked_for(world: Any) -> None:
    world.agree(asked(world, scope=READ))
    back = world.agree(
        asked(world, scope=f"openid {AUTH}gmail.labels", include_granted_scopes="true")
    )
    assert READ in back["scope"].split()
    back = world.agree(asked(world, scope="openid"))
    assert READ not in back["scope"].split()


def test_revoked_and_expired_grants_end_in_a_refresh_error(world: Any) -> None:
    for end in ("revoke", "unused", "person"):
        credentials = world.credentials([MODIFY, "openid"])
        credentials.refresh(transport(world))
        if end == "revoke":
            with world.browser() as browser:
                form = {"token": credentials.refresh_token}
                assert browser.post("/revoke", data=form).status_code == 200
                again = browser.post("/revoke", data=form)
                assert (again.status_code, again.json()["error"]) == (400, "invalid_token")
                assert browser.get(
                    "/gmail/v1/users/me/profile",
                    headers={"Authorization": f"Bearer {credentials.token}"},
                ).status_code == 401  # fmt: skip
        elif end == "unused":
            world.state.clock.advance(timedelta(days=184))
        else:
            world.state.revoke(ANA)
        with pytest.raises(RefreshError, match="invalid_grant: Token has been expired or revoked"):
            credentials.refresh(transport(world))


def test_a_testing_app_loses_its_tokens_after_a_week(world: Any) -> None:
    world.state.change_settings(testing_app=True)
    token = exchange(world, world.agree(asked(world))["code"])[1]
    assert token["refresh_token_expires_in"] == 604_799
    only_sign_in = exchange(world, world.agree(asked(world, scope="openid email"))["code"])[1]
    assert "refresh_token_expires_in" not in only_sign_in
    world.state.clock.advance(timedelta(days=6))
    assert refresh(world, token["refresh_token"])[0] == 200
    world.state.clock.advance(timedelta(days=2))
    assert refresh(world, token["refresh_token"])[0] == 400
    assert refresh(world, only_sign_in["refresh_token"])[0] == 200


def test_the_hundred_and_first_token_kills_the_oldest(world: Any) -> None:
    from sandbox.google.tokens import make_refresh_token

    account = world.state.account(ANA).id
    made = [
        make_refresh_token(world.state, account, CLIENT, frozenset({MODIFY})) for _ in range(101)
    ]
    assert refresh(world, made[0])[0] == 400
    assert refresh(world, made[1])[0] == 200
    assert refresh(world, made[100])[0] == 200


def test_the_pages_run_no_script_and_may_only_post_back_and_to_the_app(world: Any) -> None:
    with world.browser() as browser:
        answer = browser.get(asked(world, login_hint=ANA))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://localhost:9;" in policy
    assert "<script" not in answer.text
    assert " style=" not in answer.text
