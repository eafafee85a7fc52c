"""Mail that support is handed: tickets opened, joined, left alone; forged, mad and looping mail."""

from datetime import timedelta

import pytest

from mailweave.kit import clock
from mailweave.linking import addresses, links
from mailweave.linking.models import Link
from mailweave.mail.models import Copy
from mailweave.people.models import Membership
from mailweave.records.crm.models import Contact, ContactAddress
from mailweave.records.support import merging, reading, tickets
from mailweave.records.support.models import Desk as Settings
from mailweave.records.support.models import Reading, Ticket
from tests.makers_arrivals import BOB, MALLORY, MARA
from tests.makers_mail import join
from tests.records.support.makers import Desk, make_ticket, message

pytestmark = pytest.mark.sql
Status = Ticket.Status
DESK = "box0@home.example"
OTHER = "box1@home.example"


def outcome(row: Reading | None) -> str:
    assert row
    return row.outcome


def test_a_message_opens_a_ticket(within: Desk) -> None:
    rule = within.processor(priority="high", type="bug")
    row = within.arrive("a", f"Mara <{MARA}>", subject="  Broken   winch ", cc=[BOB, OTHER])
    ticket = Ticket.objects.get()
    assert row
    assert (row.outcome, row.ticket, row.processor, row.sender) == ("opened", ticket, rule, MARA)
    assert (ticket.reference, ticket.title) == ("TKT-0001", "Broken winch")
    assert (ticket.customer, ticket.customer_name) == (MARA, "Mara")
    assert (ticket.priority, ticket.type, ticket.channel) == ("high", "bug", "email")
    assert tickets.copies(ticket.pk) == [BOB]
    assert Link.objects.get().reason == "filed"
    assert within.about(ticket) == {"a"}


def test_answers_join_and_the_first_of_ours_is_noted(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA)
    within.arrive("b", DESK, to=[MARA], refs=["a"], sent=True)
    ticket = Ticket.objects.get()
    assert ticket.first_response_at == message("b").sent_at
    ticket.status = Status.WAITING
    tickets.store(ticket, None)
    within.arrive("c", MARA, refs=["a", "b"])
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert within.about(ticket) == {"a", "b", "c"}


def test_an_answer_from_a_mailbox_that_nobody_watches_joins(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA)
    within.arrive("b", OTHER, to=[MARA], refs=["a"], sent=True, box=within.other)
    assert within.about(Ticket.objects.get()) == {"a", "b"}


@pytest.mark.parametrize(
    "given",
    [
        {"subject": "Re: [TKT-0001] hm"},
        {"subject": "[tkt-1]"},
        {"to": ["box0+tkt-0001@home.example"]},
    ],
)
def test_a_number_is_believed_of_those_who_take_part(
    within: Desk, given: dict[str, object]
) -> None:
    within.processor()
    ticket = make_ticket(customer=MARA)
    assert outcome(within.arrive("a", MARA, **given)) == "joined"
    row = within.arrive("b", MALLORY, **given)
    assert row
    assert row.outcome == "opened"
    assert "names TKT-0001, but mallory@attacker.example is not part" in row.reason
    assert row.ticket.named_id == ticket.pk
    assert within.about(ticket) == {"a"}


def test_a_number_at_somebody_elses_address_says_nothing(within: Desk) -> None:
    within.processor()
    make_ticket(customer=MARA)
    row = within.arrive("a", MARA, to=["else+tkt-0001@home.example", DESK])
    assert outcome(row) == "opened"


