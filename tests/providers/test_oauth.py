"""The grant, step by step, against a provider that signs, refuses and lies."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mailweave.kit import clock, http
from mailweave.providers import kinds, oauth, scopes
from mailweave.providers.base import Client, Dialect, Endpoints, Tokens
from mailweave.providers.errors import (
    AdminNeeded,
    AuthExpired,
    ConsentNeeded,
    Misconfigured,
    ProofNeeded,
    ProviderError,
    RateLimited,
    Refused,
    Unavailable,
)
from mailweave.providers.identity import IdClaims
from mailweave.providers.refusals import refusal

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ENDPOINTS = Endpoints(
    authorize="https://accounts.example/auth",
    token="https://oauth.example/token",
    revoke="https://oauth.example/revoke",
    userinfo="https://openid.example/userinfo",
    certs="https://certs.example/certs",
    api="https://gmail.example",
    issuers=("https://accounts.example", "accounts.example"),
)
CLIENT = Client("client-1", "s3cret-of-ours")
GMAIL = "https://www.googleapis.com/auth/gmail.modify"
OLD = Tokens("ya29.old", "1//old", NOW, frozenset({"openid", GMAIL}))


def claims(**changes: object) -> dict[str, Any]:
    told: dict[str, Any] = {
        "iss": "https://accounts.example",
        "aud": "client-1",
        "azp": "client-1",
        "sub": "1090",
        "email": "ana@example.com",
        "email_verified": True,
        "nonce": "n-1",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 3600,
    }
    told.update(changes)
    return {name: value for name, value in told.items() if value is not None}


def signed(told: dict[str, Any], key: Any = KEY, **options: Any) -> str:
    return jwt.encode(told, key, **({"algorithm": "RS256", "headers": {"kid": "k1"}} | options))


@dataclass
class Vendor:
    """Answers like an authorization server and remembers what it was asked."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    certs: Any = None
    forms: list[dict[str, str]] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if str(request.url) == ENDPOINTS.certs:
            return self._answer(200, self.certs or {"keys": [self._key()]})
        self.forms.append(dict(parse_qsl(request.content.decode())))
        return self._answer(self.status, self.body)

    def _answer(self, status: int, body: Any) -> httpx2.Response:
        if isinstance(body, bytes):
            return httpx2.Response(status, content=body, headers=self.headers)
        return httpx2.Response(status, json=body, headers=self.headers)

    @staticmethod
    def _key() -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {**public, "kid": "k1", "alg": "RS256", "use": "sig"}


def granted(**changes: object) -> dict[str, object]:
    return {
        "access_token": "ya29.new",
        "expires_in": 3599,
        "refresh_token": "1//new",
        "scope": f"https://www.googleapis.com/auth/userinfo.email openid {GMAIL}",
        "token_type": "Bearer",
        "id_token": signed(claims()),
    } | changes


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(lambda: NOW):
        yield


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(body=granted())


@pytest.fixture
def web(vendor: Vendor) -> Iterator[httpx2.Client]:
    with http.client(transport=httpx2.MockTransport(vendor)) as made:
        yield made


def exchange(web: httpx2.Client, nonce: str = "n-1") -> tuple[Tokens, IdClaims]:
    return oauth.exchange(
        ENDPOINTS,
        CLIENT,
        code="4/abc",
        redirect_uri="https://crm.example/back",
        scopes=["openid", "email", GMAIL],
        verifier="v" * 43,
        nonce=nonce,
        web=web,
    )


def test_the_verifier_is_long_random_and_url_safe() -> None:
    made = {oauth.make_verifier() for _ in range(50)}
    assert len(made) == 50
    assert all(43 <= len(v) <= 128 and v.replace("-", "").replace("_", "").isalnum() for v in made)


def test_the_challenge_is_the_one_of_the_standard() -> None:
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert oauth.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_authorize_url_asks_for_everything_and_tells_no_secret() -> None:
    url = oauth.authorize_url(
        ENDPOINTS,
        CLIENT,
        redirect_uri="https://crm.example/back",
        scopes=["openid", "email", GMAIL],
        state="s&1",
        verifier="v" * 43,
        nonce="n-1",
        login_hint="ana+x@example.com",
        dialect=kinds.describe("gmail").dialect,
    )
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("https://accounts.example/auth?")
    assert asked == {
        "client_id": "client-1",
        "redirect_uri": "https://crm.example/back",
        "response_type": "code",
        "scope": f"openid email {GMAIL}",
        "state": "s&1",
        "nonce": "n-1",
        "code_challenge": oauth.challenge("v" * 43),
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent select_account",
        "include_granted_scopes": "true",
        "login_hint": "ana+x@example.com",
    }
    assert "v" * 43 not in url
    assert CLIENT.client_secret not in url


