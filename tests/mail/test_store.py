"""Storing pages of mail: one message however many copies, the right thread, nothing twice."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailweave.kit import scope
from mailweave.mail import arrival, store, threads
from mailweave.mail.models import (
    Address,
    Body,
    Copy,
    Message,
    Part,
    Participant,
    RemoteThread,
    SearchRow,
    Thread,
    ThreadKey,
    ThreadMailbox,
)
from mailweave.people.models import User
from mailweave.providers.base import Attachment, Fetched
from tests import database
from tests.makers import make_member
from tests.makers_arrivals import ADA, BEN, BOB, MALLORY, MARA, by_key, fetch, put, read, together
from tests.makers_mail import Archive

pytestmark = pytest.mark.sql
TABLES = (Address, Message, Body, Participant, Part, SearchRow, Copy, Thread, RemoteThread)


@pytest.fixture
def box(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


@pytest.fixture
def other(archive: Archive, sam: User) -> int:
    return archive.mailbox(sam)


def everything() -> list[list[Any]]:
    """All rows about mail, as they are."""
    tables = (*TABLES, ThreadKey, ThreadMailbox)
    return [list(one.objects.order_by("pk").values()) for one in tables]


def test_the_same_mail_in_three_mailboxes(archive: Archive, sam: User) -> None:
    for number in range(3):
        put(archive.mailbox(sam), fetch("a", text="x", remote_id="1", seen=bool(number)))
    message = Message.objects.get()
    assert Copy.objects.filter(message=message, thread=message.thread_id).count() == 3
    assert (Body.objects.count(), SearchRow.objects.count(), Participant.objects.count()) == (
        1,
        1,
        2,
    )
    assert sorted(ThreadMailbox.objects.values_list("unread_count", flat=True)) == [0, 0, 1]


def test_a_repeated_message_id_keeps_both(box: int) -> None:
    put(box, fetch("a", text="one"), fetch("a", text="two"))
    put(box, fetch("a", MALLORY, text="one"))
    assert Message.objects.filter(message_id="a").count() == 3
    assert Thread.objects.count() == 2  # the robot that repeats itself, and the stranger


def test_without_message_id(box: int, other: int) -> None:
    one = fetch(remote_id="1", text="x")
    for mailbox in (box, box, other):
        put(mailbox, one)
    assert Message.objects.count() == 2
    assert ThreadKey.objects.count() == 0


def test_what_is_stored(box: int) -> None:
    part = Attachment("1.2", "a.pdf", "application/pdf", 7, "cid", inline=False)
    picture = Attachment("1.3", "b.png", "image/png", 8, "", inline=True)
    put(
        box,
        fetch(
            "a",
            "Mara <mara@acme.example>",
            [ADA],
            cc=[BOB],
            refs=["z"],
            html="<p>x",
            parts=[part, picture],
            headers=[("Bcc", BEN)],
            folders=["INBOX", "Label_1"],
            seen=False,
        ),
    )
    message = Message.objects.select_related("sender", "body").get()
    assert (message.message_id, message.in_reply_to, message.subject) == ("a", "z", "Offer")
    assert (message.sender.address, message.sender_name, message.direction) == (MARA, "Mara", "in")
    assert (message.preview, message.size, message.attachment_count) == ("Text of a", 1000, 1)
    assert not message.linked
    assert not message.truncated
    assert message.body.text == "Text of a"
    assert arrival.decompress(bytes(message.body.html_zstd)) == "<p>x"
    people = Participant.objects.order_by("position").values_list("address__address", "role")
    assert list(people) == [(MARA, 1), (ADA, 4), (BOB, 5)]
    assert set(Participant.objects.values_list("sent_at", flat=True)) == {message.sent_at}
    found = Part.objects.order_by("part_id").values_list("filename", "size", "inline")
    assert list(found) == [("a.pdf", 7, False), ("b.png", 8, True)]
    copy = Copy.objects.get()
    assert (copy.state, copy.folder_ids, copy.bcc) == ("stored", ["INBOX", "Label_1"], [BEN])
    assert (copy.seen, copy.flagged, copy.received_at) == (False, False, read(fetch()).received_at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT words @@ to_tsquery('simple', 'offer') FROM mail_searchrow")
        assert cursor.fetchone() == (True,)


def test_bcc_lies_on_the_copy_only(box: int, other: int) -> None:
    put(box, fetch("a", ADA, [MARA], sent=True, text="x", headers=[("Bcc", BEN)]))
    put(other, fetch("a", ADA, [MARA], text="x"))
    assert Message.objects.count() == 1
    assert sorted(Copy.objects.values_list("bcc", flat=True)) == [[], [BEN]]
    assert not Participant.objects.filter(address__address=BEN).exists()


def test_a_copy_in_sent_makes_the_message_ours(box: int, other: int) -> None:
    received = fetch("a", ADA, [BEN], text="x")
    put(other, received)
    assert Message.objects.get().direction == "in"
    put(box, replace(received, folder_ids=("SENT",)))
    assert Message.objects.get().direction == "out"
    put(other, received)
    assert Message.objects.get().direction == "out"


def test_sent_to_oneself_on_one_page_is_ours(box: int) -> None:
    one = fetch("a", ADA, [ADA], text="x", remote_id="1")
    put(box, one, replace(one, remote_id="2", folder_ids=("SENT",)))
    put(box, replace(one, remote_id="3"))
    assert Message.objects.get().direction == "out"
    assert Copy.objects.count() == 3
    assert ThreadMailbox.objects.get().message_count == 1


def test_storing_again_changes_nothing(box: int) -> None:
    page = [
        fetch("q"),
        fetch("a", ADA, [MARA], refs=["q"], sent=True, headers=[("Bcc", BEN)]),
        fetch("", BOB, parts=[Attachment("1", "a", "b/c", 1, "", inline=False)]),
    ]
    put(box, *page)
    before = everything()
    again = put(box, *page)
    assert everything() == before
    assert again.new_message_ids == ()
    assert len(again.message_ids) == 3


def test_storing_again_takes_over_the_state(box: int) -> None:
    one = fetch("a", seen=False)
    put(box, one)
    Copy.objects.update(state="gone", reason="It was deleted at the provider.")
    put(box, replace(one, seen=True, flagged=True, folder_ids=("Label_1",)))
    copy = Copy.objects.get()
    assert (copy.state, copy.reason, copy.seen, copy.flagged) == ("stored", "", True, True)
    assert copy.folder_ids == ["Label_1"]


def test_a_page_that_names_a_message_twice(box: int) -> None:
    one = fetch("a", seen=False)
    put(box, one, replace(one, seen=True))
    assert (Message.objects.count(), Copy.objects.get().seen) == (1, True)


def test_a_copy_that_another_server_tidied_up_is_the_same_message(box: int, other: int) -> None:
    put(box, fetch("a", text="Dear all: 5 EUR", html="<p>Dear all: <b>5</b> EUR"))
    tidied = "<html><head></head><body><p>Dear all: <b>5</b>&nbsp;EUR</p></body></html>"
    put(other, fetch("a", text="", html=tidied), fetch("a", text="", html=tidied.replace("5", "9")))
    assert (Message.objects.count(), Thread.objects.count()) == (2, 1)
    assert sorted(Copy.objects.values_list("message_id", flat=True).distinct()) == sorted(
        Message.objects.values_list("pk", flat=True)
    )
    assert Copy.objects.filter(mailbox_id=box).get().message_id in set(
        Copy.objects.filter(mailbox_id=other).values_list("message_id", flat=True)
    )


def test_a_program_that_repeats_itself_loses_nothing(box: int) -> None:
    many = [fetch("same", text=f"report {number}") for number in range(30)]
    put(box, *many)
    put(box, *[replace(one, seen=False) for one in many])
    assert (Message.objects.count(), Copy.objects.count()) == (30, 30)


def test_how_many_copies_were_news(box: int) -> None:
    fresh, past = fetch("a"), fetch("b")
    listed = {"mailbox_id": box, "state": Copy.State.LISTED}
    Copy.objects.create(remote_id=fresh.remote_id, remote_thread_id="x", place=-5, **listed)
    Copy.objects.create(remote_id=past.remote_id, remote_thread_id="x", place=5, **listed)
    assert put(box, fresh, past).news == 1


def test_an_empty_page(here: int) -> None:
    assert store.store(1, []) == store.Stored((), (), ())


QUESTION = fetch("q", MARA, [ADA], minute=0)
ANSWER = fetch("a", ADA, [MARA], refs=["q"], sent=True, minute=1)
THANKS = fetch("t", MARA, [ADA], refs=["a"], minute=2)
FORGED = fetch("f", MALLORY, [ADA], cc=[MARA], refs=["q", "a", "t"], minute=3)


@pytest.mark.parametrize("order", list(permutations([QUESTION, ANSWER, THANKS, FORGED])))
def test_threads_in_any_order_page_by_page(box: int, order: tuple[Fetched, ...]) -> None:
    """Newest first as well: replies before what they answer, and a forger before or after."""
    for one in order:
        put(box, one)
    assert together() == [["a", "q", "t"], ["f"]]


def test_the_missing_middle_merges(box: int, other: int) -> None:
    put(box, fetch("1", MARA, [ADA], thread="one", minute=1))
    put(other, fetch("3", BOB, [BEN], refs=["2"], thread="three", minute=3, seen=False))
    assert together() == [["1"], ["3"]]
    put(other, fetch("2", "carol@acme.example", [BEN], cc=[BOB, MARA], refs=["1"], minute=2))
    assert together() == [["1"], ["2", "3"]]  # carol takes no part in 1
    put(box, fetch("4", MARA, [ADA, BOB], refs=["1", "2"], minute=4))
    assert together() == [["1", "2", "3", "4"]]
    thread = Thread.objects.get()
    assert (thread.message_count, thread.subject) == (4, "Offer")
    assert thread.first_at == by_key()["1"].sent_at
    assert thread.last_at == by_key()["4"].sent_at
    rows = {one.mailbox_id: one for one in ThreadMailbox.objects.all()}
    assert {one: row.message_count for one, row in rows.items()} == {box: 2, other: 2}
    assert rows[other].unread_count == 1
    assert rows[box].last_message_id == by_key()["4"].pk
    keys = set(ThreadKey.objects.values_list("key", flat=True))
    assert keys == {arrival.hash_id(one) for one in "1234"}
    for table in (Copy, RemoteThread, ThreadKey, Message):
        assert set(table.objects.values_list("thread_id", flat=True)) == {thread.pk}


def test_an_answer_of_somebody_who_dropped_the_writer(box: int, other: int) -> None:
    """Bob was copied in and answers a colleague of ours alone: before or after, it is one."""
    asked = fetch("q", MARA, [ADA], cc=[BOB])
    answer = fetch("r", BOB, [BEN], refs=["q"])
    put(other, answer)
    put(box, asked)
    assert together() == [["q", "r"]]


def test_a_message_id_that_was_claimed_goes_to_whose_it_is(box: int, other: int) -> None:
    put(box, fetch("f", MALLORY, [ADA], refs=["q"]))
    put(box, fetch("q", MARA, [ADA], cc=[BOB]))
    put(other, fetch("r", BOB, [BEN], refs=["q"]))
    assert together() == [["f"], ["q", "r"]]


def test_a_repeated_message_id_does_not_steal_answers(box: int) -> None:
    put(box, fetch("q", MARA, [ADA]))
    put(box, fetch("q", MALLORY, [ADA]))
    put(box, fetch("r", MARA, [ADA], refs=["q"]))
    assert len(together()) == 2
    assert by_key()["r"].thread_id == Message.objects.order_by("pk")[0].thread_id


def test_one_message_in_two_threads_of_a_mailbox(box: int) -> None:
    one = fetch("a", text="x", thread="1", remote_id="1")
    put(box, one, replace(one, remote_id="2", remote_thread_id="2"), fetch("b", BOB, thread="1"))
    assert together() == [["a", "b"]]
    assert RemoteThread.objects.count() == 2


def test_colleagues_copies_bring_their_threads_together(box: int, other: int) -> None:
    put(box, fetch("x", "news@shop.example", thread="1"))
    put(other, fetch("y", MARA, thread="2"))
    put(box, fetch("z", MARA, text="x", thread="1"))
    put(other, fetch("z", MARA, text="x", thread="2"))
    assert together() == [["x", "y", "z"]]


def test_workspaces_know_nothing_of_each_other(db: None) -> None:
    members = [make_member(), make_member()]
    for member in members:
        with scope.workspace(member.workspace_id):
            box = Archive().mailbox(User.objects.get(pk=member.user_id))
            put(box, fetch("q", text="x", remote_id="1", thread="1"))
            put(box, fetch("r", MARA, refs=["q"], remote_id="2", thread="2"))
    for member in members:
        with scope.workspace(member.workspace_id):
            assert together() == [["q", "r"]]
            assert Copy.objects.count() == 2


@pytest.mark.parametrize("again", [False, True], ids=["new", "known"])
def test_the_number_of_statements_does_not_grow(box: int, again: bool) -> None:
    def page(size: int, tag: str) -> list[Fetched]:
        return [
            fetch(f"{tag}{n}", MARA, [ADA, f"p{n}@crowd.example"], refs=[f"{tag}{n - 1}"])
            for n in range(size)
        ]

    def measure(letters: list[Fetched]) -> int:
        if again:
            put(box, *letters)
        with CaptureQueriesContext(connection) as queries:
            put(box, *letters)
        return len(queries)

    assert measure(page(100, "b")) <= measure(page(2, "a")) + 2  # the plan of a first page
    assert measure(page(100, "c")) < 40


def test_the_database_takes_what_was_read(box: int) -> None:
    """The nastiest of each field at once, and at full size."""
    nasty = "a\x00b\ud800c\udc80\U0010ffff"
    crowd = [f"p{n}@crowd.example" for n in range(10_000)]
    put(
        box,
        fetch(
            f"id{nasty}",
            f'"{nasty}" <{MARA}>',
            crowd,
            subject=nasty * 1000,
            text=(nasty + " w") * 200_000,
            html=nasty * 10,
            refs=[f"r{n}" for n in range(1000)],
            headers=[(nasty, nasty), ("Bcc", ", ".join(crowd))],
            parts=[Attachment(nasty, nasty, nasty, 2**62, nasty, inline=False)],
        ),
        fetch("", "", [], subject="", text="", headers=[("From", "nobody"), ("To", "(((")]),
    )
    assert Message.objects.count() == 2
    assert Copy.objects.filter(message__sender=None).count() == 1


IDS = ["k0", "k1", "k2", "k3", "k4"]
PEOPLE = [MARA, BOB, ADA, MALLORY]
LETTERS = st.builds(
    lambda key, sender, to, refs, thread, remote: fetch(
        key,
        sender,
        to,
        refs=refs,
        sent=sender == ADA,
        thread=f"t{thread}",
        text=key,
        remote_id=remote or f"r{key}",
    ),
    st.sampled_from(IDS),
    st.sampled_from(PEOPLE),
    st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True),
    st.lists(st.sampled_from(IDS), max_size=2),
    st.integers(0, 5),
    st.sampled_from(["", "", "", "", "", "rk0"]),  # now and then one message becomes another
)


@settings(
    max_examples=database.fewer(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pages=st.lists(st.lists(LETTERS, min_size=1, max_size=4), max_size=5))
def test_rows_agree_whatever_comes(box: int, pages: list[list[Fetched]]) -> None:
    """After every page: a copy lies where its message lies, and what is derived is right."""
    with transaction.atomic():
        for page in pages:
            put(box, *page)
        agree()
        transaction.set_rollback(True)


def agree() -> None:
    thread_of = dict(Message.objects.values_list("pk", "thread_id"))
    remote = dict(RemoteThread.objects.values_list("remote_thread_id", "thread_id"))
    for copy in Copy.objects.filter(state="stored"):
        assert copy.thread_id == thread_of[copy.message_id]
        assert remote[copy.remote_thread_id] == copy.thread_id
    assert set(Thread.objects.values_list("pk", flat=True)) == set(thread_of.values())
    for thread in Thread.objects.all():
        held = list(Message.objects.filter(thread=thread).order_by("sent_at", "pk"))
        assert thread.message_count == len(held)
        assert (thread.first_at, thread.last_at) == (held[0].sent_at, held[-1].sent_at)
    for row in ThreadMailbox.objects.all():
        copies = Copy.objects.filter(thread=row.thread_id, mailbox=row.mailbox_id)
        assert copies
        assert row.message_count == len(set(copies.values_list("message_id", flat=True)))


def test_a_copy_that_became_another_message_leaves_the_old_thread(box: int) -> None:
    """A provider may change a message under its id; the thread it lay in is on no list then."""
    put(box, fetch("a", thread="1", remote_id="r"), fetch("b", thread="2"))
    new = put(box, fetch("c", thread="3", remote_id="r"))
    assert set(new.thread_ids) == {by_key()["a"].thread_id, by_key()["c"].thread_id}
    assert Message.objects.count() == 3
    listed = ThreadMailbox.objects.values_list("last_message_id", flat=True)
    assert set(listed) == {by_key()["b"].pk, by_key()["c"].pk}


def test_refresh_counts_what_is_there(box: int) -> None:
    put(box, fetch("a", seen=False), fetch("b", seen=False, refs=["a"], minute=5))
    thread = Thread.objects.get()
    Copy.objects.filter(message=by_key()["b"]).update(state="gone")
    threads.refresh([thread.pk])
    row = ThreadMailbox.objects.get()
    assert (row.message_count, row.unread_count) == (2, 1)
    assert row.last_message_id == by_key()["b"].pk
