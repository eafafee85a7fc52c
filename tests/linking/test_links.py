"""A person's decisions: they win over matching, stay, and can be taken back."""

from datetime import timedelta

import pytest

from mailweave.kit.errors import Expected
from mailweave.linking import addresses, links
from mailweave.linking.models import Link, ThreadRecord
from mailweave.mail.models import Message, ThreadMailbox
from mailweave.people.models import User
from tests.linking import naive
from tests.makers_arrivals import ADA, BOB, MARA, by_key, fetch, put
from tests.makers_mail import Archive

pytestmark = pytest.mark.sql
THING = "test.thing"
LETTER = fetch("a", MARA, [ADA], text="x", thread="1")
ANSWER = fetch("b", ADA, [BOB], text="y", thread="1", sent=True, refs=["a"])


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


def own(*given: str) -> None:
    addresses.set_addresses(THING, 1, [(one, "primary") for one in given])


def about() -> set[str]:
    """Message-IDs of what is linked to record 1."""
    found = Link.objects.filter(kind=THING, record_id=1, linked=True).select_related("message")
    return {one.message.message_id for one in found}


def test_a_link_by_hand_is_seen_at_once(box: int, sam: User) -> None:
    put(box, LETTER)
    made = links.link(by_key()["a"].pk, THING, 1, sam.pk)
    assert (made.linked, made.pinned, made.reason) == (True, True, "manual")
    assert (made.made_by_id, made.address_id) == (sam.pk, None)
    assert Message.objects.get().linked
    assert ThreadMailbox.objects.get().linked
    assert ThreadRecord.objects.get().message_count == 1


def test_unlinked_stays_unlinked(box: int, sam: User) -> None:
    """After the mail is stored again, after the address goes and comes, and in a merged thread."""
    own(MARA)
    put(box, LETTER)
    links.unlink(by_key()["a"].pk, THING, 1, sam.pk)
    assert not Message.objects.get().linked
    assert ThreadRecord.objects.count() == 0
    put(box, LETTER)
    own()
    own(MARA, BOB)
    put(box, fetch("c", BOB, [ADA, MARA], thread="1"))
    assert about() == {"c"}
    decision = Link.objects.get(message=by_key()["a"])
    assert (decision.linked, decision.pinned, decision.address_id) == (False, True, None)


def test_linked_by_hand_stays_linked(box: int, sam: User) -> None:
    put(box, LETTER)
    links.link(by_key()["a"].pk, THING, 1, sam.pk)
    own(MARA)
    own()
    put(box, LETTER)
    assert about() == {"a"}
    assert Link.objects.get().reason == "manual"


def test_unlinking_takes_away_what_others_inherited(box: int, sam: User) -> None:
    own(MARA)
    put(box, LETTER, ANSWER)
    assert about() == {"a", "b"}
    links.unlink(by_key()["a"].pk, THING, 1, sam.pk)
    assert about() == set()
    assert ThreadRecord.objects.count() == 0
    links.reset(by_key()["a"].pk, THING, 1)
    assert about() == {"a", "b"}
    assert Link.objects.get(message=by_key()["a"]).reason == "sender"
    naive.check_derived()


def test_linking_by_hand_and_back(box: int, sam: User) -> None:
    put(box, LETTER, ANSWER)
    links.link(by_key()["a"].pk, THING, 1, sam.pk)
    assert about() == {"a", "b"}
    links.reset(by_key()["a"].pk, THING, 1)
    assert about() == set()
    assert Link.objects.count() == 0
    naive.check_derived()


def test_inheritance_does_not_bring_back_what_was_unlinked(box: int, sam: User) -> None:
    own(MARA)
    put(box, LETTER, ANSWER)
    links.unlink(by_key()["b"].pk, THING, 1, sam.pk)
    put(box, fetch("c", MARA, [ADA], thread="1"))
    assert about() == {"a", "c"}


def test_a_decision_says_when_it_was_made(box: int, sam: User) -> None:
    own(MARA)
    put(box, LETTER)
    Link.objects.update(made_at=LETTER.received_at - timedelta(days=9))
    links.unlink(by_key()["a"].pk, THING, 1, sam.pk)
    assert Link.objects.get().made_at > LETTER.received_at


def test_a_decision_changes_sides(box: int, sam: User) -> None:
    put(box, LETTER)
    for decide in (links.link, links.unlink, links.link):
        decide(by_key()["a"].pk, THING, 1, sam.pk)
    assert about() == {"a"}
    assert Link.objects.count() == 1


def test_a_message_that_is_not_here(box: int, sam: User) -> None:
    for act in (
        lambda: links.link(999_999, THING, 1, sam.pk),
        lambda: links.unlink(999_999, THING, 1, sam.pk),
        lambda: links.reset(999_999, THING, 1),
    ):
        with pytest.raises(Expected):
            act()
