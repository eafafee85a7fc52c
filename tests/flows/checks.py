"""Whether what we have of a mailbox is what its provider has: the same mail, once, as it is now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from mailweave.kit import scope
from mailweave.mail.models import Copy, Message, Thread, ThreadMailbox
from mailweave.sync.models import Sync
from sandbox.state import Sandbox
from tests.flows.world import World

NEVER = {"TRASH", "SPAM", "DRAFT", "CHAT"}


POLL = timedelta(minutes=5)
"""What the policy says unless somebody chooses, where no notices come."""


def labels(sandbox: Sandbox, address: str) -> dict[str, set[str]]:
    """The labels of every message of a sandbox mailbox."""
    found: dict[str, set[str]] = {one: set() for one in sandbox.message_ids(address)}
    account = sandbox.account(address).id
    with sandbox.db.read() as connection:
        rows = connection.execute(
            "SELECT message, label FROM message_labels WHERE account = ?", (account,)
        ).fetchall()
    for row in rows:
        found[f"{row['message']:x}"].add(row["label"])
    return found


def wanted(sandbox: Sandbox, address: str) -> set[str]:
    """What a mailbox that follows Inbox and Sent must have."""
    return {
        one
        for one, named in labels(sandbox, address).items()
        if named & {"INBOX", "SENT"} and not named & NEVER
    }


def sync_of(world: World, mailbox: int) -> Sync:
    with scope.workspace(world.member.workspace_id):
        found: Sync = Sync.objects.get(mailbox_id=mailbox)
        return found


def copies(world: World, mailbox: int, state: str = "stored") -> set[str]:
    """Remote ids of a mailbox's copies in a state."""
    with scope.workspace(world.member.workspace_id):
        found = Copy.objects.filter(mailbox_id=mailbox, state=state)
        return set(found.values_list("remote_id", flat=True))


def poll(world: World, mailbox: int) -> None:
    """Let the next poll come, and everything after it; what may be gone is made sure of."""
    glance(world, mailbox)
    while missing(world, mailbox) and not sync_of(world, mailbox).problem:
        glance(world, mailbox)


def glance(world: World, mailbox: int) -> None:
    """Let the next poll come, and nothing that takes longer."""
    world.hands.at += POLL + timedelta(seconds=1)
    world.work(mailbox)


def missing(world: World, mailbox: int) -> set[str]:
    """Remote ids of the copies that may be gone."""
    with scope.workspace(world.member.workspace_id):
        found = Copy.objects.filter(mailbox_id=mailbox, missing_since__isnull=False)
        return set(found.values_list("remote_id", flat=True))


def exact(world: World, mailbox: int, address: str, *, repaired: bool = False) -> None:
    """Everything is here once, in its present state, and what is derived agrees.

    After a repair read and starred are right; the labels that say so may lag behind.
    """
    lag = {"UNREAD", "STARRED"} if repaired else set[str]()
    there = labels(world.sandbox, address)
    assert copies(world, mailbox) == wanted(world.sandbox, address)
    assert copies(world, mailbox, "listed") == copies(world, mailbox, "stuck") == set()
    assert sync_of(world, mailbox).cursor == str(world.sandbox.account(address).history_id)
    with scope.workspace(world.member.workspace_id):
        for copy in Copy.objects.filter(mailbox_id=mailbox, state="stored"):
            now = there[copy.remote_id]
            assert set(copy.folder_ids) - lag == now - lag
            assert (copy.seen, copy.flagged) == ("UNREAD" not in now, "STARRED" in now)
        derived()


def derived() -> None:
    """Threads and what lists show of them are what messages and copies say. In a workspace."""
    messages = {one.pk: one for one in Message.objects.all()}
    held = list(Copy.objects.filter(state__in=["stored", "gone"], message__isnull=False))
    assert {one.message_id for one in held} == set(messages), "a message without a copy"
    assert all(one.thread_id == messages[one.message_id].thread_id for one in held)
    for thread in Thread.objects.all():
        inside = [one for one in messages.values() if one.thread_id == thread.pk]
        assert thread.message_count == len(inside) > 0
        assert thread.last_at == max(one.sent_at for one in inside)
    rows = {(one.thread_id, one.mailbox_id): one for one in ThreadMailbox.objects.all()}
    assert rows.keys() == {(one.thread_id, one.mailbox_id) for one in held}
    for (thread_id, mailbox_id), row in rows.items():
        mine = [o for o in held if (o.thread_id, o.mailbox_id) == (thread_id, mailbox_id)]
        assert row.message_count == len({one.message_id for one in mine})
        assert row.unread_count == sum(not o.seen and o.state == "stored" for o in mine)


@contextmanager
def inside(world: World) -> Iterator[None]:
    """In the world's workspace."""
    with scope.workspace(world.member.workspace_id):
        yield


def first(world: World, mailbox: int, is_so: Callable[[], bool]) -> None:
    """Work until something is so; fails if it never is."""
    world.work(mailbox, until=is_so)
    assert is_so()
