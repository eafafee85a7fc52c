"""What only Gmail's way of sending has."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mailweave.kit import clock
from mailweave.providers.base import Letter, Sent, Untraced, Waiting
from mailweave.providers.errors import RateLimited, Refused, SendAsDenied, Unavailable
from mailweave.providers.gmail.uploads import SMALL, draft
from sandbox.google import send_as
from tests.providers.contract import NOW, listing
from tests.providers.contract_sending import BEN, attached, deliver, letter, with_file
from tests.providers.test_gmail import GmailWorld


@pytest.fixture
def world() -> Iterator[GmailWorld]:
    with clock.use(clock.Hands(NOW)):
        made = GmailWorld()
        yield made
        made.web.close()
        made.sandbox.close()


def test_a_new_message_id_is_learnt(world: GmailWorld) -> None:
    given = letter(world)
    sent = deliver(world, given)
    assert sent.message_id.endswith("@mail.gmail.com")
    assert sent.message_id != given.message_id
    assert {one.remote_id for one in listing(world.reader())} == {sent.remote_id}


def test_that_it_cannot_be_learnt_now_makes_nothing_unsent(world: GmailWorld) -> None:
    staged = world.sender().stage(letter(world))
    world.sandbox.faults.add("server_error", path="/messages/")
    sent = world.sender().release(staged)
    assert sent.remote_id
    assert sent.message_id == ""


def test_the_sent_copy_is_found_behind_newer_ones(world: GmailWorld) -> None:
    given = letter(world)
    staged = world.sender().stage(given)
    world.sender().release(staged)
    for _ in range(25):
        clock.sleep(60)
        deliver(world, letter(world))
    found = world.sender().fate(staged, NOW)
    assert isinstance(found, Sent)
    assert found.remote_id == listing(world.reader())[-1].remote_id


def test_looking_ends_where_it_is_older(world: GmailWorld) -> None:
    staged = world.sender().stage(letter(world))
    world.sender().discard(staged)
    for _ in range(35):
        deliver(world, letter(world))
    clock.sleep(10 * 3600)
    before = world.used()
    assert world.sender().fate(staged, clock.now() - timedelta(hours=1)) == Untraced()
    assert world.used() - before == 20 + 5 + 10 * 20


def test_nothing_is_untraced_while_a_look_fails(world: GmailWorld) -> None:
    staged = world.sender().stage(letter(world))
    world.sender().release(staged)
    for fault in ("server_error", "quota"):
        world.sandbox.faults.add(fault, path="/messages/")
        with pytest.raises((Unavailable, RateLimited)):
            world.sender().fate(staged, NOW)
    assert isinstance(world.sender().fate(staged, NOW), Sent)


def test_other_drafts_are_left_alone(world: GmailWorld) -> None:
    """What an earlier try left is overwritten, and only that."""
    given = letter(world)
    first = world.sender().stage(given)
    others = [world.sender().stage(letter(world)) for _ in range(5)]
    changed = Letter(given.raw.replace(b"Guten Tag", b"Guten Weg"), given.key, given.message_id)
    assert world.sender().stage(changed).draft_id == first.draft_id
    world.sender().release(first)
    (came,) = world.came(BEN)
    assert "Guten Weg" in came.as_string()
    assert all(world.sender().fate(one, NOW) == Waiting() for one in others)


@pytest.mark.parametrize(("size", "kind"), [(SMALL, "application/json"), (SMALL + 1, "multipart")])
def test_what_is_large_is_uploaded(size: int, kind: str) -> None:
    assert draft(b"x" * size, "t1")[0].startswith(kind)


def test_twenty_five_megabytes(world: GmailWorld) -> None:
    given = with_file(25_000_000)
    assert len(given.raw) > 33_000_000
    deliver(world, given)
    (came,) = world.came(BEN)
    assert len(attached(came)["big.bin"]) == 24_999_999


def test_the_days_letters_are_all_sent(world: GmailWorld) -> None:
    world.sandbox.change_settings(gmail_sends_a_day=1)
    deliver(world, letter(world))
    staged = world.sender().stage(letter(world))
    with pytest.raises(RateLimited) as caught:
        world.sender().release(staged)
    assert caught.value.retry_at - NOW == timedelta(hours=1)


def test_nobody_is_written_to(world: GmailWorld) -> None:
    raw = b"From: ana@example.com\r\nSubject: x\r\n\r\nx\r\n"
    staged = world.sender().stage(Letter(raw, "k" * 32, "x@mail.example"))
    with pytest.raises(Refused):
        world.sender().release(staged)


def test_gmail_is_not_left_to_change_whom_a_letter_is_from(world: GmailWorld) -> None:
    with pytest.raises(SendAsDenied, match=r"sales@example\.com"):
        world.sender().stage(letter(world, sender="sales@example.com"))
    send_as.set_address(world.sandbox, world.address, "sales@example.com", status="pending")
    with pytest.raises(SendAsDenied, match="not verified"):
        world.sender().stage(letter(world, sender="sales@example.com"))
    assert world.drafts() == 0
    send_as.set_address(world.sandbox, world.address, "sales@example.com")
    deliver(world, letter(world, sender="Sales@example.com"))
    (came,) = world.came(BEN)
    assert came["From"].addresses[0].addr_spec.lower() == "sales@example.com"


def test_who_it_may_send_as(world: GmailWorld) -> None:
    given = ("sales@example.com", "Sales", "<b>Sales</b>")
    send_as.set_address(world.sandbox, world.address, *given, is_default=True)
    send_as.set_address(world.sandbox, world.address, "old@example.com", status="pending")
    own, old, sales = world.sender().identities()
    assert (own.address, own.is_primary, own.is_default) == (world.address, True, False)
    assert (old.ready, "Send mail as" in old.why) == (False, True)
    assert (sales.address, sales.name, sales.signature_html) == given
    assert (sales.is_default, sales.ready, sales.why) == (True, True, "")
