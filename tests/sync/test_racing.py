"""Two at once: mailboxes storing the same mail, and addresses that come while mail is stored."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from mailweave.kit import scope
from mailweave.linking import addresses, matching, relinking
from mailweave.linking.models import Link
from mailweave.mail import store
from mailweave.mail.models import Copy, Mailbox, Message, Thread
from mailweave.people.models import Membership
from tests.flows.checks import derived
from tests.makers import make_member
from tests.makers_arrivals import ADA, BOB, MARA, fetch, put, together

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]


def at_once(*works: Callable[[], None]) -> None:
    """Run these in threads that begin together; whatever one raises is raised here."""
    start, failed = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], None]) -> None:
        try:
            start.wait(10)
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    for error in failed:
        raise error


@pytest.fixture
def workspace_id() -> int:
    return make_member().workspace_id


def make_boxes(workspace_id: int, count: int) -> list[int]:
    with scope.workspace(workspace_id):
        owner = Membership.objects.get().user_id
        return [
            Mailbox.objects.create(
                kind="gmail", owner_id=owner, address=f"{n}@h.example", remote_account_id=str(n)
            ).pk
            for n in range(count)
        ]


def test_mailboxes_that_store_the_same_conversations(workspace_id: int) -> None:
    boxes = make_boxes(workspace_id, 4)
    letters = [
        fetch(f"k{n}", MARA if n % 2 else BOB, [ADA, BOB, MARA], refs=[f"k{n - 3}"], text="x")
        for n in range(24)
    ]

    def work(number: int) -> Callable[[], None]:
        def run() -> None:
            mine = letters if number % 2 else letters[::-1]
            for begin in range(0, len(mine), 6):
                with scope.workspace(workspace_id):
                    put(boxes[number], *mine[begin : begin + 6])

        return run

    at_once(*map(work, range(4)))
    with scope.workspace(workspace_id):
        assert Message.objects.count() == 24
        assert Copy.objects.count() == 4 * 24
        assert together() == sorted(
            sorted(f"k{n}" for n in range(first, 24, 3)) for first in range(3)
        )
        assert Thread.objects.count() == 3
        derived()


@pytest.mark.parametrize("first", ["mail", "address"])
def test_an_address_that_comes_while_mail_is_stored(
    workspace_id: int, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each looks before the other has committed, if it may; one of them has to link the mail."""
    (box,) = make_boxes(workspace_id, 1)
    inside, go_on = threading.Event(), threading.Event()

    def pausing(good: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any) -> Any:
            found = good(*args)
            inside.set()
            go_on.wait(1)
            return found

        return watched

    def mail() -> None:
        if first != "mail":
            inside.wait(5)
        with scope.workspace(workspace_id):
            put(box, fetch("a", MARA, [ADA]))

    def address() -> None:
        if first != "address":
            inside.wait(5)
        with scope.workspace(workspace_id):
            addresses.set_addresses("test.thing", 1, [(MARA, "primary")])
        go_on.set()

    if first == "mail":
        monkeypatch.setattr(matching, "link", pausing(matching.link))
    else:
        pausing_address = pausing(relinking.relink_addresses)
        monkeypatch.setattr(relinking, "relink_addresses", pausing_address)
    at_once(mail, address)
    with scope.workspace(workspace_id):
        assert Link.objects.get().reason == "sender"
        assert Message.objects.get().linked


def test_holding_twice_is_no_deadlock(workspace_id: int) -> None:
    with scope.workspace(workspace_id):
        store.hold()
        store.hold()
