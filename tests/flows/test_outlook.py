"""An Outlook mailbox from its past to its last change, and beside a colleague's Gmail."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.mail.models import Copy, Folder, Message, Part, Thread
from mailweave.providers.graph import calls, client
from mailweave.providers.graph.calls import Call
from mailweave.sync import fetching
from mailweave.sync.models import Sync
from tests.flows.checks import derived, inside, poll, sync_of
from tests.flows.test_attachments import LETTER
from tests.flows.test_backfill import ADA, letter
from tests.flows.world import World
from tests.makers import signed_in

BEN = "ben@northwind.example"
KEPT = {"INBOX", "SENT"}
State = tuple[bool, bool, str]


@pytest.fixture
def box(world: World) -> int:
    """Ben's mailbox at Microsoft, with thirty letters, all taken in."""
    world.sandbox.add_account(BEN, "Ben", company="microsoft")
    world.sandbox.deliver_many(BEN, [(letter(n), ("INBOX", "UNREAD"), None) for n in range(30)])
    mailbox = world.connect(BEN)
    world.backfill(mailbox)
    world.work(mailbox)
    return mailbox


def there(world: World, address: str = BEN) -> dict[str, set[str]]:
    """The labels of every message of a sandbox mailbox, by its Message-ID."""
    account = world.sandbox.account(address).id
    with world.sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT m.message_id, l.label FROM messages m LEFT JOIN message_labels l"
            " ON l.account = m.account AND l.message = m.id WHERE m.account = ?",
            (account,),
        ).fetchall()
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["message_id"].strip("<>"), set()).add(row["label"])
    return found


def here(world: World, box: int, state: str = "stored") -> dict[str, State]:
    """Seen, flagged and the folder's name of every copy in a state, by its Message-ID."""
    with inside(world):
        names = dict(Folder.objects.filter(mailbox_id=box).values_list("remote_id", "name"))
        copies = Copy.objects.filter(mailbox_id=box, state=state).select_related("message")
        return {
            copy.message.message_id: (copy.seen, copy.flagged, names[copy.folder_ids[0]])
            for copy in copies
        }


def exact(world: World, box: int) -> None:
    """What we have of the mailbox is what it has: the same mail, once, as it is now."""
    kept = {key: labels for key, labels in there(world).items() if labels & KEPT}
    ours = {key: state for key, state in here(world, box).items() if state[2] in NAMES}
    assert ours == {
        key: (
            "UNREAD" not in labels,
            "STARRED" in labels,
            "Sent Items" if "SENT" in labels else "Inbox",
        )
        for key, labels in kept.items()
    }
    assert world.states(box).keys() <= {"stored", "gone", "skipped"}
    with inside(world):
        derived()


NAMES = {"Inbox", "Sent Items"}


def ids(world: World, numbers: Sequence[int]) -> list[str]:
    """The sandbox's ids of these letters."""
    account = world.sandbox.account(BEN).id
    with world.sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT id, message_id FROM messages WHERE account = ?", (account,)
        ).fetchall()
    by = {row["message_id"].strip("<>"): f"{row['id']:x}" for row in rows}
    return [by[f"{number}@acme.example"] for number in numbers]


def test_the_past_of_inbox_and_sent_comes_in(world: World) -> None:
    world.sandbox.add_account(BEN, "Ben", company="microsoft")
    world.sandbox.deliver_many(BEN, [(letter(n), ("INBOX", "UNREAD"), None) for n in range(150)])
    for number, folder in enumerate(("SENT", "SPAM", "TRASH", "DRAFT", "ARCHIVE", "Projects")):
        world.sandbox.deliver(BEN, letter(900 + number), labels=(folder,))
    mailbox = world.connect(BEN)
    world.backfill(mailbox)
    world.work(mailbox)
    exact(world, mailbox)
    assert len(here(world, mailbox)) == 151


