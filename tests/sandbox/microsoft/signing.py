"""A sandbox with people at Microsoft, and hands that sign in there as people and apps do."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2

from sandbox.accounts import CONSUMERS
from sandbox.app import build
from sandbox.google.keys import signing_key
from sandbox.server import Server
from sandbox.state import Sandbox

CLIENT, SECRET = "6f1c7d2e-0000-4000-8000-00000000a99a", "s3cret/+ &~"
REDIRECT = "http://localhost:9/connect/outlook/back?kept=1"
ANA, BEN, PIA = "ana@contoso.example", "ben@fabrikam.example", "pia@outlook.example"
OPEN_ID = "openid profile email offline_access"
MAIL = f"{OPEN_ID} User.Read Mail.ReadWrite Mail.Send"
AUTHORIZE, TOKEN = "/oauth2/v2.0/authorize", "/oauth2/v2.0/token"


@dataclass
class Signing:
    """Ana and Ben work in two organizations, Pia has a personal account."""

    state: Sandbox
    web: httpx2.Client

    def asked(self, authority: str = "common", **changed: Any) -> str:
        """An authorization address as a hand-written app makes it; None leaves something out."""
        params = {
            "client_id": CLIENT, "redirect_uri": REDIRECT, "response_type": "code", "scope": MAIL,
            "state": "s/1 &", "nonce": "n-1", **changed,
        }  # fmt: skip
        kept = {name: value for name, value in params.items() if value is not None}
        return f"/{authority}{AUTHORIZE}?{urlencode(kept)}"

    def open(self, url: str, account: str = "") -> httpx2.Response:
        """The page an address shows, once the person has picked an account."""
        return self.web.get(url + (f"&sandbox_account={account}" if account else ""))

    def press(self, page: httpx2.Response, decision: str, **typed: str) -> httpx2.Response:
        """Press a button of a page with a form."""
        action = re.search(r'action="([^"]*)"', page.text)
        assert action is not None, page.text
        assert f'value="{decision}"' in page.text, page.text
        form = hidden_fields(page.text) | {"decision": decision, **typed}
        return self.web.post(html.unescape(action[1]), data=form)

    def agree(self, url: str, account: str = ANA, decision: str = "accept") -> dict[str, str]:
        """Walk the pages as a person would; returns what the app gets back."""
        answer = self.open(url, account)
        if answer.status_code == 200:
            answer = self.press(answer, decision)
        return back(answer)

    def exchange(
        self, code: str | None, authority: str = "common", **changed: Any
    ) -> tuple[int, dict[str, Any]]:
        """A code for tokens."""
        body = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "client_id": CLIENT, "client_secret": SECRET, **changed,
        }  # fmt: skip
        form = {name: value for name, value in body.items() if value is not None}
        answer = self.web.post(f"/{authority}{TOKEN}", data=form)
        return answer.status_code, answer.json()

    def refresh(
        self, token: str, authority: str = "common", **changed: Any
    ) -> tuple[int, dict[str, Any]]:
        """A refresh token for fresh ones."""
        given = {"grant_type": "refresh_token", "refresh_token": token, "redirect_uri": None}
        return self.exchange(None, authority, **{**given, **changed})

    def tokens(
        self, account: str = ANA, authority: str = "common", **changed: Any
    ) -> dict[str, Any]:
        """The whole way of somebody who agrees."""
        code = self.agree(self.asked(authority, **changed), account)["code"]
        status, body = self.exchange(code, authority)
        assert status == 200, body
        return body


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden inputs of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def back(answer: httpx2.Response) -> dict[str, str]:
    """What a redirect tells the app."""
    assert answer.status_code == 302, answer.text
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def behind_hash(answer: httpx2.Response) -> dict[str, str]:
    """The same where the answer is in the fragment."""
    return dict(parse_qsl(urlsplit(answer.headers["location"]).fragment))


@contextmanager
def signing() -> Iterator[Signing]:
    """A fresh sandbox behind a real server."""
    state = Sandbox()
    state.register_client(CLIENT, SECRET, [REDIRECT], company="microsoft")
    state.keep_secret("signing_key", _signing_key())
    state.add_account(ANA, "Ana Ng", company="microsoft")
    state.add_account(BEN, "Ben Ode", company="microsoft")
    state.add_account(PIA, "Pia Po", company="microsoft", tenant=CONSUMERS)
    server = Server(build(state)).start()
    with httpx2.Client(base_url=server.url, trust_env=False) as web:
        yield Signing(state, web)
    server.stop()
    state.close()


_KEPT: list[str] = []


def _signing_key() -> str:
    """One key for all tests: making one takes longer than a test."""
    if not _KEPT:
        state = Sandbox()
        signing_key(state)
        _KEPT.append(state.secret("signing_key") or "")
    return _KEPT[0]