def test_a_new_mailbox_is_asked_for_otherwise_than_a_known_one() -> None:
    dialect = Dialect(asked={"response_mode": "query"}, asked_anew={"prompt": "select_account"})

    def asked(**given: str) -> dict[str, str]:
        url = oauth.authorize_url(
            ENDPOINTS,
            CLIENT,
            redirect_uri="https://crm.example/back",
            scopes=["openid"],
            state="s",
            verifier="v" * 43,
            nonce="n",
            dialect=dialect,
            **given,
        )
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

    assert asked()["prompt"] == "select_account"
    again = asked(login_hint="ana@example.com", claims='{"access_token":{}}')
    assert "prompt" not in again
    assert (again["login_hint"], again["claims"]) == ("ana@example.com", '{"access_token":{}}')
    assert again["response_mode"] == asked()["response_mode"] == "query"


def test_an_administrator_is_sent_where_consent_is_for_all() -> None:
    where = replace(ENDPOINTS, admin_consent="https://accounts.example/organizations/adminconsent")
    url = oauth.consent_url(
        where, CLIENT, redirect_uri="https://crm.example/ok", scopes=["a", "B.c"], state="7-s"
    )
    assert url.startswith(where.admin_consent + "?")
    assert {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} == {
        "client_id": "client-1",
        "redirect_uri": "https://crm.example/ok",
        "scope": "a B.c",
        "state": "7-s",
    }


def test_a_code_becomes_tokens_and_a_person(vendor: Vendor, web: httpx2.Client) -> None:
    tokens, person = exchange(web)
    assert vendor.forms == [
        {
            "grant_type": "authorization_code",
            "code": "4/abc",
            "redirect_uri": "https://crm.example/back",
            "code_verifier": "v" * 43,
            "client_id": "client-1",
            "client_secret": "s3cret-of-ours",
        }
    ]
    assert tokens.access_token == "ya29.new"
    assert tokens.refresh_token == "1//new"
    assert tokens.expires_at == NOW + timedelta(seconds=3599)
    assert tokens.scopes == {"openid", "email", GMAIL}
    assert tokens.refresh_expires_at is None
    assert (person.subject, person.email, person.email_verified) == (
        "1090",
        "ana@example.com",
        True,
    )


def test_tokens_do_not_show_in_a_repr(web: httpx2.Client) -> None:
    tokens, _ = exchange(web)
    assert "ya29" not in repr(tokens)
    assert "1//" not in repr(tokens)
    assert CLIENT.client_secret not in repr(CLIENT)


def test_an_unticked_box_is_seen(vendor: Vendor, web: httpx2.Client) -> None:
    vendor.body = granted(scope="https://www.googleapis.com/auth/userinfo.email openid")
    tokens, _ = exchange(web)
    assert scopes.missing(["openid", "email", GMAIL], tokens.scopes) == {GMAIL}


def test_scopes_left_out_mean_what_was_asked(vendor: Vendor, web: httpx2.Client) -> None:
    vendor.body = granted(scope="")
    assert exchange(web)[0].scopes == {"openid", "email", GMAIL}


def test_a_grant_that_ends_by_itself_says_when(vendor: Vendor, web: httpx2.Client) -> None:
    vendor.body = granted(refresh_token_expires_in=604799)
    assert exchange(web)[0].refresh_expires_at == NOW + timedelta(seconds=604799)


def test_no_refresh_token_is_refused(vendor: Vendor, web: httpx2.Client) -> None:
    vendor.body = granted(refresh_token="")
    with pytest.raises(Refused, match="lasting"):
        exchange(web)


def test_a_spent_code_asks_to_connect_again(vendor: Vendor, web: httpx2.Client) -> None:
    vendor.status, vendor.body = 400, {"error": "invalid_grant", "error_description": "Bad Request"}
    with pytest.raises(AuthExpired, match="connect again"):
        exchange(web)


@pytest.mark.parametrize(
    "told",
    [
        claims(aud="client-2"),
        claims(iss="https://accounts.evil.example"),
        claims(nonce="n-2"),
        claims(nonce=None),
        claims(azp="client-2"),
        claims(exp=int(NOW.timestamp()) - 600),
        claims(exp=None),
        claims(exp="tomorrow"),
        claims(iat=int(NOW.timestamp()) + 600),
        claims(sub=None),
    ],
    ids=lambda told: str(sorted(set(told.items()) ^ set(claims().items()), key=str)),
)
def test_a_wrong_claim_is_refused(told: dict[str, Any], vendor: Vendor, web: httpx2.Client) -> None:
    vendor.body = granted(id_token=signed(told) if told.get("exp") != "tomorrow" else _raw(told))
    with pytest.raises(Refused):
        exchange(web)