def test_a_forged_reference_joins_nothing(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA, thread="t1")
    assert outcome(within.arrive("b", MALLORY, refs=["a"])) == "opened"
    row = within.arrive("c", MALLORY, refs=["a"], thread="t1")
    assert row
    assert row.ticket.customer == MALLORY
    assert outcome(within.arrive("d", "eve@attacker.example", refs=["a"], thread="t1")) == "opened"
    assert within.about(Ticket.objects.get(number=1)) == {"a"}


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "auto-replied"),
        ("Precedence", "bulk"),
        ("List-Id", "<all.acme.example>"),
        ("Return-Path", "<>"),
        ("Content-Type", "multipart/report; report-type=delivery-status"),
    ],
)
def test_what_machines_send_opens_nothing_and_joins_silently(
    within: Desk, header: tuple[str, str]
) -> None:
    within.processor()
    row = within.arrive("a", MARA, headers=[header])
    assert row
    assert row.outcome == "ignored"
    assert "automatically" in row.reason
    within.arrive("b", MARA)
    ticket = Ticket.objects.get()
    ticket.status = Status.RESOLVED
    tickets.store(ticket, None)
    within.arrive("c", MARA, refs=["b"], headers=[header], cc=[BOB])
    ticket.refresh_from_db()
    assert (ticket.status, within.about(ticket)) == (Status.RESOLVED, {"b", "c"})
    assert tickets.copies(ticket.pk) == []


def test_what_came_by_a_list_of_ours_was_written_by_somebody(within: Desk) -> None:
    within.processor()
    ours = ("List-Id", "Help <help.home.example>")
    assert outcome(within.arrive("a", MARA, headers=[ours])) == "opened"
    away = [ours, ("Auto-Submitted", "auto-replied")]
    assert outcome(within.arrive("b", BOB, headers=away)) == "ignored"
    near = ("List-Id", "Help <help.nothome.example>")
    assert outcome(within.arrive("c", BOB, headers=[near])) == "ignored"


def test_a_bounce_of_our_answer_joins(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA)
    within.arrive("b", DESK, to=[MARA], refs=["a"], sent=True, thread="t2")
    report = ("Content-Type", "multipart/report; report-type=delivery-status")
    daemon = "mailer-daemon@acme.example"
    row = within.arrive("c", daemon, refs=["b"], thread="t2", headers=[report])
    assert outcome(row) == "joined"
    assert outcome(within.arrive("d", daemon, subject="Re: [TKT-0001]")) == "opened"


def test_two_processors_that_write_to_each_other_stop_at_once(within: Desk) -> None:
    within.processor()
    within.processor(box=within.other)
    for number in range(10):
        box, sender = ((within.box, OTHER), (within.other, DESK))[number % 2]
        row = within.arrive(f"m{number}", sender, box=box, subject=f"Re: loop {number}")
        assert row
        assert (row.outcome, "mailbox of ours" in row.reason) == ("ignored", True)
    assert not Ticket.objects.exists()


def test_too_many_from_one_sender_are_held_back_and_can_be_let_through(within: Desk) -> None:
    within.processor()
    Settings.objects.create(hourly=3)
    for number in range(10):
        row = within.arrive(f"m{number}", MALLORY, subject=f"{number}")
    assert row
    assert Ticket.objects.count() == 3
    assert Reading.objects.filter(outcome="held").count() == 7
    assert "3 tickets within an hour" in row.reason
    assert outcome(within.arrive("z", MARA)) == "opened"
    made = reading.release(row)
    row.refresh_from_db()
    assert (row.outcome, row.ticket_id) == ("opened", made.pk)
    assert within.about(made) == {"m9"}


def test_the_same_message_in_two_watched_mailboxes_is_one_ticket(within: Desk) -> None:
    within.processor()
    within.processor(box=within.other)
    within.arrive("a", MARA)
    row = within.arrive("a", MARA, box=within.other)
    assert row
    assert (row.outcome, row.reason) == ("joined", "It is in TKT-0001 already.")
    assert Ticket.objects.count() == 1
    assert Reading.objects.count() == 2


def test_mad_mail(within: Desk) -> None:
    """No subject, an endless one, fifty in Cc, nobody in From."""
    within.processor()
    within.arrive("a", MARA, subject="")
    within.arrive("b", BOB, subject="x" * 10_000_000)
    within.arrive("c", MALLORY, cc=[f"p{n}@many.example" for n in range(50)])
    assert outcome(within.arrive("d", "")) == "ignored"
    assert list(Ticket.objects.order_by("pk").values_list("title", flat=True))[:2] == [
        "No subject",
        "x" * 200,
    ]
    assert len(tickets.copies(Ticket.objects.get(customer=MALLORY).pk)) == 20


