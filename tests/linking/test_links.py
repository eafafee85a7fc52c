"""A person's decisions: they win over matching, stay, and can be taken back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking import addresses, links, policy
from mailweave.linking.models import Decision, Link, ThreadRecord
from mailweave.mail import removal
from mailweave.mail.models import Copy, Message, ThreadMailbox
from mailweave.people.models import User
from tests.linking import naive
from tests.makers_arrivals import ADA, BOB, MARA, by_key, fetch, put
from tests.makers_mail import Archive

pytestmark = pytest.mark.sql
THING = "test.thing"
RECORD = (THING, 1)
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
    links.link([by_key()["a"].pk], RECORD, sam.pk)
    made = Link.objects.get()
    assert (made.linked, made.pinned, made.reason) == (True, True, "manual")
    assert (made.made_by_id, made.address_id) == (sam.pk, None)
    assert Message.objects.get().linked
    assert ThreadMailbox.objects.get().linked
    assert ThreadRecord.objects.get().message_count == 1


def test_unlinked_stays_unlinked(box: int, sam: User) -> None:
    """After the mail is stored again, after the address goes and comes, and in a merged thread."""
    own(MARA)
    put(box, LETTER)
    links.unlink([by_key()["a"].pk], RECORD, sam.pk)
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
    links.link([by_key()["a"].pk], RECORD, sam.pk)
    own(MARA)
    own()
    put(box, LETTER)
    assert about() == {"a"}
    assert Link.objects.get().reason == "manual"


def test_unlinking_takes_away_what_others_inherited(box: int, sam: User) -> None:
    own(MARA)
    put(box, LETTER, ANSWER)
    assert about() == {"a", "b"}
    links.unlink([by_key()["a"].pk], RECORD, sam.pk)
    assert about() == set()
    assert ThreadRecord.objects.count() == 0
    links.reset([by_key()["a"].pk], RECORD, sam.pk)
    assert about() == {"a", "b"}
    assert Link.objects.get(message=by_key()["a"]).reason == "sender"
    naive.check_derived()


def test_linking_by_hand_and_back(box: int, sam: User) -> None:
    put(box, LETTER, ANSWER)
    links.link([by_key()["a"].pk], RECORD, sam.pk)
    assert about() == {"a", "b"}
    links.reset([by_key()["a"].pk], RECORD, sam.pk)
    assert about() == set()
    assert Link.objects.count() == 0
    naive.check_derived()


def test_inheritance_does_not_bring_back_what_was_unlinked(box: int, sam: User) -> None:
    own(MARA)
    put(box, LETTER, ANSWER)
    links.unlink([by_key()["b"].pk], RECORD, sam.pk)
    put(box, fetch("c", MARA, [ADA], thread="1"))
    assert about() == {"a", "c"}


def test_a_decision_says_when_it_was_made(box: int, sam: User) -> None:
    own(MARA)
    put(box, LETTER)
    Link.objects.update(made_at=LETTER.received_at - timedelta(days=9))
    links.unlink([by_key()["a"].pk], RECORD, sam.pk)
    assert Link.objects.get().made_at > LETTER.received_at


def test_a_decision_changes_sides(box: int, sam: User) -> None:
    put(box, LETTER)
    for decide in (links.link, links.unlink, links.link):
        decide([by_key()["a"].pk], RECORD, sam.pk)
    assert about() == {"a"}
    assert Link.objects.count() == 1


def test_a_message_that_is_not_here(box: int, sam: User) -> None:
    for act in (
        lambda: links.link([999_999], RECORD, sam.pk),
        lambda: links.unlink([999_999], RECORD, sam.pk),
        lambda: links.reset([999_999], RECORD, sam.pk),
    ):
        with pytest.raises(Expected):
            act()


def everything() -> set[tuple[object, ...]]:
    """All there is to know of all links."""
    rows = Link.objects.values_list(
        *("message_id", "kind", "record_id", "linked", "pinned", "reason"),
        *("address_id", "made_by_id", "made_at"),
    )
    return set(rows)


def test_many_messages_are_undone_to_what_each_had(box: int, sam: User, kim: User) -> None:
    """A match, a decision of somebody else, a decision against it, and nothing at all."""
    own(MARA)
    put(box, *[fetch(key, MARA if key == "a" else BOB, [ADA]) for key in "abcd"])
    links.link([by_key()["b"].pk], RECORD, kim.pk)
    links.unlink([by_key()["c"].pk], RECORD, kim.pk)
    Link.objects.update(made_at=LETTER.received_at)
    before = everything()
    ids = [one.pk for one in by_key().values()]
    for act in (links.link, links.unlink, links.reset):
        made = act(ids, RECORD, sam.pk)
        assert made.count == 4
        assert everything() != before
        assert links.undo(made.decision_id, sam.pk) == links.Undone((RECORD,), "")
        assert everything() == before
    naive.check_derived()


def test_moving_is_one_act(box: int, sam: User) -> None:
    own(MARA)
    put(box, LETTER)
    before = everything()
    made = links.link([by_key()["a"].pk], (THING, 2), sam.pk, instead_of=RECORD)
    found = Link.objects.values_list("record_id", "linked", "pinned")
    assert set(found) == {(1, False, True), (2, True, True)}
    links.undo(made.decision_id, sam.pk)
    after = {row[:-1] for row in everything()}
    assert after == {row[:-1] for row in before}
    naive.check_derived()


def test_undoing_leaves_what_was_decided_since(box: int, sam: User, kim: User) -> None:
    put(box, LETTER, fetch("c", BOB, [ADA]))
    ids = [one.pk for one in by_key().values()]
    made = links.link(ids, RECORD, sam.pk)
    links.unlink([by_key()["a"].pk], RECORD, kim.pk)
    links.undo(made.decision_id, sam.pk)
    (kept,) = Link.objects.all()
    assert (kept.message_id, kept.linked, kept.made_by_id) == (by_key()["a"].pk, False, kim.pk)


def test_undoing_is_for_its_maker_once_and_for_a_day(box: int, sam: User, kim: User) -> None:
    put(box, LETTER)
    made = links.link([by_key()["a"].pk], RECORD, sam.pk)
    with pytest.raises(Expected, match="too late"):
        links.undo(made.decision_id, kim.pk)
    links.undo(made.decision_id, sam.pk)
    with pytest.raises(Expected, match="too late"):
        links.undo(made.decision_id, sam.pk)
    late = links.link([by_key()["a"].pk], RECORD, sam.pk)
    Decision.objects.update(made_at=clock.now() - links.UNDO * 1.01)
    with pytest.raises(Expected, match="too late"):
        links.undo(late.decision_id, sam.pk)
    assert about() == {"a"}


def test_a_message_that_went_meanwhile_holds_nothing_up(box: int, sam: User) -> None:
    put(box, LETTER, fetch("c", BOB, [ADA]))
    ids = [one.pk for one in by_key().values()]
    made = links.link([*ids, 999_999], RECORD, sam.pk)
    assert made.count == 2
    copies = Copy.objects.filter(message=by_key()["a"])
    removal.remove(list(copies.values_list("pk", flat=True)))
    links.undo(made.decision_id, sam.pk)
    assert Link.objects.count() == 0


def test_statements_do_not_grow_with_the_messages(box: int, sam: User) -> None:
    put(box, *[fetch(f"m{n}", BOB, [ADA]) for n in range(12)])
    ids = [one.pk for one in by_key().values()]
    counts = []
    for some in (ids[:1], ids):
        with CaptureQueriesContext(connection) as asked:
            made = links.link(some, RECORD, sam.pk)
            links.undo(made.decision_id, sam.pk)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_what_a_rule_files_stands_for_its_message_only(box: int, sam: User) -> None:
    """It survives matching, and is not inherited."""
    put(box, LETTER, ANSWER)
    links.file([by_key()["a"].pk], RECORD, "its subject names it")
    put(box, LETTER, ANSWER)
    assert about() == {"a"}
    made = Link.objects.get()
    assert (made.pinned, made.reason, made.rule) == (True, "filed", "its subject names it")
    assert made.made_by_id is None
    naive.check_derived()
    links.unfile([by_key()["a"].pk], RECORD)
    assert about() == set()


def test_a_person_outweighs_a_rule(box: int, sam: User) -> None:
    put(box, LETTER)
    message = by_key()["a"].pk
    links.file([message], RECORD, "x")
    decided = links.unlink([message], RECORD, sam.pk)
    links.file([message], RECORD, "y")
    assert about() == set()
    links.unfile([message], RECORD)
    assert about() == set()
    links.undo(decided.decision_id, sam.pk)
    made = Link.objects.get()
    assert (made.linked, made.pinned, made.reason, made.rule) == (True, True, "filed", "x")


def test_a_rule_leaves_room_where_one_record_is_taken(box: int, sam: User) -> None:
    policy.change({"link_mode": "first"}, version=0, user_id=sam.pk)
    own(MARA)
    put(box, LETTER)
    links.file([by_key()["a"].pk], (THING, 2), "x")
    put(box, LETTER)
    assert set(Link.objects.values_list("record_id", "reason")) == {(1, "sender"), (2, "filed")}
