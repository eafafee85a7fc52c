"""Which mail is about which record, and why: by sender, by recipient, and by the thread."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailweave.kit import scope
from mailweave.linking import addresses, links
from mailweave.linking.models import Link, ThreadRecord
from mailweave.mail.models import Message, ThreadMailbox
from mailweave.people.models import User
from mailweave.providers.base import Fetched
from tests import database
from tests.linking import naive
from tests.makers import make_member
from tests.makers_arrivals import ADA, BEN, BOB, MALLORY, MARA, by_key, fetch, put
from tests.makers_mail import Archive

pytestmark = pytest.mark.sql
THING, DEAL = "test.thing", "test.deal"


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


def own(record_id: int, *given: str, kind: str = THING) -> None:
    """Make these all the addresses of a record."""
    addresses.set_addresses(kind, record_id, [(one, "primary") for one in given])


def reasons(key: str) -> dict[tuple[str, int], tuple[str, str]]:
    """Why the message with this Message-ID is linked to what."""
    found = Link.objects.filter(message=by_key()[key], linked=True).select_related("address")
    return {
        (one.kind, one.record_id): (one.reason, one.address.address if one.address else "")
        for one in found
    }


def test_received_mail_is_about_who_sent_it_and_who_else_got_it(box: int) -> None:
    own(1, MARA)
    own(2, BOB)
    own(3, "carol@acme.example")
    put(box, fetch("a", MARA, [ADA, BOB], cc=["carol@acme.example"]))
    assert reasons("a") == {
        (THING, 1): ("sender", MARA),
        (THING, 2): ("recipient", BOB),
        (THING, 3): ("recipient", "carol@acme.example"),
    }


def test_sent_mail_is_about_who_it_went_to(box: int) -> None:
    own(1, MARA)
    own(2, BOB)
    own(3, ADA)
    own(4, "hidden@acme.example")
    hidden = [("Bcc", "hidden@acme.example")]
    put(box, fetch("a", ADA, [MARA], cc=[BOB], sent=True, headers=hidden))
    assert reasons("a") == {
        (THING, 1): ("recipient", MARA),
        (THING, 2): ("recipient", BOB),
        (THING, 4): ("recipient", "hidden@acme.example"),
    }


def test_a_bcc_on_received_mail_says_nothing(box: int) -> None:
    own(1, MARA)
    put(box, fetch("a", BOB, [ADA], headers=[("Bcc", MARA)]))
    assert reasons("a") == {}


def test_reply_to_and_sender_are_claims(box: int) -> None:
    own(1, MARA)
    own(2, BOB)
    put(box, fetch("a", MALLORY, [ADA], headers=[("Reply-To", MARA), ("Sender", BOB)]))
    assert reasons("a") == {}


def test_a_domain_links_nobody(box: int) -> None:
    own(1, MARA)
    put(box, fetch("a", "other@acme.example", [ADA]), fetch("b", "mara@mail.acme.example", [ADA]))
    assert Link.objects.count() == 0


def test_all_records_and_all_addresses(box: int) -> None:
    own(1, MARA, "mara@elsewhere.example")
    own(1, MARA, kind=DEAL)
    own(2, MARA)
    put(
        box,
        fetch("a", "Mara <MARA@ACME.example>", [ADA]),
        fetch("b", "mara@elsewhere.example", [ADA]),
    )
    assert reasons("a") == dict.fromkeys(
        [(THING, 1), (THING, 2), (DEAL, 1)],
        ("sender", MARA),
    )
    assert reasons("b") == {(THING, 1): ("sender", "mara@elsewhere.example")}


def test_the_sender_is_named_before_recipients(box: int) -> None:
    own(1, BOB, MARA)
    put(box, fetch("a", MARA, [BOB]))
    assert reasons("a") == {(THING, 1): ("sender", MARA)}


def test_the_thread_inherits_if_its_writer_takes_part(box: int) -> None:
    own(1, MARA)
    put(
        box,
        fetch("q", MARA, [ADA, BOB], thread="1"),
        fetch("ours", ADA, ["x@else.example"], sent=True, thread="1"),
        fetch("bobs", BOB, [ADA], thread="1"),
        fetch("strangers", MALLORY, [ADA], thread="1"),
        fetch("anonymous", "", [ADA], thread="1"),
    )
    assert reasons("ours") == {(THING, 1): ("thread", MARA)}
    assert reasons("bobs") == {(THING, 1): ("thread", MARA)}
    assert reasons("strangers") == {}
    assert reasons("anonymous") == {}
    assert ThreadRecord.objects.get().message_count == 3


def test_to_have_inherited_is_nothing_to_inherit_from(box: int) -> None:
    """Bob's answer is filed because he got Mara's mail; whom he copies in proves nothing."""
    own(1, MARA)
    put(box, fetch("q", MARA, [ADA, BOB], thread="1"))
    put(box, fetch("bobs", BOB, [ADA, "x@else.example"], thread="1"))
    put(box, fetch("x", "x@else.example", [ADA], thread="1"))
    assert reasons("bobs") != {}
    assert reasons("x") == {}


def test_an_earlier_answer_inherits_when_the_question_comes(box: int) -> None:
    own(1, MARA)
    put(box, fetch("r", BOB, [ADA], refs=["q"], minute=9))
    assert reasons("r") == {}
    put(box, fetch("q", MARA, [ADA], cc=[BOB]))
    assert reasons("r") == {(THING, 1): ("thread", MARA)}


def test_merged_threads_leave_nothing_behind(box: int) -> None:
    own(1, MARA)
    own(2, BOB)
    put(box, fetch("1", MARA, [ADA, "carol@acme.example"], thread="1"))
    put(box, fetch("3", BOB, [ADA], refs=["2"], thread="3"))
    assert ThreadRecord.objects.count() == 2
    put(box, fetch("2", "carol@acme.example", [ADA, BOB], refs=["1"], thread="2"))
    assert len(set(ThreadRecord.objects.values_list("thread_id", flat=True))) == 1
    assert {one.record_id: one.message_count for one in ThreadRecord.objects.all()} == {1: 2, 2: 2}
    naive.check_derived()


def test_an_address_that_comes_links_what_is_stored(box: int) -> None:
    put(box, fetch("a", MARA, [ADA]), fetch("b", ADA, [MARA], sent=True, refs=["a"]))
    put(box, fetch("c", ADA, [BEN], sent=True, headers=[("Bcc", MARA)]))
    assert Link.objects.count() == 0
    own(1, MARA)
    assert reasons("a") == {(THING, 1): ("sender", MARA)}
    assert reasons("b") == {(THING, 1): ("recipient", MARA)}
    assert reasons("c") == {(THING, 1): ("recipient", MARA)}
    assert set(Message.objects.values_list("linked", flat=True)) == {True}
    assert set(ThreadMailbox.objects.values_list("linked", flat=True)) == {True}
    own(1)
    assert Link.objects.count() == ThreadRecord.objects.count() == 0
    assert set(Message.objects.values_list("linked", flat=True)) == {False}
    assert set(ThreadMailbox.objects.values_list("linked", flat=True)) == {False}


def test_an_address_that_goes_leaves_what_another_proves(box: int) -> None:
    own(1, MARA, BOB)
    put(box, fetch("a", MARA, [ADA, BOB]))
    own(1, BOB)
    assert reasons("a") == {(THING, 1): ("recipient", BOB)}


def test_what_a_thread_inherited_goes_with_its_ground(box: int) -> None:
    """Carol was linked through Bob's mail alone; Mara's, which stays linked, never named her."""
    own(1, MARA, BOB)
    put(box, fetch("m", MARA, [ADA], thread="1"))
    put(box, fetch("b", BOB, [ADA, "carol@acme.example"], thread="1"))
    put(box, fetch("c", "carol@acme.example", [ADA], thread="1"))
    assert reasons("c") != {}
    own(1, MARA)
    assert reasons("c") == {}
    assert ThreadRecord.objects.get().message_count == 1


def test_inherited_mail_that_matches_by_itself_says_so(box: int) -> None:
    own(1, MARA)
    put(box, fetch("a", MARA, [ADA, BOB], thread="1"), fetch("b", BOB, [ADA], thread="1"))
    assert reasons("b") == {(THING, 1): ("thread", MARA)}
    own(1, MARA, BOB)
    assert reasons("b") == {(THING, 1): ("sender", BOB)}


def test_mail_that_turns_out_to_be_ours_is_matched_anew(
    box: int, archive: Archive, sam: User
) -> None:
    """Stored from a colleague's inbox first, then from Sent: its writer is no correspondent."""
    own(1, ADA)
    own(2, MARA)
    other = archive.mailbox(sam)
    put(other, fetch("a", ADA, [BEN], cc=[MARA], text="x", thread="1"))
    put(other, fetch("b", BEN, ["x@else.example"], thread="1"))
    assert {(THING, 1), (THING, 2)} == set(reasons("a")) == set(reasons("b"))
    put(box, fetch("a", ADA, [BEN], cc=[MARA], text="x", sent=True))
    assert set(reasons("a")) == set(reasons("b")) == {(THING, 2)}
    naive.check_derived()


