"""The table of kinds: each describes itself and connects without asking anything."""

from urllib.parse import urlsplit

import httpx2
import pytest

from mailweave.kit import http
from mailweave.providers import kinds
from tests.providers.stub import budget


@pytest.mark.parametrize("name", kinds.names())
def test_a_kind_describes_itself(name: str) -> None:
    kind = kinds.describe(name)
    assert kind.name == name
    assert kind.label
    assert kind.scopes
    assert kind.permissions
    assert all(line.what.strip() and line.why.strip() for line in kind.permissions)
    assert {"inbox", "sent"} <= set(kind.folder_names)
    assert kind.units_per_second > 0
    points = (kind.endpoints.authorize, kind.endpoints.token, kind.endpoints.api)
    assert all(urlsplit(point).scheme == "https" for point in points)
    assert kind.endpoints.issuers


@pytest.mark.parametrize("name", kinds.names())
def test_connecting_asks_nothing(name: str) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    def no_token(*_: str) -> str:
        raise AssertionError

    with http.client(transport=httpx2.MockTransport(refuse)) as web:
        provider = kinds.connect(
            name,
            endpoints=kinds.describe(name).endpoints,
            access_token=no_token,
            refresh=no_token,
            budget=budget(),
            web=web,
        )
    assert provider.reader


def test_gmail_asks_for_one_box_and_who_it_is() -> None:
    scopes = kinds.describe("gmail").scopes
    assert scopes == ("openid", "email", "https://www.googleapis.com/auth/gmail.modify")


def test_an_unknown_kind_is_unknown() -> None:
    with pytest.raises(KeyError):
        kinds.describe("carrier-pigeon")