def _raw(told: dict[str, Any]) -> str:
    """Signed without the encoder's own checks."""
    return jwt.api_jws.encode(
        json.dumps(told).encode(), KEY, algorithm="RS256", headers={"kid": "k1"}
    )


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not.a.token",
        signed(claims(), OTHER_KEY),
        signed(claims(), headers={"kid": "k2"}),
        signed(claims(), headers={}),
        signed(claims(), "x" * 64, algorithm="HS256"),
        jwt.encode(claims(), "", algorithm="none", headers={"kid": "k1"}),
    ],
    ids=["empty", "broken", "other key", "unknown kid", "no kid", "HS256", "none"],
)
def test_a_token_nobody_signed_is_refused(token: str, vendor: Vendor, web: httpx2.Client) -> None:
    vendor.body = granted(id_token=token)
    with pytest.raises(Refused):
        exchange(web)


def test_the_public_key_is_no_secret_to_sign_with(vendor: Vendor, web: httpx2.Client) -> None:
    key = {"kty": "oct", "kid": "k1", "k": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"}
    vendor.certs = {"keys": [key]}
    with pytest.raises(Refused):
        exchange(web)


@pytest.mark.parametrize("certs", [b"<html>", b"[]", {"keys": []}, {"keys": [{"kty": "RSA"}]}, {}])
def test_keys_that_cannot_be_read_are_the_providers_trouble(
    certs: Any, vendor: Vendor, web: httpx2.Client
) -> None:
    vendor.certs = certs or b"{}"
    with pytest.raises(Unavailable):
        exchange(web)


def test_a_nonce_is_needed(web: httpx2.Client, vendor: Vendor) -> None:
    vendor.body = granted(id_token=signed(claims(nonce="")))
    with pytest.raises(Refused):
        exchange(web, nonce="")


def test_refresh_keeps_the_refresh_token_and_sends_no_scope(
    vendor: Vendor, web: httpx2.Client
) -> None:
    vendor.body = {"access_token": "ya29.two", "expires_in": 3599, "scope": f"openid {GMAIL}"}
    fresh = oauth.refresh(ENDPOINTS, CLIENT, OLD, web=web)
    assert vendor.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "1//old",
            "client_id": "client-1",
            "client_secret": "s3cret-of-ours",
        }
    ]
    assert (fresh.access_token, fresh.refresh_token) == ("ya29.two", "1//old")
    assert fresh.scopes == {"openid", GMAIL}


def test_refresh_takes_a_new_refresh_token_and_keeps_scopes_left_out(
    vendor: Vendor, web: httpx2.Client
) -> None:
    vendor.body = {"access_token": "ya29.two", "expires_in": "3599", "refresh_token": "1//two"}
    fresh = oauth.refresh(ENDPOINTS, CLIENT, OLD, web=web)
    assert fresh.refresh_token == "1//two"
    assert fresh.scopes == OLD.scopes


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token revoked."}, AuthExpired),
        (401, {"error": "invalid_client"}, Misconfigured),
        (400, {"error": "unauthorized_client"}, Misconfigured),
        (400, {"error": "redirect_uri_mismatch"}, Misconfigured),
        (400, {"error": "admin_policy_enforced"}, AdminNeeded),
        (400, {"error": "something_new"}, Refused),
        (404, b"<html>not found</html>", Misconfigured),
        (403, b"<html>a wall</html>", Unavailable),
        (400, {"error": {"code": 400}}, Unavailable),
        (500, {"error": "invalid_grant"}, Unavailable),
        (503, b"", Unavailable),
        (200, b"<html>a hotel's Wi-Fi</html>", Unavailable),
        (200, b"[" * 100_000, Unavailable),
        (200, {"token_type": "Bearer"}, Unavailable),
        (200, {"access_token": None}, Unavailable),
        (302, b"", Unavailable),
        (429, {"error": "rate_limit_exceeded"}, RateLimited),
    ],
)
def test_each_refusal_says_what_to_do(
    status: int, body: Any, error: type[ProviderError], vendor: Vendor, web: httpx2.Client
) -> None:
    vendor.status, vendor.body = status, body
    with pytest.raises(error) as caught:
        oauth.refresh(ENDPOINTS, CLIENT, OLD, web=web)
    assert type(caught.value) is error


CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (CLAIMS, CLAIMS),
        ("", ""),
        ("not json", ""),
        ("[1]", ""),
        ('{"access_token":"x"}', ""),
        ('{"a":{"b":"%s"}}' % ("x" * 3000), ""),
        ("[" * 1500, ""),
    ],
)
def test_what_a_refusal_wants_asked_is_kept_if_it_is_sound(
    given: str, kept: str, vendor: Vendor, web: httpx2.Client
) -> None:
    vendor.status = 400
    vendor.body = {"error": "interaction_required", "suberror": "basic_action", "claims": given}
    with pytest.raises(ProofNeeded) as caught:
        oauth.refresh(ENDPOINTS, CLIENT, OLD, web=web)
    assert caught.value.claims == kept