def test_a_copy_that_became_another_message_takes_its_bcc_with_it(box: int) -> None:
    own(1, MARA)
    hidden = [("Bcc", MARA)]
    put(box, fetch("a", ADA, [BOB], sent=True, headers=hidden, remote_id="r"))
    assert reasons("a") == {(THING, 1): ("recipient", MARA)}
    put(box, fetch("b", ADA, [BEN], sent=True, remote_id="r"))
    assert reasons("a") == {}
    naive.check_derived()


def test_storing_again_keeps_links_as_they_are(box: int) -> None:
    own(1, MARA)
    page = [fetch("a", MARA, [ADA], thread="1"), fetch("b", ADA, [BEN], sent=True, thread="1")]
    put(box, *page)
    before = list(Link.objects.order_by("pk").values())
    put(box, *page)
    assert list(Link.objects.order_by("pk").values()) == before


def test_workspaces_keep_to_themselves(db: None) -> None:
    first, second = make_member(), make_member()
    with scope.workspace(first.workspace_id):
        own(1, MARA)
    with scope.workspace(second.workspace_id):
        put(Archive().mailbox(User.objects.get(pk=second.user_id)), fetch("a", MARA, [ADA]))
        assert Link.objects.count() == 0


@pytest.mark.parametrize("size", [1, 60])
def test_the_number_of_statements_does_not_grow(box: int, size: int) -> None:
    own(1, MARA)
    put(box, *[fetch(f"{n}", MARA, [ADA], thread=str(n % 7)) for n in range(size)])
    with CaptureQueriesContext(connection) as queries:
        own(1)
        own(1, MARA)
    assert len(queries) < 60


