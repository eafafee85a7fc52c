"""Told of new mail by the sandbox's companies, over the paths that providers know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from mailweave.sync import connecting, senders
from mailweave.sync.models import Subscription, Sync, Wakeup
from sandbox import control_notices
from sandbox.google import pubsub
from sandbox.hooks import Reply
from sandbox.postman import Postman
from tests.flows.checks import inside, sync_of
from tests.flows.test_backfill import letter
from tests.flows.world import World

SITE = "https://mail.weave.example"
BOXES = {
    "gmail": ("ada@northwind.example", "google"),
    "outlook": ("ben@northwind.example", "microsoft"),
}


@dataclass
class Told:
    """A mailbox that its company tells us of."""

    world: World
    postman: Postman
    address: str
    mailbox: int = 0

    def arrive(self, number: int) -> None:
        """A new letter at the company."""
        self.world.sandbox.deliver(self.address, letter(number))

    def tell(self) -> int:
        """Let the company say what it has to say."""
        return self.postman.work()

    def wait(self, **time: float) -> None:
        """Let workers do what falls due in this time."""
        hands, until = self.world.hands, self.world.hands.at + timedelta(**time)
        while True:
            self.world.work(self.mailbox)
            due = sync_of(self.world, self.mailbox).due_at
            if due is None or due > until:
                hands.at = max(hands.at, until)
                return
            hands.at = max(hands.at, due)

    def stored(self) -> int:
        """How many letters we have."""
        return self.world.states(self.mailbox).get("stored", 0)

    def standing(self) -> list[dict[str, Any]]:
        """What stands at the company."""
        return list(control_notices.told(self.world.sandbox)["subscriptions"])

    def rows(self) -> list[Subscription]:
        """What we believe stands."""
        with inside(self.world):
            return list(Subscription.objects.filter(mailbox_id=self.mailbox).order_by("resource"))

    def quiet(self) -> None:
        """No audit and no poll for now: only notices bring anything."""
        with inside(self.world):
            later = self.world.hands.at + timedelta(days=400)
            Sync.objects.filter(mailbox_id=self.mailbox).update(audit_at=later)


def carry(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Reply:
    """What goes over the network elsewhere."""
    del seconds
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == SITE
    given = {name.lower(): value for name, value in headers.items()}
    content_type = given.pop("content-type", "application/json")
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    answer = Client().post(path, body, content_type=content_type, headers=given)
    answered = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status_code, answered, answer.content)


@pytest.fixture(params=["gmail", "outlook"])
def told(world: World, settings: Any, request: Any) -> Iterator[Told]:
    settings.PUSH_URL = SITE
    settings.PUSH_TOPICS = {"gmail": pubsub.TOPIC}
    settings.PUSH_ACCOUNTS = {"gmail": pubsub.SIGNER}
    senders.forget()
    world.sandbox.send = carry
    pubsub.set_topic(world.sandbox, push_url=f"{SITE}/hooks/gmail/")
    address, company = BOXES[request.param]
    world.sandbox.add_account(address, "Ada", company=company)
    made = Told(world, Postman(world.sandbox), address)
    made.mailbox = world.connect(address)
    world.work(made.mailbox)
    made.quiet()
    made.tell()
    made.wait(minutes=2)
    yield made
    senders.forget()


def test_mail_arrives_without_a_poll(told: Told) -> None:
    assert {one.made_for for one in told.rows()}
    began = told.world.hands.at
    for number in range(3):
        told.arrive(number)
        assert told.tell()
        told.wait(seconds=5)
        assert told.stored() == number + 1
        told.wait(seconds=30)
    assert told.world.hands.at - began < timedelta(minutes=2)
    assert sync_of(told.world, told.mailbox).push_problem == ""


def test_what_is_lost_costs_the_time_to_the_poll(told: Told) -> None:
    told.world.sandbox.faults.add("notice_lost", times=None)
    told.arrive(1)
    told.tell()
    told.wait(minutes=50)
    assert told.stored() == 0
    told.wait(minutes=15)
    assert told.stored() == 1


def test_told_twice_or_forged(told: Told) -> None:
    told.world.sandbox.faults.add("notice_forged", times=1)
    told.arrive(1)
    told.tell()
    with inside(told.world):
        assert not Wakeup.objects.exists()
    told.world.sandbox.faults.add("notice_twice", times=3)
    told.arrive(2)
    told.wait(seconds=5)
    told.tell()
    told.wait(seconds=20)
    assert told.stored() == 2


def test_what_ended_at_the_company_without_a_word_is_made_again(told: Told) -> None:
    control_notices.retire(told.world.sandbox, told.address, {})
    assert told.standing() == []
    told.arrive(1)
    told.tell()
    told.wait(hours=25)
    assert told.stored() == 1  # by a poll
    assert len(told.standing()) == len(told.rows()) > 0
    told.arrive(2)
    told.tell()
    told.wait(seconds=30)
    assert told.stored() == 2


@pytest.mark.parametrize("told", ["outlook"], indirect=True)
@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
def test_what_microsoft_says_of_a_subscription(told: Told, event: str) -> None:
    before = {one["id"]: one["expires"] for one in told.standing()}
    told.world.hands.at += timedelta(minutes=5)
    control_notices.lifecycle(told.world.sandbox, told.address, {"event": event})
    told.wait(seconds=5)
    told.tell()
    told.wait(seconds=30)
    after = {one["id"]: one["expires"] for one in told.standing()}
    assert len(after) == len(before)
    if event == "reauthorizationRequired":
        assert after.keys() == before.keys()
        assert min(after.values()) > max(before.values())
    if event == "subscriptionRemoved":
        assert not after.keys() & before.keys()
    assert {one.remote_id for one in told.rows()} == after.keys()
    assert sync_of(told.world, told.mailbox).push_problem == ""


def test_nothing_lapses_in_three_lifetimes(told: Told) -> None:
    """Google's and Microsoft's both last for seven days at most."""
    for _ in range(21):
        told.world.hands.at += timedelta(days=1)
        told.quiet()
        told.world.work(told.mailbox)
        assert told.standing()
        assert len(told.standing()) == len(told.rows())
        left = min(one.expires_at for one in told.rows()) - told.world.hands.at
        assert left > timedelta(days=5)
    told.arrive(1)
    told.tell()
    told.wait(seconds=30)
    assert told.stored() == 1


def test_nothing_is_told_after_disconnecting(told: Told) -> None:
    connecting.disconnect(told.world.member.workspace_id, told.mailbox)
    assert told.standing() == []
    assert told.rows() == []
    told.arrive(1)
    told.tell()
    with inside(told.world):
        assert not Wakeup.objects.exists()
    assert told.world.connect(told.address) == told.mailbox
    told.wait(seconds=30)
    assert told.standing()
    assert told.stored() == 1


@pytest.mark.parametrize("told", ["gmail"], indirect=True)
def test_gmail_may_not_publish(told: Told) -> None:
    pubsub.set_topic(told.world.sandbox, push_url=f"{SITE}/hooks/gmail/", publisher=False)
    told.wait(hours=26)
    sync = sync_of(told.world, told.mailbox)
    assert sync.problem == ""
    assert "Pub/Sub Publisher" in sync.push_problem
    pubsub.set_topic(told.world.sandbox, push_url=f"{SITE}/hooks/gmail/")
    told.wait(hours=2)
    assert sync_of(told.world, told.mailbox).push_problem == ""


@pytest.mark.parametrize("told", ["outlook"], indirect=True)
def test_microsoft_cannot_reach_us(told: Told) -> None:
    def deaf(*_: object) -> Reply:
        return Reply(502)

    told.world.sandbox.send = deaf
    control_notices.retire(told.world.sandbox, told.address, {})
    told.wait(hours=25)
    sync = sync_of(told.world, told.mailbox)
    assert sync.problem == ""
    assert "Microsoft cannot reach" in sync.push_problem
    told.arrive(1)
    told.wait(minutes=6)  # polls are frequent again
    assert told.stored() == 1
    told.world.sandbox.send = carry
    told.wait(hours=2)
    assert sync_of(told.world, told.mailbox).push_problem == ""
