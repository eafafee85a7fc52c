"""A sandbox on a real loopback port, and the vendor's own clients pointed at it."""

import copy
import json
import os
import pathlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import google.oauth2.credentials
import googleapiclient.discovery as discovery
import httpx2
import pytest
from google_auth_oauthlib.flow import Flow

from sandbox.app import build
from sandbox.server import Server
from sandbox.state import Sandbox

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"

CLIENT, SECRET = "app.example", "s3cret/+ &"
REDIRECT = "http://localhost:9/integrations/google/callback?kept=1"
MODIFY = "https://www.googleapis.com/auth/gmail.modify"
FULL = "https://mail.google.com/"
ANA, BEN = "ana@company.example", "ben@company.example"

CACHED = "discovery_cache/documents/gmail.v1.json"
DOCUMENT: dict[str, Any] = json.loads(
    (pathlib.Path(discovery.__file__).parent / CACHED).read_text()
)


def letter(
    subject: str = "Hello", text: str = "Good morning", sender: str = "Cy <cy@client.example>",
    number: str = "1", refs: str = "", extra: str = "",
) -> bytes:  # fmt: skip
    """A small plain message."""
    follows = f"In-Reply-To: {refs}\r\nReferences: {refs}\r\n" if refs else ""
    return (
        f"From: {sender}\r\nTo: {ANA}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{number}@client.example>\r\n"
        f"Date: Mon, 02 Nov 2026 10:00:00 +0100\r\n{follows}{extra}\r\n{text}\r\n"
    ).encode()


@dataclass
class World:
    """A running sandbox with two mailboxes, and hands to use it."""

    state: Sandbox
    url: str
    closing: list[Callable[[], None]] = field(default_factory=list)
    document: ClassVar[dict[str, Any]] = DOCUMENT
    letter = staticmethod(letter)

    def browser(self) -> httpx2.Client:
        """A client that behaves like a browser at the sign-in pages."""
        return httpx2.Client(base_url=self.url, trust_env=False)

    def flow(self, scopes: list[str]) -> Flow:
        """The vendor's OAuth client, pointed here."""
        config = {
            "web": {
                "client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [REDIRECT],
                "auth_uri": self.url + "o/oauth2/v2/auth", "token_uri": self.url + "token",
            }
        }  # fmt: skip
        return Flow.from_client_config(config, scopes=scopes, redirect_uri=REDIRECT)

    def agree(
        self,
        url: str,
        account: str = ANA,
        decision: str = "continue",
        grant: list[str] | None = None,
    ) -> dict[str, str]:
        """Walk the pages as a person would; returns what the app gets back."""
        with self.browser() as browser:
            answer = browser.get(url + "&sandbox_account=" + account)
            if answer.status_code == 200:
                form = hidden_fields(answer.text) | {"decision": decision}
                answer = browser.post(
                    urlsplit(url).path, data=form | ({"grant": grant} if grant else {})
                )
            assert answer.status_code == 302, answer.text
            return back(answer.headers["location"])

    def credentials(
        self, scopes: list[str] | None = None, account: str = ANA
    ) -> google.oauth2.credentials.Credentials:
        """Credentials from the whole flow: authorize, agree, exchange."""
        flow = self.flow(scopes or [MODIFY, FULL, "openid", "email"])
        self.closing.append(flow.oauth2session.close)
        url, _ = flow.authorization_url(access_type="offline", prompt="consent")
        flow.fetch_token(code=self.agree(url, account, grant=scopes or [MODIFY, FULL])["code"])
        return flow.credentials

    def gmail(
        self, scopes: list[str] | None = None, account: str = ANA, credentials: Any = None
    ) -> Any:
        """The vendor's API client, pointed here."""
        document = copy.deepcopy(DOCUMENT)  # the client writes into it
        document["rootUrl"] = document["baseUrl"] = document["mtlsRootUrl"] = self.url
        made = credentials or self.credentials(scopes, account)
        service = discovery.build_from_document(document, credentials=made)
        self.closing.append(service.close)
        return service


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden inputs of a page."""
    import html
    import re

    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def back(location: str) -> dict[str, str]:
    """The parameters of a redirect."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.fixture
def world() -> Iterator[World]:
    """A fresh sandbox behind a real server."""
    state = Sandbox()
    state.register_client(CLIENT, SECRET, [REDIRECT])
    state.keep_secret("signing_key", _signing_key())
    state.add_account(ANA, "Ana Ng")
    state.add_account(BEN, "Ben Ode")
    server = Server(build(state)).start()
    made = World(state, server.url)
    yield made
    for close in made.closing:
        close()
    server.stop()
    state.close()


_KEPT: list[str] = []


def _signing_key() -> str:
    """One key for all tests: making one takes longer than a test."""
    if not _KEPT:
        from sandbox.google.keys import signing_key

        state = Sandbox()
        signing_key(state)
        _KEPT.append(state.secret("signing_key") or "")
    return _KEPT[0]
