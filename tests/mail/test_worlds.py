"""In any small archive, everybody's lists are what the rules say, page by page."""

from collections.abc import Callable
from itertools import product

import pytest

from mailweave.linking import history
from mailweave.mail import inbox, opening, reading, rows, search
from mailweave.mail.inbox import Filters
from mailweave.mail.rows import ThreadPage
from mailweave.people.models import User
from tests import database
from tests.mail import worlds
from tests.mail.naive import Eyes
from tests.makers_mail import KIND, Archive, MessageFact, eyes

pytestmark = pytest.mark.sql
SEEDS = range(database.fewer(6))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_read_follows_the_rules(seed: int, archive: Archive, sam: User, kim: User) -> None:
    worlds.fill(archive, [sam, kim], seed)
    for check_one in (lists, lists_by_address, searches, histories, threads):
        check_one(archive, sam, kim)


def leaf(ask: Callable[[str | None], ThreadPage]) -> list[rows.ThreadRow]:
    """Every line of a list, by its pages."""
    found: list[rows.ThreadRow] = []
    after: str | None = None
    for _ in range(100):
        page = ask(after)
        found += page.rows
        after = page.next
        if after is None:
            return found
    raise AssertionError("the list does not end")


def ids(lines: list[rows.ThreadRow]) -> list[int]:
    return [line.thread_id for line in lines]


def lists(world: Archive, sam: User, kim: User) -> None:
    for user in (sam, kim):
        naive, viewer = Eyes(world, user.pk), eyes(user)
        for box, unread in product([None, *naive.boxes()], [False, True]):
            filters = Filters(mailbox_id=box, unread=unread)
            lines = leaf(lambda after, f=filters, v=viewer: inbox.page(v, f, after, 2))
            assert ids(lines) == naive.inbox(box, unread=unread)
            for line in lines:
                check(line, naive, naive.scope(box, unread=unread))


def lists_by_address(world: Archive, sam: User, kim: User) -> None:
    for user, address, unread in product((sam, kim), worlds.PEOPLE, (False, True)):
        naive, viewer = Eyes(world, user.pk), eyes(user)
        for box in (None, *naive.boxes()):
            filters = Filters(mailbox_id=box, address=address, unread=unread)
            lines = leaf(lambda after, f=filters, v=viewer: inbox.page(v, f, after, 2))
            scope = naive.scope(box, unread=unread)
            wanted = naive.matching(lambda fact, a=address: a in fact.people, scope, unread=unread)
            assert ids(lines) == wanted


def searches(world: Archive, sam: User, kim: User) -> None:
    first, second = worlds.WORDS[:2]
    asked: dict[str, Callable[[str], bool]] = {
        first: lambda text: first in text,
        f"{first} {second}": lambda text: first in text and second in text,
        f'"{first} {second}"': lambda text: f"{first} {second}" in text,
        f"{first} or {second}": lambda text: first in text or second in text,
        f"{first} -{second}": lambda text: first in text and second not in text,
        "ann@client.example": lambda text: "ann@client.example" in text,
        f"bob {first}": lambda text: "bob" in text and first in text,
    }
    for user, (text, holds) in product((sam, kim), asked.items()):
        naive, viewer = Eyes(world, user.pk), eyes(user)
        for box, unread in ((None, False), (None, True), *((pk, False) for pk in naive.boxes())):
            filters = Filters(mailbox_id=box, unread=unread)
            lines = leaf(lambda a, t=text, f=filters, v=viewer: search.search(v, t, f, a, 2))

            def wanted(fact: MessageFact, holds=holds, naive=naive) -> bool:
                return holds(naive.readable(fact))

            scope = naive.scope(box, unread=unread)
            assert ids(lines) == naive.matching(wanted, scope, unread=unread), (text, filters)


def histories(world: Archive, sam: User, kim: User) -> None:
    for user, records in product((sam, kim), ([1], [2], [1, 2], [3])):
        naive, viewer = Eyes(world, user.pk), eyes(user)
        asked = [(KIND, pk) for pk in records]
        for limit in (1, 2, 50):
            lines = leaf(lambda a, v=viewer, r=asked, n=limit: history.threads_of(v, r, a, n))
            assert ids(lines) == naive.history(records)
        for line in lines:
            check(line, naive, naive.boxes(), naive.about(records))


def threads(world: Archive, sam: User, kim: User) -> None:
    for user, thread_id in product((sam, kim), {m.thread_id for m in world.messages.values()}):
        naive, viewer = Eyes(world, user.pk), eyes(user)
        visible = [one for one in world.of(thread_id) if naive.level(one)]
        if not visible:
            with pytest.raises(reading.NotFound):
                opening.open_thread(viewer, thread_id)
            continue
        view = opening.open_thread(viewer, thread_id)
        wanted = sorted(visible, key=lambda one: (one.at, one.id))
        assert [(m.id, m.level) for m in view.messages] == [(w.id, naive.level(w)) for w in wanted]
        for message in view.messages:
            fact = world.messages[message.id]
            assert message.subject == (fact.subject if message.level >= 2 else None)
            assert message.preview == (fact.text if message.level >= 3 else None)


def check(
    line: rows.ThreadRow,
    naive: Eyes,
    scope: set[int],
    wanted: Callable[[MessageFact], bool] = lambda fact: True,
) -> None:
    """A line says of its thread what the viewer may know, no more and no less."""
    facts = [
        one for one in naive.archive.of(line.thread_id) if naive.shown(one, scope) and wanted(one)
    ]
    facts.sort(key=lambda one: (one.at, one.id), reverse=True)
    newest, level = facts[0], naive.level(facts[0])
    assert (line.last_at, line.direction, line.level) == (newest.at, newest.direction, level)
    assert line.subject == (newest.subject if level >= 2 else None)
    assert line.preview == (newest.text if level >= 3 else None)
    assert line.message_count == len(facts)
    own = naive.boxes(own=True)
    assert line.unread_count == sum(naive.unread(one, own) for one in facts)
    senders = list(dict.fromkeys(one.sender for one in facts))[:3]
    assert [one.address for one in line.people] == senders
    assert set(line.mailbox_ids) >= {box for one in facts for box in naive.levels(one)} & scope