def test_a_code_that_wants_more_proof_is_not_called_spent(
    vendor: Vendor, web: httpx2.Client
) -> None:
    vendor.status = 400
    vendor.body = {"error": "invalid_grant", "error_description": "AADSTS50076: Use MFA."}
    with pytest.raises(ProofNeeded, match="proof"):
        exchange(web)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("", 60), ("-1", 60), ("9" * 9, 3600)])
def test_too_many_sign_ins_say_when(
    header: str, seconds: int, vendor: Vendor, web: httpx2.Client
) -> None:
    vendor.status, vendor.body, vendor.headers = 429, {}, {"retry-after": header}
    with pytest.raises(RateLimited) as caught:
        oauth.refresh(ENDPOINTS, CLIENT, OLD, web=web)
    assert caught.value.retry_at == NOW + timedelta(seconds=seconds)


def test_no_error_repeats_a_secret(vendor: Vendor, web: httpx2.Client) -> None:
    vendor.status = 400
    vendor.body = {
        "error": "invalid_request",
        "error_description": "refresh_token=1//old for client_secret=s3cret-of-ours is odd",
    }
    with pytest.raises(Refused) as caught:
        oauth.refresh(ENDPOINTS, CLIENT, OLD, web=web)
    assert "odd" in str(caught.value)
    assert "1//old" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("failure", [httpx2.ReadTimeout, httpx2.ConnectError, ConnectionResetError])
def test_a_dead_network_is_unavailable(failure: Callable[[str], Exception]) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise failure("gone")

    with (
        http.client(transport=httpx2.MockTransport(answer)) as web,
        pytest.raises(Unavailable, match="did not answer"),
    ):
        oauth.refresh(ENDPOINTS, CLIENT, OLD, web=web)


def test_revoke_sends_the_token_in_the_body_only(vendor: Vendor, web: httpx2.Client) -> None:
    oauth.revoke(ENDPOINTS, "1//old", web=web)
    assert vendor.forms == [{"token": "1//old"}]
    assert "old" not in str(vendor.requests[0].url)


def test_revoking_what_is_dead_is_fine_and_other_failures_are_not(
    vendor: Vendor, web: httpx2.Client
) -> None:
    vendor.status, vendor.body = 400, {"error": "invalid_token"}
    oauth.revoke(ENDPOINTS, "1//old", web=web)
    vendor.status, vendor.body = 503, b""
    with pytest.raises(Unavailable):
        oauth.revoke(ENDPOINTS, "1//old", web=web)
    vendor.status, vendor.body = 400, {"error": "invalid_request"}
    with pytest.raises(Refused):
        oauth.revoke(ENDPOINTS, "1//old", web=web)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("access_denied", ConsentNeeded),
        ("admin_policy_enforced", AdminNeeded),
        ("interaction_required", ProofNeeded),
        ("redirect_uri_mismatch", Misconfigured),
        ("org_internal", Refused),
        ("temporarily_unavailable", Unavailable),
        ("made_up\r\n<script>", Refused),
    ],
)
def test_a_refusal_on_the_way_back_has_its_class(code: str, error: type[ProviderError]) -> None:
    assert type(refusal(code)) is error
    assert "\n" not in str(refusal(code))


def test_scopes_compare_by_meaning() -> None:
    long = "https://www.googleapis.com/auth/userinfo.email"
    assert scopes.missing(["email", "openid"], {long}) == {"openid"}
    assert scopes.missing([long], {"email", "profile"}) == frozenset()
    assert scopes.split(f" {long}  {GMAIL} ") == {"email", GMAIL}


def test_microsofts_scopes_compare_by_their_short_names_in_any_case() -> None:
    given = scopes.split(
        "https://graph.microsoft.com/Mail.ReadWrite mail.send HTTPS://Graph.Microsoft.com/User.Read"
    )
    assert given == {"Mail.ReadWrite", "mail.send", "User.Read"}
    asked = ["Mail.ReadWrite", "Mail.Send", "https://graph.microsoft.com/user.read"]
    assert scopes.missing(asked, given) == frozenset()
    assert scopes.missing(
        ["Mail.Send"], {"Mail.Send.Shared", "https://evil.example/Mail.Send"}
    ) == {"Mail.Send"}


def test_a_provider_that_cannot_revoke_is_asked_nothing(vendor: Vendor, web: httpx2.Client) -> None:
    oauth.revoke(replace(ENDPOINTS, revoke=""), "1//old", web=web)
    assert vendor.requests == []
