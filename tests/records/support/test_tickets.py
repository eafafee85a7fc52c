"""Tickets kept and found: numbered once, changes written down, seen as far as roles reach."""

from importlib import import_module

import pytest
from django.db import connection

from mailweave.journal.models import Entry
from mailweave.kit import scope
from mailweave.linking import links, registry
from mailweave.linking.models import Link, RecordOwner
from mailweave.mail.models import Message, ThreadMailbox
from mailweave.people.models import Notification, Role
from mailweave.records.support import tickets
from mailweave.records.support.models import Ticket
from tests.makers import make_member
from tests.makers_arrivals import BOB, MARA
from tests.makers_mail import join
from tests.records.support.makers import Desk, make_ticket, message

pytestmark = pytest.mark.sql


def test_numbers_go_on_even_after_the_last_was_deleted(within: Desk) -> None:
    assert make_ticket().number == 1
    last = make_ticket()
    tickets.delete(last)
    assert make_ticket().reference == "TKT-0003"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tkt-0001", {1}),
        ("#2", {2}),
        ("2", {2}),
        ("winch", {1}),
        ("mara@", {1}),
        ("quist", {1}),
        ("urgent-thing", {2}),
        ("winch hull", set()),
        ("99999999999999999999", set()),
        ("%", set()),
        ("", {1, 2}),
    ],
)
def test_search(within: Desk, text: str, found: set[int]) -> None:
    make_ticket("Winch", customer=MARA, customer_name="Mara Quist")
    make_ticket("Hull", tags=["Urgent-Thing"])
    assert {one.number for one in tickets.find(within.member, text)} == found


def test_what_changes_is_written_down(within: Desk) -> None:
    ticket = make_ticket()
    ticket.status, ticket.owner_id = Ticket.Status.CLOSED, within.member.user_id
    tickets.store(ticket, within.member)
    said = set(Entry.objects.values_list("text", flat=True))
    assert said == {"Status: Open → Closed", "Assignee: none → Sam Reyes"}
    assert Ticket.objects.get().closed_at
    ticket.status = Ticket.Status.OPEN
    tickets.store(ticket, within.member)
    assert Ticket.objects.get().closed_at is None


def test_copies_are_for_others_than_the_customer_at_most_twenty(within: Desk) -> None:
    ticket = make_ticket(customer=MARA, cc=(MARA, BOB, BOB))
    assert tickets.copies(ticket.pk) == [BOB]
    late = tickets.add_copies(ticket, [f"a{n}@x.example" for n in range(30)])
    assert (len(tickets.copies(ticket.pk)), len(late)) == (20, 11)
    tickets.set_copies(ticket, ["z@x.example"])
    assert tickets.copies(ticket.pk) == ["z@x.example"]


def test_a_deleted_ticket_leaves_no_link(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA)
    tickets.delete(Ticket.objects.get())
    assert not Link.objects.exists()
    assert within.arrive("b", MARA, refs=["a"])
    assert Ticket.objects.get().number == 2


def test_who_has_not_the_module_sees_no_card(desk: Desk) -> None:
    with scope.workspace(desk.id):
        one = make_ticket()
    stranger = make_member(Role.MEMBER, modules=["crm"])
    with scope.workspace(desk.id):
        found = {(tickets.KIND, one.pk)}
        assert registry.cards(found, desk.member).keys() == found
        outside = type(stranger)(desk.id, stranger.user_id, Role.MEMBER, modules=frozenset({"crm"}))
        assert not registry.cards(found, outside)
        assert not tickets.find(outside)


def test_whom_it_is_assigned_to_hears_of_it_until_it_is_settled(within: Desk) -> None:
    kim = join("Kim")

    def told() -> list[tuple[int, bool]]:
        rows = Notification.objects.order_by("pk")
        return [(row.user_id, row.ended_at is None) for row in rows]

    tickets.open_(Ticket(title="x", owner_id=within.member.user_id), member=within.member)
    assert told() == []
    ticket = make_ticket(owner_id=kim.pk)
    tickets.store(ticket, within.member)
    assert told() == [(kim.pk, True)]
    ticket.owner_id = within.member.user_id
    tickets.store(ticket, None, by="x")
    assert told() == [(kim.pk, False), (within.member.user_id, True)]
    ticket.status = Ticket.Status.CLOSED
    tickets.store(ticket, None, by="x")
    assert told() == [(kim.pk, False), (within.member.user_id, False)]


def test_owners_there_were_before_linking_knew_of_them_are_told(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA)
    ticket = make_ticket(owner_id=within.member.user_id)
    links.link([message("a").pk], (tickets.KIND, ticket.pk), within.member.user_id)
    RecordOwner.objects.all().delete()
    Message.objects.update(doors=["support", "support:0"])
    ThreadMailbox.objects.update(doors=["support", "support:0"])
    fill = import_module("mailweave.records.support.migrations.0004_owners")
    with connection.cursor() as cursor:
        cursor.execute(fill.FILL + fill.DERIVE)
        cursor.execute(fill.FILL + fill.DERIVE)
    assert RecordOwner.objects.get(record_id=ticket.pk).owner_id == within.member.user_id
    doors = ["support", "support:0", f"support:{within.member.user_id}"]
    assert Message.objects.get().doors == doors
    assert ThreadMailbox.objects.get().doors == doors
