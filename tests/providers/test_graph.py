"""Outlook keeps the contract, in front of the sandbox and in one process with it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import httpx2
import pytest

from mailweave.kit import clock, http
from mailweave.providers import kinds, oauth
from mailweave.providers.base import (
    Budget,
    Client,
    Hook,
    Provider,
    Reader,
    Sender,
    Tokens,
    Watcher,
    Writer,
)
from mailweave.providers.errors import Refused
from mailweave.providers.graph import calls
from sandbox import app, control_notices, transit
from sandbox.clock import Clock
from sandbox.microsoft import delegates, tokens
from sandbox.microsoft.ids import Ids
from sandbox.state import Sandbox
from tests.providers import post
from tests.providers.contract import NOW, ReaderContract
from tests.providers.contract_sending import BEN, SenderContract
from tests.providers.contract_watching import WatcherContract
from tests.providers.contract_writing import WriterContract
from tests.providers.hooks import Ear

CLIENT = Client("11111111-2222-4333-8444-555555555555", "app-secret")
HOST = "http://127.0.0.1"
LABELS = {"inbox": "INBOX", "sent": "SENT", "drafts": "DRAFT", "junk": "SPAM"}
SUPPORT = "support@example.com"
SCALE = 10
"""The quota test runs on a tenth of the quota, so that a small mailbox will do."""


class SharedClock(Clock):
    """The sandbox lives in the same time as we do."""

    def time(self) -> float:
        return clock.now().timestamp()


class GraphWorld:
    """A sandbox mailbox at Microsoft, connected."""

    address = "ana@example.com"
    page_size = 20
    hook = Hook("https://mail.example/hooks/outlook/", "https://mail.example/life/", "s3cret")
    elsewhere = Hook("https://new.example/hooks/outlook/", "https://new.example/life/", "s3cret")
    unusable = Refused
    sends = "/send"
    shared_address = ""

    def __init__(self) -> None:
        self.sandbox = Sandbox(":memory:", SharedClock())
        self.sandbox.change_settings(graph_requests=0, graph_sends_a_minute=0)
        self.account = self.signer = self.sandbox.add_account(
            self.address, "Ana", company="microsoft"
        )
        self.ids = Ids(self.account)
        self.sandbox.add_account(BEN, "Ben", company="microsoft")
        self.account_id = f"{self.account.tenant}.{self.account.oid}"
        redirects = [f"{HOST}/back"]
        self.sandbox.register_client(
            CLIENT.client_id, CLIENT.client_secret, redirects, company="microsoft"
        )
        self.kind = kinds.describe("outlook")
        rate, burst = self.kind.units_per_second, self.kind.units_at_once
        self.quota = (rate / SCALE, burst / SCALE)
        self.units_per_minute = int(rate * 60 / SCALE)
        self.endpoints = replace(
            self.kind.endpoints, token=f"{HOST}/common/oauth2/v2.0/token", api=HOST
        )
        self.web = http.client(transport=httpx2.WSGITransport(app=app.build(self.sandbox)))
        self.tokens = self._grant(frozenset(self.kind.scopes))
        self.ear = Ear(self.sandbox)

    def _grant(self, scopes: frozenset[str]) -> Tokens:
        given = (self.sandbox, self.signer, CLIENT.client_id, scopes)
        tokens.consent(*given)
        access, _ = tokens.make_access_token(*given)
        return Tokens(access, tokens.make_refresh_token(*given), NOW, scopes)

    def _refresh(self, stale: str) -> str:
        if stale == self.tokens.access_token:
            self.tokens = oauth.refresh(self.endpoints, CLIENT, self.tokens, web=self.web)
        return self.tokens.access_token

    def provider(self, budget: Budget | None = None) -> Provider:
        return kinds.connect(
            "outlook",
            endpoints=self.endpoints,
            access_token=lambda: self.tokens.access_token,
            refresh=self._refresh,
            budget=budget or Budget(0.0, 0.0, 0.0, NOW),
            web=self.web,
            account_id=self.account_id,
            shared_address=self.shared_address,
        )

    def reader(self, budget: Budget | None = None) -> Reader:
        return self.provider(budget).reader

    def writer(self, budget: Budget | None = None) -> Writer:
        return self.provider(budget).writer

    def watcher(self, budget: Budget | None = None) -> Watcher:
        watcher = self.provider(budget).watcher
        assert watcher
        return watcher

    def sender(self, budget: Budget | None = None) -> Sender:
        sender = self.provider(budget).sender
        assert sender
        return sender

    def posted(self, key: str) -> list[dict[str, Any]]:
        return transit.posted(self.sandbox, key=key)

    def drafts(self) -> int:
        return len(post.labelled(self.sandbox, self.address, "DRAFT"))

    def came(self, address: str) -> list[EmailMessage]:
        return post.came(self.sandbox, address)

    def threads(self, address: str) -> list[int]:
        return post.threads(self.sandbox, address)

    def heard(self) -> list[str]:
        return self.ear.heard()

    def forget(self) -> None:
        control_notices.retire(self.sandbox, self.address, {})

    def shut(self) -> None:
        self.ear.status = 502

    def deliver(
        self, raw: bytes, *, role: str = "inbox", seen: bool = False, at: datetime = NOW
    ) -> str:
        labels = [LABELS[role], *([] if seen else ["UNREAD"])]
        number = self.sandbox.deliver(self.address, raw, labels, at)
        return self.ids.message(int(number, 16), None)

    def mark_seen(self, remote_id: str) -> None:
        self.sandbox.modify(self.address, self._number(remote_id), remove=["UNREAD"])

    def file(self, remote_id: str, folder: str) -> None:
        self.sandbox.modify(self.address, self._number(remote_id), add=[folder])

    def archive(self, remote_id: str) -> None:
        self.sandbox.modify(self.address, self._number(remote_id), add=["ARCHIVE"])

    def trash(self, remote_id: str) -> None:
        self.sandbox.trash(self.address, self._number(remote_id))

    def delete(self, remote_id: str) -> None:
        self.sandbox.delete(self.address, self._number(remote_id))

    def _number(self, remote_id: str) -> str:
        return f"{self.ids.read_message(remote_id)[0]:x}"

    def advance(self, seconds: float) -> None:
        clock.sleep(seconds)

    def expire_history(self) -> None:
        self.sandbox.expire_history(self.address)

    def enforce_quota(self) -> None:
        self.sandbox.change_settings(graph_requests=10_000 // SCALE)

    def used(self) -> int:
        return self.sandbox.quota.calls[self.address]

    def rejected(self) -> int:
        return self.sandbox.quota.rejected[self.address]

    def break_down(self, fault: str, times: int | None = None, *, inside: bool = False) -> None:
        path = "/messages" if self.shared_address else "/me/messages"
        self.sandbox.faults.add(fault, times, path=path if inside else "")

    def mend(self) -> None:
        self.sandbox.faults.clear()

    def revoke(self) -> None:
        self.sandbox.revoke(self.signer.address)

    def expire_token(self) -> None:
        with self.sandbox.db.write() as connection:
            connection.execute("UPDATE access_tokens SET expires = 0")

    def untick(self) -> None:
        self.tokens = self._grant(frozenset({"openid", "email"}))

    def secrets(self) -> list[str]:
        return [self.tokens.access_token, self.tokens.refresh_token, CLIENT.client_secret]


class SharedWorld(GraphWorld):
    """A mailbox of the organisation's, opened by somebody who was let in."""

    shared_address = SUPPORT

    def __init__(self) -> None:
        super().__init__()
        self.address = SUPPORT
        self.account = self.sandbox.add_account(SUPPORT, company="microsoft", shared=True)
        delegates.allow(self.sandbox, SUPPORT, GraphWorld.address)
        self.ids = Ids(self.account)
        self.account_id = f"{self.account.tenant}.{SUPPORT}"
        assert self.kind.shared
        self.tokens = self._grant(frozenset(self.kind.scopes + self.kind.shared.scopes))


class InGraph:
    """Each contract has a class of its own: some of their promises have the same name."""

    make = GraphWorld

    @pytest.fixture
    def world(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[GraphWorld]:
        monkeypatch.setattr(calls, "PAGE", GraphWorld.page_size)
        made = self.make()
        yield made
        made.web.close()
        made.sandbox.close()


class TestReading(InGraph, ReaderContract):
    """Kept."""


class TestWriting(InGraph, WriterContract):
    """Kept."""


class TestWatching(InGraph, WatcherContract):
    """Kept."""


class TestSending(InGraph, SenderContract):
    """Kept."""


class InShared(InGraph):
    """The same of a mailbox that is shared, on what it costs at all times."""

    make = SharedWorld


class TestReadingShared(InShared, ReaderContract):
    """Kept."""


class TestWritingShared(InShared, WriterContract):
    """Kept."""


class TestSendingShared(InShared, SenderContract):
    """Kept."""


class TestNotWatchingShared(InShared):
    """There is no permission to watch what belongs to others."""

    def test_it_is_polled(self, world: GraphWorld) -> None:
        assert world.provider().watcher is None
