"""Find my missing mail: each way a message can be missing is explained, and can be ended."""

from typing import Any

import pytest
from django.test import Client

from mailweave.linking import addresses
from mailweave.mail.models import Copy, NeverSync
from mailweave.providers.base import Sought
from mailweave.sync import tracing
from mailweave.sync.models import Sync
from mailweave.sync.tracing import There
from tests.flows.checks import copies, inside, poll
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import World
from tests.makers import make_member, signed_in
from tests.web.test_mailboxes import text_of

EVA = "eva@northwind.example"


@pytest.fixture
def box(world: World, settings: Any) -> int:
    settings.PROVIDER_UNITS_PER_MINUTE = {"gmail": 0, "outlook": 0}
    world.sandbox.change_settings(quota_profile="off")
    world.sandbox.add_account(ADA, "Ada")
    for number in range(3):
        world.sandbox.deliver(ADA, letter(number))
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def ask(world: World, mailbox: int, text: str, by: str = "") -> list[There]:
    return tracing.ask(world.member.workspace_id, mailbox, tracing.read(text, by))


def browser(world: World) -> Client:
    return signed_in(world.member)


def take(world: World, mailbox: int, remote_id: str) -> None:
    answer = browser(world).post(
        "/mail/find/take/", {"mailbox": mailbox, "remote_id": remote_id, "remote_thread_id": ""}
    )
    assert answer.status_code == 302
    world.work(mailbox)


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (("SPAM",), "Spam is not taken in."),
        (("TRASH",), "Deleted mail is not taken in."),
        ((), "It is in no folder that this mailbox follows."),
    ],
)
def test_what_lies_elsewhere_is_explained_and_taken_in(
    world: World, box: int, labels: tuple[str, ...], why: str
) -> None:
    lost = world.sandbox.deliver(ADA, letter(50, subject="The lost offer"), labels=labels)
    poll(world, box)
    (one,) = ask(world, box, "<50@acme.example>")
    assert (one.remote_id, one.subject, one.sender) == (lost, "The lost offer", "Mara")
    assert (one.why, one.can_take) == (why, True)
    assert ask(world, box, "lost offer")[0].remote_id == lost
    assert lost in {one.remote_id for one in ask(world, box, "mara@acme.example")}
    take(world, box, lost)
    assert lost in copies(world, box)
    assert ask(world, box, "<50@acme.example>")[0].why == ""
    with inside(world):
        assert Copy.objects.get(remote_id=lost).asked_for


def test_what_is_older_than_the_range_is_explained_and_taken_in(world: World, box: int) -> None:
    with inside(world):
        Sync.objects.update(since=world.hands.at)
    world.hands.advance(-86400 * 30)
    lost = world.sandbox.deliver(ADA, letter(50))
    world.hands.advance(86400 * 30)
    (one,) = ask(world, box, "<50@acme.example>")
    assert (one.why, one.can_take) == ("It is older than the range that was chosen.", True)
    take(world, box, lost)
    assert lost in copies(world, box)


def test_nobody_on_a_never_sync_list_is_taken_in(world: World, box: int) -> None:
    with inside(world):
        me = world.member.user_id
        NeverSync.objects.create(
            user_id=me, made_by_id=me, kind=NeverSync.Kind.ADDRESS, value="mara@acme.example"
        )
    lost = world.sandbox.deliver(ADA, letter(50))
    (one,) = ask(world, box, "<50@acme.example>")
    assert "never-sync list" in one.why
    assert not one.can_take
    take(world, box, lost)  # whoever forges the button gains nothing
    assert lost not in copies(world, box)


def test_what_the_provider_does_not_have_either(world: World, box: int) -> None:
    assert ask(world, box, "<nowhere@acme.example>") == []
    page = browser(world).get(f"/mail/find/ask/?q=nowhere&mailbox={box}").content.decode()
    assert "does not have it either" in text_of(page)


def test_what_nobody_told_us_of_can_be_taken_in(world: World, box: int) -> None:
    lost = world.sandbox.deliver(ADA, letter(50))
    page = browser(world).get(f"/mail/find/ask/?q=<50@acme.example>&mailbox={box}")
    assert "The provider has not told us of it." in text_of(page.content.decode())
    take(world, box, lost)
    assert lost in copies(world, box)


def test_a_provider_that_does_not_answer_is_said(world: World, box: int) -> None:
    world.sandbox.faults.add("server_error", times=None, path="/messages")
    page = browser(world).get(f"/mail/find/ask/?q=anything&mailbox={box}")
    assert page.status_code == 200
    assert "gave no answer" in text_of(page.content.decode())
    world.sandbox.faults.clear()


def test_asking_is_booked(world: World, box: int) -> None:
    with inside(world):
        before = Sync.objects.get().units_spent
    ask(world, box, "nothing like this")
    with inside(world):
        assert Sync.objects.get().units_spent == before + 5


def test_the_story_of_a_message_that_is_here(world: World, box: int) -> None:
    with inside(world):
        addresses.set_addresses("crm.contact", 1, [("mara@acme.example", "primary")])
    shown = text_of(browser(world).get("/mail/find/?q=<1@acme.example>").content.decode())
    assert "Letter 1" in shown
    assert "Heard of 2 Mar 2026" in shown
    assert "Here, taken in" in shown
    assert "Seen by" in shown
    by_subject = browser(world).get("/mail/find/?q=letter").content.decode()
    assert [f"Letter {n}" in by_subject for n in range(3)] == [True] * 3
    with inside(world):
        remote_id = Copy.objects.filter(message__subject="Letter 2").get().remote_id
    assert "Letter 2" in browser(world).get(f"/mail/find/?q={remote_id}").content.decode()


@pytest.mark.sql
def test_outlook_is_asked_alike(world: World, box: int) -> None:
    world.sandbox.add_account(EVA, "Eva", company="microsoft")
    lost = world.sandbox.deliver(EVA, letter(70, subject="Eva's offer"), labels=("SPAM",))
    mailbox = world.connect(EVA)
    world.work(mailbox)
    for text in ("<70@acme.example>", "Eva's offer", "mara@acme.example"):
        (one,) = ask(world, mailbox, text)
        assert (one.subject, one.why) == ("Eva's offer", "Spam is not taken in."), text
    take(world, mailbox, one.remote_id)
    assert one.remote_id in copies(world, mailbox)
    assert lost


@pytest.mark.parametrize("path", ["find/ask/?q=x&mailbox={}", "find/take/"])
def test_nobody_else_asks_in_a_mailbox(world: World, box: int, path: str) -> None:
    stranger = signed_in(make_member())
    answer = (
        stranger.post("/mail/" + path, {"mailbox": box, "remote_id": "x"})
        if "take" in path
        else stranger.get("/mail/" + path.format(box))
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("text", "by", "kinds"),
    [
        ("<a@b.example>", "", ["message_id", "sender"]),
        ("Message-ID: <a@b.example>", "", ["message_id", "sender"]),
        ("a@b.example", "", ["message_id", "sender"]),
        ("Jo Ray <jo@b.example>", "", ["sender"]),
        ("The offer of May", "", ["subject"]),
        ("a@b.example", "subject", ["subject"]),
        ("<a@b.example>", "message_id", ["message_id"]),
        ("  \x00 ", "", []),
    ],
)
def test_what_was_pasted_is_understood(text: str, by: str, kinds: list[str]) -> None:
    asked = tracing.read(text, by)
    assert [one.by for one in asked] == kinds
    assert all(
        isinstance(one, Sought) and "<" not in one.text for one in asked if one.by != "subject"
    )
