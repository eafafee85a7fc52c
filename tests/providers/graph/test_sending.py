"""What only Microsoft's way of sending has."""

import email
import itertools
from collections.abc import Iterator
from datetime import timedelta
from email import policy
from typing import Any

import pytest

from mailweave.kit import clock
from mailweave.mime.compose import File
from mailweave.providers.base import Sent, Untraced
from mailweave.providers.errors import InDoubt, RateLimited, Refused, SendAsDenied, Unavailable
from mailweave.providers.graph import drafts
from mailweave.providers.graph.skeleton import split
from sandbox.microsoft import delegates
from tests.providers import post
from tests.providers.contract import NOW
from tests.providers.contract_sending import BEN, attached, deliver, letter, with_file
from tests.providers.test_graph import SUPPORT, GraphWorld, SharedWorld

SWITCHES = ("graph_new_sent_ids", "graph_new_message_ids", "graph_lost_properties")


@pytest.fixture
def time() -> Iterator[None]:
    with clock.use(clock.Hands(NOW)):
        yield


@pytest.fixture
def world(time: None) -> Iterator[GraphWorld]:
    made = GraphWorld()
    yield made
    made.web.close()
    made.sandbox.close()


@pytest.fixture
def shared(time: None) -> Iterator[SharedWorld]:
    made = SharedWorld()
    yield made
    made.web.close()
    made.sandbox.close()


@pytest.mark.parametrize("on", list(itertools.product([False, True], repeat=3)))
def test_the_sent_copy_is_found_under_whatever_name(on: Any, world: GraphWorld) -> None:
    world.sandbox.change_settings(graph_sent_seconds=45, **dict(zip(SWITCHES, on, strict=True)))
    given = letter(world)
    staged = world.sender().stage(given)
    assert world.sender().release(staged) == Sent("", "", "")
    assert world.sender().fate(staged, NOW) == Untraced()
    clock.sleep(60)
    found = world.sender().fate(staged, NOW)
    assert isinstance(found, Sent)
    assert (found.message_id == given.message_id) is not on[1]
    assert (found.remote_id == staged.draft_id) is not on[0]
    assert len(world.posted(given.key)) == 1


def test_a_copy_is_found_behind_many_newer_ones(world: GraphWorld) -> None:
    world.sandbox.change_settings(graph_new_sent_ids=True, graph_lost_properties=True)
    staged = world.sender().stage(letter(world))
    world.sender().release(staged)
    for _ in range(52):
        clock.sleep(1)
        deliver(world, letter(world))
    found = world.sender().fate(staged, NOW)
    assert isinstance(found, Sent)
    assert found.message_id == staged.message_id


def test_a_copy_that_is_there_at_once_is_told_at_once(world: GraphWorld) -> None:
    given = letter(world)
    staged = world.sender().stage(given)
    sent = world.sender().release(staged)
    assert (sent.remote_id, sent.message_id) == (staged.draft_id, given.message_id)


def test_what_is_only_received_proves_that_it_was_sent(world: GraphWorld) -> None:
    given = letter(world, to=world.address)
    staged = world.sender().stage(given)
    world.sandbox.change_settings(graph_sent_seconds=3600)
    world.sender().release(staged)
    assert world.sender().fate(staged, NOW) == Sent("", "", "")


def test_a_draft_that_is_not_whole_is_thrown_away(world: GraphWorld) -> None:
    """Large files follow one by one; the key is written last."""
    given = with_file(9_000_000)
    for path in ("/createUploadSession", "/messages/"):
        world.sandbox.faults.add("lost_request", path=path, times=None, form="error")
        with pytest.raises(Unavailable):
            world.sender().stage(given)
        world.mend()
        assert world.drafts() == 1
    first = world.sender().stage(given)
    assert world.drafts() == 1
    world.sender().release(first)
    (came,) = world.came(BEN)
    assert len(attached(came)["big.bin"]) == 9_000_000


def test_a_draft_lands_in_the_bin_where_it_cannot_be_dropped(world: GraphWorld) -> None:
    staged = world.sender().stage(letter(world))
    world.sandbox.faults.add("precondition", path="/permanentDelete")
    world.sender().discard(staged)
    assert world.drafts() == 0
    assert len(post.labelled(world.sandbox, world.address, "TRASH")) == 1


def test_a_piece_that_is_lost_is_sent_again(world: GraphWorld) -> None:
    given = with_file(9_000_000)
    for kind in ("lost_request", "lost_answer"):
        world.sandbox.faults.add(kind, path="AttachmentSessions")
    staged = world.sender().stage(given)
    world.sender().release(staged)
    (came,) = world.came(BEN)
    assert attached(came)["big.bin"] == b"\x00\x01\xfe" * 3_000_000


def test_twenty_five_megabytes_and_what_lies_within(world: GraphWorld) -> None:
    given = with_file(25_000_000)
    deliver(world, given)
    (came,) = world.came(BEN)
    assert len(attached(came)["big.bin"]) == 24_999_999


def test_images_of_the_text_that_are_too_large_stay_within(world: GraphWorld) -> None:
    files = (
        File("photo.png", "image/png", b"\x89PNG" * 500_000, "photo"),
        File("überlang.bin", "application/octet-stream", b"\x01" * 1_500_000),
    )
    deliver(world, letter(world, files=files))
    (came,) = world.came(BEN)
    assert attached(came) == {one.name: one.data for one in files}
    (photo,) = [part for part in came.walk() if part.get_filename() == "photo.png"]
    assert photo["Content-ID"] == "<photo>"


