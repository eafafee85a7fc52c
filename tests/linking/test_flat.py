"""The flat list of a record's mail: every message once, newest first, as far as one may see it."""

import random

import pytest

from mailweave.kit.errors import Expected
from mailweave.linking import flat, links
from mailweave.linking.flat import MessageRow, Way
from mailweave.linking.models import Link
from mailweave.mail.models import Message
from mailweave.people.models import User
from tests import database
from tests.mail.naive import Eyes
from tests.makers_mail import KIND, Archive, eyes

pytestmark = pytest.mark.sql
ONE = [(KIND, 1)]


def walk(
    user: User, way: Way = "", records: list[tuple[str, int]] = ONE, limit: int = 3
) -> list[MessageRow]:
    """All pages, one after the other."""
    page = flat.messages_of(eyes(user), records, way, limit=limit)
    found = list(page.rows)
    while page.next:
        page = flat.messages_of(eyes(user), records, way, page.next, limit)
        found += page.rows
    return found


@pytest.mark.parametrize("seed", range(database.fewer(4)))
@pytest.mark.parametrize("way", ["", "in", "out"])
def test_it_is_what_the_rules_say(
    archive: Archive, sam: User, kim: User, lee: User, seed: int, way: Way
) -> None:
    dice = random.Random(seed)
    sharings = dice.sample(["full", "subject", "metadata", "private"], 3)
    boxes = [archive.mailbox(u, s) for u, s in zip((sam, kim, lee), sharings, strict=True)]
    threads = [archive.thread() for _ in range(8)]
    archive.record_address(1, "ann@client.example")
    for _ in range(40):
        sender = dice.choice(["ann@client.example", "bob@else.example"])
        pk = archive.message(
            dice.choice(threads),
            minute=dice.randrange(25),
            sender=sender,
            to=[dice.choice(["us@home.example", "ann@client.example"])],
            direction=dice.choice(["in", "out"]),
        )
        for box in dice.sample(boxes, dice.choice([1, 1, 2])):
            archive.copy(pk, box, state=dice.choice(["stored", "stored", "gone"]))
        if dice.random() < 0.5:
            decided = dice.random() < 0.4
            archive.link(pk, 1, linked=not decided or dice.random() < 0.5, pinned=decided)
    archive.settle()
    for user in (sam, kim, lee):
        seen = Eyes(archive, user.pk)
        wanted = []
        for fact in archive.messages.values():
            known = archive.links.get((fact.id, 1))
            about = known[0] if known else "ann@client.example" in fact.matched
            if about and seen.level(fact) and way in {"", fact.direction}:
                wanted.append((fact.at, fact.id, seen.level(fact)))
        rows = walk(user, way)
        assert [(row.sent_at, row.id, row.level) for row in rows] == sorted(wanted, reverse=True)


def test_a_line_says_no_more_than_may_be_seen(archive: Archive, sam: User, kim: User) -> None:
    pk = archive.message(
        archive.thread(), subject="Terms", text="Secret text", attachment_count=1, direction="out",
        to=["ann@client.example", "b@x.example"], cc=["c@x.example", "d@x.example"],
    )  # fmt: skip
    archive.copy(pk, archive.mailbox(sam, "metadata"), seen=False, bcc=["hidden@x.example"])
    archive.link(pk, 1)
    archive.settle()
    (mine,), (theirs,) = walk(sam), walk(kim)
    assert (mine.subject, mine.preview, mine.attachment_count) == ("Terms", "Secret text", 1)
    assert mine.unread
    assert (theirs.subject, theirs.preview, theirs.attachment_count) == (None, None, 0)
    assert not theirs.unread
    assert [one.address for one in mine.people] == [
        "ann@client.example",
        "b@x.example",
        "c@x.example",
    ]
    assert mine.people_count == 4
    assert "hidden" not in repr((mine, theirs))


def test_a_link_knows_when_its_message_was_sent(archive: Archive, sam: User) -> None:
    pk = archive.message(archive.thread(), minute=7)
    archive.copy(pk, archive.mailbox(sam))
    links.link([pk], (KIND, 1), sam.pk)
    links.unlink([pk], (KIND, 1), sam.pk)
    assert Link.objects.get(message=pk).sent_at == Message.objects.get(pk=pk).sent_at
    assert walk(sam) == []


def test_a_broken_place_is_said_and_no_record_has_no_mail(archive: Archive, sam: User) -> None:
    archive.mailbox(sam)
    assert walk(sam, records=[]) == []
    with pytest.raises(Expected, match="broken"):
        flat.messages_of(eyes(sam), ONE, after="nonsense")