def test_everything_that_happens_is_followed(world: World, box: int) -> None:
    exact(world, box)
    sandbox = world.sandbox
    sandbox.modify(BEN, ids(world, [0, 1, 2]), remove=["UNREAD"])
    sandbox.modify(BEN, ids(world, [3]), add=["STARRED"])
    sandbox.trash(BEN, ids(world, [4]))
    sandbox.delete(BEN, ids(world, [5, 6]))
    sandbox.modify(BEN, ids(world, [7]), add=["Projects"])
    there_and_back = ids(world, [8])
    sandbox.modify(BEN, there_and_back, add=["Projects"])
    sandbox.modify(BEN, there_and_back, add=["INBOX"])
    sandbox.deliver(BEN, letter(100))
    sandbox.deliver(BEN, letter(101), labels=("SENT",))
    sandbox.deliver(BEN, letter(102), labels=("SPAM",))
    poll(world, box)
    exact(world, box)
    assert here(world, box)["7@acme.example"][2] == "Projects"
    assert set(here(world, box, "gone")) >= {"5@acme.example", "6@acme.example"}
    sandbox.modify(BEN, ids(world, [102, 7]), add=["INBOX"])
    poll(world, box)
    exact(world, box)
    with inside(world):
        assert Message.objects.count() == 33


@pytest.mark.parametrize(
    "oddity",
    [
        "delta_partial",
        "delta_duplicate",
        "delta_replay",
        "delta_changed",
        "delta_lost_return",
        "empty_page",
    ],
)
def test_the_oddities_of_its_changes_change_nothing(world: World, box: int, oddity: str) -> None:
    world.sandbox.faults.add(oddity, times=None)
    sandbox = world.sandbox
    sandbox.modify(BEN, ids(world, [0, 1]), remove=["UNREAD"])
    moved = ids(world, [2])
    sandbox.modify(BEN, moved, add=["Projects"])
    sandbox.modify(BEN, moved, add=["INBOX"])
    sandbox.modify(BEN, ids(world, [3]), add=["Projects"])
    sandbox.delete(BEN, ids(world, [4]))
    sandbox.deliver(BEN, letter(100))
    poll(world, box)
    world.sandbox.faults.clear()
    sandbox.modify(BEN, ids(world, [5]), remove=["UNREAD"])
    poll(world, box)
    exact(world, box)


def test_a_lost_place_is_repaired(world: World, box: int) -> None:
    sandbox = world.sandbox
    sandbox.modify(BEN, ids(world, [0, 1]), remove=["UNREAD"])
    sandbox.delete(BEN, ids(world, [2]))
    sandbox.deliver(BEN, letter(100))
    sandbox.faults.add("delta_expired")
    poll(world, box)
    assert sandbox.faults.listed() == []
    exact(world, box)
    sandbox.deliver(BEN, letter(101))
    poll(world, box)
    exact(world, box)
    sync = sync_of(world, box)
    assert (sync.problem, sync.reconcile_cursor, sync.following_since) == ("", "", None)


@pytest.mark.parametrize(
    "fault", ["next_foreign", "html", "malformed", "empty_error", "folder_gone"]
)
def test_bad_answers_are_said_and_lose_nothing(world: World, box: int, fault: str) -> None:
    world.sandbox.faults.add(fault, times=None, path="/delta")
    world.sandbox.modify(BEN, ids(world, [0]), remove=["UNREAD"])
    world.sandbox.deliver_many(BEN, [(letter(100 + n), ("INBOX",), None) for n in range(3)])
    poll(world, box)
    world.sandbox.faults.clear()
    for _ in range(3):
        poll(world, box)
    exact(world, box)
    assert sync_of(world, box).problem == ""


def test_a_clock_five_minutes_off(world: World) -> None:
    world.sandbox.add_account(BEN, "Ben", company="microsoft")
    world.sandbox.deliver(BEN, letter(1))
    world.sandbox.faults.add("clock_skew", times=None, seconds=-300)
    mailbox = world.connect(BEN)
    world.work(mailbox)
    world.sandbox.deliver(BEN, letter(2))
    poll(world, mailbox)
    assert "2@acme.example" in here(world, mailbox)