def test_a_text_that_is_too_long_is_refused(
    world: GraphWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST", 500)
    with pytest.raises(Refused):
        world.sender().stage(letter(world))
    assert world.drafts() == 0


def test_files_come_out_of_a_message_and_nothing_else_changes() -> None:
    files = tuple(File(f"ä{n}.bin", "application/pdf", bytes([n]) * 3000 * n) for n in range(1, 4))
    given = letter(GraphWorld(), "Betreff " + "ü" * 90, files=files)
    assert split(given.raw, len(given.raw)) == (given.raw, [])
    rest, taken = split(given.raw, len(given.raw) - 10_000)
    assert [(one.name, one.data) for one in taken] == [("ä3.bin", b"\x03" * 9000)]
    assert rest.partition(b"\r\n\r\n")[0] == given.raw.partition(b"\r\n\r\n")[0]
    told = email.message_from_bytes(rest, policy=policy.default)
    assert set(attached(told)) == {"ä1.bin", "ä2.bin"}
    assert told.get_body(("html",)).get_content() == "<p>Guten Tag</p>"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("send", "sender"), [("as", None), ("behalf", f"Ana <{GraphWorld.address}>")]
)
def test_a_shared_mailbox_sends_as_itself(
    send: str, sender: str | None, shared: SharedWorld
) -> None:
    delegates.allow(shared.sandbox, SUPPORT, GraphWorld.address, send=send)
    deliver(shared, letter(shared))
    (came,) = shared.came(BEN)
    assert came["From"].addresses[0].addr_spec == SUPPORT
    assert came["Sender"] == sender


def test_who_may_not_send_as_it_is_told_whom_to_ask(shared: SharedWorld) -> None:
    delegates.allow(shared.sandbox, SUPPORT, GraphWorld.address, send="none")
    given = letter(shared)
    staged = shared.sender().stage(given)
    with pytest.raises(SendAsDenied, match="Exchange administrator"):
        shared.sender().release(staged)
    assert shared.posted(given.key) == []


def test_a_mailbox_sends_as_another_it_was_given(world: GraphWorld) -> None:
    world.sandbox.add_account(SUPPORT, "Support", company="microsoft", shared=True)
    assert world.kind.shared
    world.tokens = world._grant(frozenset(world.kind.scopes + world.kind.shared.scopes))
    given = letter(world, sender=SUPPORT)
    with pytest.raises(SendAsDenied):
        deliver(world, given)
    delegates.allow(world.sandbox, SUPPORT, world.address, send="as")
    deliver(world, letter(world, sender=SUPPORT))
    (came,) = world.came(BEN)
    assert came["From"].addresses[0].addr_spec == SUPPORT


def test_large_files_may_be_refused_in_a_shared_mailbox(shared: SharedWorld) -> None:
    shared.sandbox.change_settings(graph_shared_uploads=False)
    with pytest.raises(Refused, match="mailbox of your own"):
        shared.sender().stage(with_file(9_000_000))


def test_a_mailbox_that_was_closed_sends_nothing(shared: SharedWorld) -> None:
    staged = shared.sender().stage(letter(shared))
    delegates.allow(shared.sandbox, SUPPORT, GraphWorld.address, "none")
    with pytest.raises(Exception, match="does not open"):
        shared.sender().release(staged)


def test_pieces_go_to_microsoft_only(world: GraphWorld) -> None:
    client = world.sender().client  # type: ignore[attr-defined]
    for url in (
        "https://evil.example/api/v2.0/x",
        "https://outlook.office.com.evil.example/x",
        "https://outlook.office.com@evil.example/x",
        "http://outlook.office.com/x",
        "https://[/x",
    ):
        with pytest.raises(Unavailable):
            client.upload(url, b"x", "bytes 0-0/1")


def test_so_many_a_minute(world: GraphWorld) -> None:
    world.sandbox.change_settings(graph_sends_a_minute=1)
    deliver(world, letter(world))
    staged = world.sender().stage(letter(world))
    with pytest.raises(RateLimited) as caught:
        world.sender().release(staged)
    assert caught.value.retry_at - NOW == timedelta(seconds=30)
    clock.sleep(61)
    world.sender().release(staged)


def test_a_strange_success_is_in_doubt(world: GraphWorld) -> None:
    """An answer of 200 to what is answered 202 was seen where nothing had been sent."""
    staged = world.sender().stage(letter(world))
    world.sandbox.faults.add("html", path="/send")
    with pytest.raises(InDoubt):
        world.sender().release(staged)


def test_aliases_are_told(world: GraphWorld) -> None:
    delegates.add_alias(world.sandbox, world.address, "a.ng@example.com")
    own, alias = world.sender().identities()
    assert (own.address, own.name, own.is_default) == (world.address, "Ana", True)
    assert (alias.address, alias.is_primary, alias.ready) == ("a.ng@example.com", False, True)
    deliver(world, letter(world, sender="a.ng@example.com"))
    (came,) = world.came(BEN)
    assert came["From"].addresses[0].addr_spec == "a.ng@example.com"
