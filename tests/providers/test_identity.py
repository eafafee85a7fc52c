"""An id token of a company that signs for many organisations: whose it is, and whose it is not."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock, http
from mailweave.providers import identity
from mailweave.providers.errors import Refused
from mailweave.providers.identity import IdClaims
from tests.providers.test_oauth import CLIENT, ENDPOINTS, NOW, Vendor, claims, signed

HOME = "72f988bf-0000-4000-8000-2d7cd011db47"
OTHER = "11111111-2222-4333-8444-555555555555"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
OID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
PATTERN = "https://login.example/{tenantid}/v2.0"
MANY = replace(ENDPOINTS, issuers=(PATTERN,))


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(lambda: NOW):
        yield


def told(tenant: str = HOME, **changes: object) -> dict[str, Any]:
    ours = {
        "iss": PATTERN.replace("{tenantid}", tenant),
        "tid": tenant,
        "oid": OID,
        "azp": None,
        "email": None,
        "email_verified": None,
        "preferred_username": "ana@contoso.example",
    }
    return claims(**{**ours, **changes})


def check(token: dict[str, Any], key_issuer: str = "") -> IdClaims:
    vendor = Vendor()
    vendor.certs = {"keys": [Vendor._key() | ({"issuer": key_issuer} if key_issuer else {})]}
    with http.client(transport=httpx2.MockTransport(vendor)) as web:
        return identity.check(
            signed(token), MANY, CLIENT, nonce="n-1", web=web, account=("tid", "oid")
        )


@pytest.mark.parametrize("tenant", [HOME, PERSONAL])
def test_the_account_is_its_tenant_and_its_number_there(tenant: str) -> None:
    person = check(told(tenant))
    assert person.subject == f"{tenant}.{OID}"
    assert person.email == "ana@contoso.example"
    assert not person.email_verified


def test_the_address_makes_no_difference_to_who_it_is() -> None:
    one = check(told(email="ceo@northwind.example"))
    two = check(told(email="ana@contoso.example"))
    assert one.subject == two.subject


@pytest.mark.parametrize(
    "token",
    [
        told(iss=PATTERN.replace("{tenantid}", OTHER)),
        told(tid=OTHER, iss=PATTERN.replace("{tenantid}", HOME)),
        told(iss=PATTERN),
        told(tenant="{tenantid}"),
        told(tenant="contoso.example"),
        told(tenant="common"),
        told(tenant=""),
        told(tid=None, iss=PATTERN),
        told(tid=None, iss=PATTERN.replace("{tenantid}", "None")),
        told(tid=[HOME]),
        told(iss=f"https://login.evil.example/{HOME}/v2.0"),
        told(iss=f"https://login.example/{HOME}/v2.0/"),
        told(oid=None),
        told(oid=""),
        told(oid=7),
    ],
    ids=lambda one: f"{one.get('iss')} {one.get('tid')} {one.get('oid')}",
)
def test_what_does_not_fit_together_is_refused(token: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        check(token)


@pytest.mark.parametrize(
    ("key_issuer", "holds"),
    [
        (PATTERN, True),
        (PATTERN.replace("{tenantid}", HOME), True),
        (PATTERN.replace("{tenantid}", PERSONAL), False),
        ("https://login.evil.example/{tenantid}/v2.0", False),
    ],
)
def test_a_key_signs_only_for_whom_it_says(key_issuer: str, holds: bool) -> None:
    if holds:
        assert check(told(), key_issuer).subject
    else:
        with pytest.raises(Refused):
            check(told(), key_issuer)


def test_a_pattern_is_no_issuer_of_its_own() -> None:
    with pytest.raises(Refused):
        check(told(iss=PATTERN, tid="{tenantid}"))