def pretty(number: int) -> bytes:
    """A letter in text and HTML, of which Microsoft hands out the HTML only, tidied up."""
    plain, _, _ = letter(number).partition(b"\r\n\r\n")
    return (
        plain
        + b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nThe offer: *1,200* EUR\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<p>The offer: <b>1,200</b>&nbsp;EUR</p>\r\n--b--\r\n"
    )


def test_a_mail_at_two_companies_is_one_message(world: World, box: int) -> None:
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.deliver_many(ADA, [(letter(n), ("INBOX",), None) for n in range(20, 40)])
    for address in (ADA, BEN):
        world.sandbox.deliver(address, pretty(500), ("INBOX",))
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    poll(world, box)
    with inside(world):
        assert (Message.objects.count(), Thread.objects.count()) == (41, 41)
        assert Copy.objects.filter(message__message_id="500@acme.example").count() == 2
        both = Message.objects.filter(message_id="25@acme.example").get()
        copies = Copy.objects.filter(message=both).order_by("mailbox_id")
        assert [one.mailbox_id for one in copies] == [box, mailbox]
        assert {one.thread_id for one in copies} == {both.thread_id}
        assert [one.seen for one in copies] == [False, True]
        derived()


@pytest.mark.parametrize("first", [ADA, BEN])
def test_an_attachment_comes_through_whichever_copy_there_is(world: World, first: str) -> None:
    world.sandbox.add_account(ADA, "Ada")
    world.sandbox.add_account(BEN, "Ben", company="microsoft")
    boxes = {}
    for address in sorted((ADA, BEN), key=lambda one: one != first):
        world.sandbox.deliver(address, LETTER)
        boxes[address] = world.connect(address)
        world.backfill(boxes[address])
        world.work(boxes[address])
    with inside(world):
        part = Part.objects.get()
        assert Copy.objects.filter(message_id=part.message_id, state="stored").count() == 2
    for other in (ADA, BEN):
        with inside(world):
            Copy.objects.update(state="stored")
            Copy.objects.filter(mailbox_id=boxes[other]).update(state="gone")
        answer: Any = signed_in(world.member).get(f"/mail/attachments/{part.pk}/")
        assert b"".join(answer.streaming_content) == b"%PDF-1.4 terms"


def test_what_was_spent_is_booked_in_requests(world: World, box: int) -> None:
    with scope.workspace(world.member.workspace_id):
        spent = Sync.objects.get(mailbox_id=box).units_spent
    proofs = 2  # asked at connecting, before there was a mailbox to book them for
    assert spent + proofs == world.sandbox.quota.calls[BEN]


def test_threads_all_through_the_past_cost_no_more_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages go by time: to ask for a thread's older parts with its newest would read strangers."""
    monkeypatch.setattr(fetching, "FIRST", 8)
    monkeypatch.setattr(fetching, "BATCH", 16)
    monkeypatch.setattr(client, "SHARD", 8)
    asked: Counter[str] = Counter()
    for name in ("messages", "message"):
        monkeypatch.setattr(calls, name, _counted(asked, name, getattr(calls, name)))
    world.sandbox.add_account(BEN, "Ben", company="microsoft")
    for number in range(64):
        root = number * number % 37 % 16 if number >= 16 else number
        refs = f"References: <{root}@acme.example>\r\n" if number >= 16 else ""
        raw = letter(number, subject=f"Talk {root}", refs=refs)
        moment = datetime(2026, 2, 2, 10, number % 60, number // 60, tzinfo=UTC)
        world.sandbox.deliver_many(BEN, [(raw, ("INBOX",), moment)])
    mailbox = world.connect(BEN)
    world.backfill(mailbox)
    world.work(mailbox)
    with inside(world):
        assert Thread.objects.count() == 16
        assert Copy.objects.filter(state="stored").count() == 64
    assert asked == {"messages": 64 / 8}


def _counted(asked: Counter[str], name: str, does: Callable[..., Call]) -> Callable[..., Call]:
    def count(*given: Any, **named: Any) -> Call:
        asked[name] += 1
        return does(*given, **named)

    return count