def test_round_robin_and_least_loaded(within: Desk) -> None:
    sam, kim = within.member.user_id, join("Kim").pk
    rule = within.processor(sam, kim, assignment="round_robin")
    for number in range(4):
        within.arrive(f"m{number}", f"c{number}@acme.example")
    owners = list(Ticket.objects.order_by("pk").values_list("owner", flat=True))
    assert owners == [sam, kim, sam, kim]
    rule.assignment = "least_loaded"
    rule.save()
    Ticket.objects.filter(owner=kim).update(status=Status.CLOSED)
    within.arrive("x", "y@acme.example")
    assert Ticket.objects.get(number=5).owner_id == kim
    Membership.objects.filter(user=kim).update(modules=["crm"])
    within.arrive("y", "z@acme.example")
    assert Ticket.objects.get(number=6).owner_id == sam


def test_a_sender_nobody_knows_becomes_a_contact_if_wanted(within: Desk) -> None:
    within.processor(makes_contacts=True)
    within.arrive("a", f"Mara Quist <{MARA}>")
    within.arrive("b", MARA)
    assert list(Contact.objects.values_list("name", flat=True)) == ["Mara Quist"]
    assert ContactAddress.objects.get().address == MARA
    assert set(Link.objects.values_list("kind", flat=True)) == {"crm.contact", "support.ticket"}


def test_a_closed_ticket_is_followed_where_the_processor_says_so(within: Desk) -> None:
    within.processor(reopening="never")
    within.arrive("a", MARA)
    old = Ticket.objects.get()
    old.status = Status.CLOSED
    tickets.store(old, None)
    with clock.use(clock.Hands(clock.now() + timedelta(hours=1))):
        row = within.arrive("b", MARA, refs=["a"])
    assert row
    assert (row.outcome, row.ticket.follows_id) == ("followed", old.pk)
    assert (within.about(old), within.about(row.ticket)) == ({"a"}, {"b"})
    with clock.use(clock.Hands(clock.now() + timedelta(hours=2))):
        again = within.arrive("c", MARA, refs=["a", "b"])
        late = within.arrive("d", MARA, refs=["a"])
    assert again
    assert late
    assert again.ticket == late.ticket == row.ticket


def test_mail_to_a_ticket_that_was_merged_goes_where_it_went(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA)
    into = make_ticket()
    merging.merge(within.member, into.pk, Ticket.objects.get(number=1).pk)
    within.arrive("b", MARA, refs=["a"])
    within.arrive("c", MARA, subject="[TKT-0001] hello")
    assert within.about(into) == {"a", "b", "c"}


def test_a_person_who_took_it_out_is_not_contradicted(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA)
    ticket = Ticket.objects.get()
    links.unlink([message("a").pk], (tickets.KIND, ticket.pk), within.member.user_id)
    addresses.set_addresses("crm.contact", 1, [(MARA, "primary")])
    assert within.about(ticket) == set()


def test_an_answer_in_a_conversation_that_a_person_filed_counts_as_one(within: Desk) -> None:
    within.arrive("a", MARA)
    ticket = make_ticket(customer=MARA, status=Status.WAITING)
    links.link([message("a").pk], (tickets.KIND, ticket.pk), within.member.user_id)
    within.processor()
    within.arrive("b", MARA, refs=["a"])
    ticket.refresh_from_db()
    assert (ticket.status, within.about(ticket)) == (Status.OPEN, {"a", "b"})


def test_the_past_is_left_alone(within: Desk) -> None:
    within.processor()
    assert within.arrive("a", MARA, received_at=clock.now() - timedelta(hours=1)) is None
    assert Copy.objects.count() == 1
