"""From connecting to the last message of the past, and everything that may happen on the way."""

from mailweave.kit import scope
from mailweave.mail.models import Message, Thread
from mailweave.sync.models import Backfill
from tests.flows.world import World

ADA = "ada@northwind.example"


def letter(number: int, *, subject: str = "", refs: str = "") -> bytes:
    return (
        f"From: Mara <mara@acme.example>\r\nTo: {ADA}\r\n"
        f"Subject: {subject or f'Letter {number}'}\r\nMessage-ID: <{number}@acme.example>\r\n"
        f"Date: Mon, 02 Feb 2026 10:00:{number % 60:02} +0100\r\n{refs}\r\nText {number}\r\n"
    ).encode()


def test_everything_that_lies_in_inbox_and_sent_comes_in(world: World) -> None:
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver_many(ADA, [(letter(n), ("INBOX", "UNREAD"), None) for n in range(250)])
    world.sandbox.deliver(ADA, letter(900), labels=("SENT",))
    world.sandbox.deliver(ADA, letter(901), labels=("SPAM",))
    world.sandbox.deliver(ADA, letter(902), labels=())
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    assert world.states(mailbox) == {"stored": 251}
    with scope.workspace(world.member.workspace_id):
        assert Message.objects.count() == 251
        assert Thread.objects.count() == 251
        assert Backfill.objects.get().state == "done"
