"""Sync now, from the button to the toast: what came, or exactly what was in the way."""

import re
from typing import Any

import httpx2
import pytest
from django.test import Client

from mailweave.sync import arrivals, changes, fetching, hands
from tests.flows.checks import poll, sync_of
from tests.flows.test_backfill import ADA, letter
from tests.flows.test_trouble import slice_
from tests.flows.world import World
from tests.makers import signed_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def box(world: World, settings: Any) -> int:
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver_many(ADA, [(letter(n), ("INBOX",), None) for n in range(3)])
    mailbox = world.connect(ADA)
    world.work(mailbox)
    world.hands.advance(60)
    return mailbox


class Card:
    """A mailbox's card in an open page: what it showed is sent along when it looks again."""

    def __init__(self, world: World, box: int) -> None:
        self.browser: Client = signed_in(world.member)
        self.path = f"/settings/integrations/mailboxes/{box}"
        self.asked = "0"

    def press(self) -> list[str]:
        return self._read(self.browser.post(f"{self.path}/sync/", headers=HTMX))

    def look(self) -> list[str]:
        given = {"asked": self.asked}
        return self._read(self.browser.get(f"{self.path}/card/", given, headers=HTMX))

    def _read(self, answer: Any) -> list[str]:
        """The toasts that came with it."""
        assert answer.status_code == 200
        self.text = answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"')
        found = re.search(r'"asked": "(\d)"', self.text)
        assert found
        self.asked = found[1]
        return re.findall(r'class="toast"[^>]*>\s*<span>([^<]*)</span>', self.text)


@pytest.fixture
def card(world: World, box: int) -> Card:
    return Card(world, box)


def offline(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("no route")


@pytest.mark.parametrize(
    ("fault", "options", "words"),
    [
        ("server_error", {}, "Gmail answered 503. We try again. Next try at 10:0"),
        ("reset", {}, "Gmail cannot be reached"),
        ("html", {}, "Gmail's answer cannot be read"),
        ("malformed", {}, "Gmail's answer cannot be read"),
        ("retry_after", {"seconds": 600}, "Gmail asks us to wait. Next try at 10:1"),
        ("quota", {}, "Gmail's quota for this minute is spent. Next try at 10:0"),
    ],
)
def test_the_first_refusal_is_told_as_it_is(
    world: World, box: int, card: Card, fault: str, options: dict[str, Any], words: str
) -> None:
    world.sandbox.faults.add(fault, times=None, path="/gmail/", **options)
    assert card.press() == []
    assert "Syncing…" in card.text
    slice_(world, box)
    (toast,) = card.look()
    assert toast.startswith(f"{ADA}: ")
    assert words in toast
    assert "nothing is lost" in toast
    assert card.look() == [], "told once"


def test_offline_is_told_as_such(
    world: World, box: int, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.press()
    with monkeypatch.context() as patch:
        patch.setattr(hands, "NETWORK", httpx2.MockTransport(offline))
        slice_(world, box)
    (toast,) = card.look()
    assert "Gmail cannot be reached" in toast
    assert "We try again." in toast
    assert 'data-h="healthy"' in card.text, "one failure is none yet"


def test_a_revoked_grant_is_told_as_such(world: World, box: int, card: Card) -> None:
    world.sandbox.revoke(ADA)
    world.hands.advance(3600)
    card.press()
    slice_(world, box)
    (toast,) = card.look()
    assert "Reconnect to resume" in toast
    assert "The permission has ended" in toast


def test_what_came_is_counted(world: World, box: int, card: Card) -> None:
    world.sandbox.deliver(ADA, letter(10))
    world.sandbox.deliver(ADA, letter(11))
    card.press()
    world.work(box)
    assert card.look() == [f"{ADA}: 2 new, 0 changed."]
    card.press()
    world.work(box)
    assert card.look() == [f"Nothing new in {ADA}."]


@pytest.mark.parametrize("moment", ["follow", "fetch", "receive"])
def test_pressed_again_before_the_answer_all_that_came_is_told(
    world: World, box: int, card: Card, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """While changes are read, while new mail is fetched, while it is stored."""
    where = {"follow": changes, "fetch": fetching, "receive": arrivals}[moment]
    does, times = getattr(where, moment), iter([1])

    def again(*given: Any, **more: Any) -> Any:
        if next(times, 0):
            world.hands.advance(1)
            assert card.press() == []
        return does(*given, **more)

    world.sandbox.deliver(ADA, letter(10))
    card.press()
    with monkeypatch.context() as patch:
        patch.setattr(where, moment, again)
        world.work(box)
    assert card.look() == [f"{ADA}: 1 new, 0 changed."]


def test_a_poll_counts_for_itself(world: World, box: int, card: Card) -> None:
    world.sandbox.deliver(ADA, letter(10))
    poll(world, box)
    poll(world, box)
    assert sync_of(world, box).last_new == 0
    card.look()
    assert "0 new, 0 changed" in card.text


def test_who_reconnects_hears_of_what_came_since(world: World, box: int, card: Card) -> None:
    world.sandbox.deliver(ADA, letter(10))
    poll(world, box)
    world.connect(ADA)
    world.work(box)
    assert sync_of(world, box).last_new == 0


def test_without_a_worker_the_card_says_so_whatever_else_it_says(
    world: World, box: int, card: Card
) -> None:
    world.hands.advance(26 * 3600)
    card.press()
    world.hands.advance(61)
    assert card.look() == []
    assert 'data-h="stale"' in card.text
    assert "Is a worker running?" in card.text