PEOPLE = [MARA, BOB, ADA, MALLORY, "carol@acme.example"]
LETTERS = st.builds(
    lambda number, sender, to, thread, hidden, minute: fetch(
        f"k{number}",
        sender,
        to,
        sent=sender == ADA,
        thread=f"t{thread}",
        remote_id=f"r{number}",
        text="x",
        minute=minute,
        headers=[("Bcc", hidden)] if hidden else [],
    ),
    st.integers(0, 9),
    st.sampled_from(PEOPLE),
    st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True),
    st.integers(0, 2),
    st.sampled_from([*PEOPLE, "", ""]),
    st.integers(0, 3),
)
STEPS = st.one_of(
    st.tuples(st.just("store"), st.lists(LETTERS, min_size=1, max_size=3)),
    st.tuples(st.just("own"), st.integers(1, 2), st.lists(st.sampled_from(PEOPLE), max_size=2)),
    st.tuples(st.sampled_from(["link", "unlink", "reset"]), st.integers(0, 9), st.integers(1, 2)),
    st.tuples(st.just("forget"), st.integers(1, 2)),
)


@settings(
    max_examples=database.fewer(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=9))
def test_links_are_what_the_rules_say(box: int, sam: User, steps: list[tuple[object, ...]]) -> None:
    """After mail, addresses and decisions in any order, compared with the slow way after each."""
    with transaction.atomic():
        pins: dict[tuple[int, naive.Record], bool] = {}
        for step in steps:
            take(step, box, sam.pk, pins)
            assert naive.actual() == naive.expected(pins)
            naive.check_matched()
            naive.check_inherited()
            naive.check_derived()
        transaction.set_rollback(True)


def take(
    step: tuple[object, ...], box: int, user_id: int, pins: dict[tuple[int, naive.Record], bool]
) -> None:
    match step:
        case ("store", [*page]):
            put(box, *[one for one in page if isinstance(one, Fetched)])
        case ("own", int(record), [*given]):
            own(record, *[str(one) for one in given])
        case ("forget", int(record)):
            addresses.forget(THING, record)
            for key in [key for key in pins if key[1] == (THING, record)]:
                del pins[key]
        case (str(verb), int(place), int(record)):
            found = list(Message.objects.order_by("pk").values_list("pk", flat=True))
            if found:
                decide(verb, found[place % len(found)], record, user_id, pins)


def decide(
    verb: str,
    message: int,
    record: int,
    user_id: int,
    pins: dict[tuple[int, naive.Record], bool],
) -> None:
    if verb == "reset":
        links.reset([message], (THING, record), user_id)
        pins.pop((message, (THING, record)), None)
    else:
        does = links.link if verb == "link" else links.unlink
        does([message], (THING, record), user_id)
        pins[message, (THING, record)] = verb == "link"
