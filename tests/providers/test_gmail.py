"""Gmail keeps the contract, in front of the sandbox and in one process with it."""

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
from mailweave.providers.errors import Misconfigured
from mailweave.providers.gmail import calls
from sandbox import app, control_notices, transit
from sandbox.clock import Clock
from sandbox.google import pubsub, tokens
from sandbox.state import Sandbox
from tests.providers import post
from tests.providers.contract import NOW, ReaderContract
from tests.providers.contract_sending import BEN, SenderContract
from tests.providers.contract_watching import WatcherContract
from tests.providers.contract_writing import WriterContract
from tests.providers.hooks import Ear

CLIENT = Client("app-1", "app-secret")
HOST = "http://127.0.0.1"
LABELS = {"inbox": "INBOX", "sent": "SENT", "drafts": "DRAFT", "junk": "SPAM"}


class SharedClock(Clock):
    """The sandbox lives in the same time as we do."""

    def time(self) -> float:
        return clock.now().timestamp()


class GmailWorld:
    """A sandbox mailbox, connected."""

    address = "ana@example.com"
    page_size = 20
    units_per_minute = 6_000
    hook = Hook("https://mail.example/hooks/gmail/", topic=pubsub.TOPIC)
    elsewhere = Hook("https://new.example/hooks/gmail/", topic=f"{pubsub.TOPIC}-new")
    unusable = Misconfigured
    sends = "/drafts/send"

    def __init__(self) -> None:
        self.sandbox = Sandbox(":memory:", SharedClock())
        self.sandbox.change_settings(quota_profile="off")
        self.account = self.sandbox.add_account(self.address, "Ana")
        self.account_id = self.account.sub
        self.sandbox.add_account(BEN, "Ben")
        self.sandbox.register_client(CLIENT.client_id, CLIENT.client_secret, [f"{HOST}/back"])
        self.kind = kinds.describe("gmail")
        self.quota = (self.kind.units_per_second, self.kind.units_at_once)
        self.endpoints = replace(
            self.kind.endpoints,
            token=f"{HOST}/token",
            userinfo=f"{HOST}/v1/userinfo",
            api=HOST,
        )
        self.web = http.client(transport=httpx2.WSGITransport(app=app.build(self.sandbox)))
        self.tokens = self._grant(frozenset(self.kind.scopes))
        self.ear = Ear(self.sandbox)
        for hook in (self.hook, self.elsewhere):
            pubsub.set_topic(self.sandbox, hook.topic, hook.url)

    def _grant(self, scopes: frozenset[str]) -> Tokens:
        given = (self.sandbox, self.account.id, CLIENT.client_id, scopes)
        access, lasting = tokens.make_access_token(*given), tokens.make_refresh_token(*given)
        return Tokens(access, lasting, NOW, scopes)

    def _refresh(self, stale: str) -> str:
        if stale == self.tokens.access_token:
            self.tokens = oauth.refresh(self.endpoints, CLIENT, self.tokens, web=self.web)
        return self.tokens.access_token

    def provider(self, budget: Budget | None = None) -> Provider:
        return kinds.connect(
            "gmail",
            endpoints=self.endpoints,
            access_token=lambda: self.tokens.access_token,
            refresh=self._refresh,
            budget=budget or Budget(0.0, 0.0, 0.0, NOW),
            web=self.web,
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
        pubsub.set_topic(self.sandbox, pubsub.TOPIC, self.hook.url, publisher=False)

    def deliver(
        self, raw: bytes, *, role: str = "inbox", seen: bool = False, at: datetime = NOW
    ) -> str:
        labels = [LABELS[role], *([] if seen else ["UNREAD"])]
        return self.sandbox.deliver(self.address, raw, labels, at)

    def mark_seen(self, remote_id: str) -> None:
        self.sandbox.modify(self.address, remote_id, remove=["UNREAD"])

    def file(self, remote_id: str, folder: str) -> None:
        self.sandbox.modify(self.address, remote_id, add=[folder])

    def archive(self, remote_id: str) -> None:
        self.sandbox.modify(self.address, remote_id, remove=["INBOX"])

    def trash(self, remote_id: str) -> None:
        self.sandbox.trash(self.address, remote_id)

    def delete(self, remote_id: str) -> None:
        self.sandbox.delete(self.address, remote_id)

    def advance(self, seconds: float) -> None:
        clock.sleep(seconds)

    def expire_history(self) -> None:
        self.sandbox.expire_history(self.address)

    def enforce_quota(self) -> None:
        self.sandbox.change_settings(quota_profile="new")

    def used(self) -> int:
        return self.sandbox.quota.units[self.address]

    def rejected(self) -> int:
        return self.sandbox.quota.rejected[self.address]

    def break_down(self, fault: str, times: int | None = None, *, inside: bool = False) -> None:
        self.sandbox.faults.add(fault, times, path="/users/me/messages/" if inside else "")

    def mend(self) -> None:
        self.sandbox.faults.clear()

    def revoke(self) -> None:
        self.sandbox.revoke(self.address)

    def expire_token(self) -> None:
        tokens.expire_access_tokens(self.sandbox, self.account.id)

    def untick(self) -> None:
        self.tokens = self._grant(frozenset({"openid", "email"}))

    def secrets(self) -> list[str]:
        return [self.tokens.access_token, self.tokens.refresh_token, CLIENT.client_secret]


class InGmail:
    """Each contract has a class of its own: some of their promises have the same name."""

    @pytest.fixture
    def world(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[GmailWorld]:
        monkeypatch.setattr(calls, "PAGE", GmailWorld.page_size)
        made = GmailWorld()
        yield made
        made.web.close()
        made.sandbox.close()


class TestReading(InGmail, ReaderContract):
    """Kept."""


class TestWriting(InGmail, WriterContract):
    """Kept."""


class TestWatching(InGmail, WatcherContract):
    """Kept."""


class TestSending(InGmail, SenderContract):
    """Kept."""
