"""A mailbox at Microsoft, and hands that read it through Graph."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from sandbox.app import build
from sandbox.microsoft import tokens
from sandbox.server import Server
from sandbox.state import Sandbox

ANA = "ana@contoso.example"
APP = "6f1c7d2e-0000-4000-8000-00000000a99a"
SCOPES = frozenset({"User.Read", "Mail.ReadWrite", "Mail.Send"})
START = datetime(2026, 3, 1, 8, 0, 0, tzinfo=UTC)
IMMUTABLE = 'IdType="ImmutableId"'


def letter(
    subject: str = "Hello", text: str = "Good morning", number: str = "1", refs: str = "",
    extra: str = "",
) -> bytes:  # fmt: skip
    """A small plain message."""
    follows = f"In-Reply-To: {refs}\r\nReferences: {refs}\r\n" if refs else ""
    return (
        f"From: Cy Twombly <cy@client.example>\r\nTo: {ANA}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{number}@client.example>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0100\r\n"
        f"{follows}{extra}\r\n{text}\r\n"
    ).encode()


@dataclass
class Graph:
    """Ana's mailbox, and an HTTP client with a token for it."""

    state: Sandbox
    http: httpx2.Client
    token: str
    ids: list[str] = field(default_factory=list)
    letter = staticmethod(letter)

    def get(self, path: str, prefer: str = "", **headers: str) -> httpx2.Response:
        """GET a path below /me, or a whole link, or a path from the root."""
        url = path if path.startswith(("http", "/v1.0")) else f"/v1.0/me/{path}"
        return self.http.get(url, headers=headers | ({"Prefer": prefer} if prefer else {}))

    def read(self, path: str, prefer: str = "") -> Any:
        """The JSON of a good answer."""
        answer = self.get(path, prefer)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, prefer: str = "") -> tuple[int, str]:
        """The status and the code of a bad answer."""
        answer = self.get(path, prefer)
        return answer.status_code, answer.json()["error"]["code"]

    def fill(self, count: int, labels: tuple[str, ...] = ("INBOX", "UNREAD")) -> list[str]:
        """That many messages, a minute apart; returns the store's ids, oldest first."""
        return self.state.deliver_many(
            ANA,
            [
                (letter(f"Mail {n}", number=str(n)), labels, START + timedelta(minutes=n))
                for n in range(count)
            ],
        )

    def walk(self, path: str, prefer: str = "") -> tuple[list[Any], str]:
        """Every entry of a paged answer, and its delta link when there is one."""
        entries: list[Any] = []
        link = path
        for _ in range(1000):
            page = self.read(link, prefer)
            entries += page["value"]
            if "@odata.nextLink" not in page:
                return entries, page.get("@odata.deltaLink", "")
            link = page["@odata.nextLink"]
        raise AssertionError("a round without an end")


@pytest.fixture
def graph() -> Iterator[Graph]:
    """A fresh sandbox, called without a network."""
    state = Sandbox()
    account = state.add_account(ANA, "Ana Ng", "microsoft")
    token, _ = tokens.make_access_token(state, account, APP, SCOPES)
    http = httpx2.Client(
        transport=httpx2.WSGITransport(app=build(state)), base_url="http://inside",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    with http:
        yield Graph(state, http, token)
    state.close()


@pytest.fixture
def served(graph: Graph) -> Iterator[str]:
    """The same sandbox behind a real server; its root."""
    server = Server(build(graph.state)).start()
    yield server.url
    server.stop()
