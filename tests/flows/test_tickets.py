"""From a customer's letter to a ticket that is answered, closed and opened again: the whole way."""

from datetime import timedelta

import pytest

from mailweave.linking import handing
from mailweave.linking.models import Handed, Link
from mailweave.records.support import processors, tickets
from mailweave.records.support.models import Processor, Reading, Ticket
from tests.flows.checks import derived, inside, poll
from tests.flows.world import World

pytestmark = pytest.mark.sql
ADA, MARA = "ada@northwind.example", "mara@acme.example"
SENT = ("SENT",)


def letter(key: str, sender: str, to: str, *, refs: str = "", more: str = "") -> bytes:
    lines = [f"From: {sender}", f"To: {to}", "Subject: The winch", f"Message-ID: <{key}@x.example>"]
    if refs:
        lines += [f"In-Reply-To: <{refs}@x.example>", f"References: <{refs}@x.example>"]
    return "\r\n".join([*lines, *([more] if more else []), "", f"Text of {key}", ""]).encode()


@pytest.fixture
def box(world: World) -> int:
    """Ada's mailbox, with an old letter, and a processor that reads what comes from now on."""
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver(ADA, letter("old", MARA, ADA))
    mailbox = world.connect(ADA)
    world.hands.at += timedelta(minutes=1)
    with inside(world):
        rule = Processor(name="Help", mailbox_id=mailbox, reopening="within", reopening_days=7)
        processors.store(rule, [])
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def come(world: World, box: int, raw: bytes, labels: tuple[str, ...] = ("INBOX", "UNREAD")) -> None:
    """Something lies in the mailbox, is fetched, and read by whoever wants it."""
    world.hands.at += timedelta(minutes=1)
    world.sandbox.deliver(ADA, raw, labels)
    poll(world, box)
    handing.work(world.member.workspace_id)


def state(world: World) -> list[tuple[str, str, int]]:
    """Each ticket: its number, its status and how much mail it has."""
    with inside(world):
        assert not Handed.objects.exists()
        derived()
        links = Link.objects.filter(kind=tickets.KIND, linked=True)
        return [
            (one.reference, one.status, links.filter(record_id=one.pk).count())
            for one in Ticket.objects.order_by("number")
        ]


def close(world: World) -> None:
    with inside(world):
        ticket = Ticket.objects.get(number=1)
        ticket.status = Ticket.Status.CLOSED
        tickets.store(ticket, world.member)


def test_a_ticket_lives(world: World, box: int) -> None:
    assert state(world) == []
    come(world, box, letter("a", MARA, ADA))
    assert state(world) == [("TKT-0001", "open", 1)]
    come(world, box, letter("b", ADA, MARA, refs="a"), SENT)
    assert state(world) == [("TKT-0001", "open", 2)]
    close(world)
    come(world, box, letter("c", MARA, ADA, refs="b", more="Auto-Submitted: auto-replied"))
    assert state(world) == [("TKT-0001", "closed", 3)]
    come(world, box, letter("d", MARA, ADA, refs="b"))
    assert state(world) == [("TKT-0001", "open", 4)]
    close(world)
    world.hands.at += timedelta(days=8)
    come(world, box, letter("e", MARA, ADA, refs="d"))
    assert state(world) == [("TKT-0001", "closed", 4), ("TKT-0002", "open", 1)]
    with inside(world):
        first, second = Ticket.objects.order_by("number")
        assert first.first_response_at
        assert second.follows_id == first.pk
        outcomes = Reading.objects.order_by("pk").values_list("outcome", flat=True)
        assert list(outcomes) == ["opened", "joined", "joined", "joined", "followed"]
