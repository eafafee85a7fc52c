"""Two tickets become one, and messages of one become another: nothing is lost on the way."""

import pytest

from mailweave.journal import entries
from mailweave.journal.models import EntryRecord
from mailweave.kit.errors import Expected
from mailweave.linking import links
from mailweave.linking.models import Link
from mailweave.records.support import facts, merging, tickets
from mailweave.records.support.models import Ticket
from tests.makers_arrivals import BOB, MARA
from tests.records.support.makers import Desk, make_ticket, message

pytestmark = pytest.mark.sql


def test_mail_notes_and_people_go_to_the_survivor(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA, cc=["cc@acme.example"])
    other, into = Ticket.objects.get(), make_ticket(customer=BOB)
    entries.write(within.member, [(tickets.KIND, other.pk)], "note", "Called her.")
    merging.merge(within.member, into.pk, other.pk)
    assert within.about(into) == {"a"}
    assert tickets.copies(into.pk) == [MARA, "cc@acme.example"]
    notes = EntryRecord.objects.filter(kind=tickets.KIND, type="note")
    assert list(notes.values_list("record_id", flat=True)) == [into.pk]
    assert list(tickets.find(within.member)) == [into]
    assert facts.leads_to(other.pk) == into


def test_a_chain_of_merges_leads_to_its_end(within: Desk) -> None:
    one, two, three = make_ticket(), make_ticket(), make_ticket()
    merging.merge(within.member, two.pk, one.pk)
    merging.merge(within.member, three.pk, two.pk)
    assert facts.leads_to(one.pk) == three
    with pytest.raises(Expected, match="one ticket already: TKT-0003"):
        merging.merge(within.member, one.pk, three.pk)
    with pytest.raises(Expected, match="deleted"):
        merging.merge(within.member, one.pk, 10**6)


def test_no_more_than_twenty_have_copies(within: Desk) -> None:
    into = make_ticket(cc=tuple(f"a{n}@x.example" for n in range(19)))
    other = make_ticket(cc=("b1@x.example", "b2@x.example"), customer=MARA)
    merging.merge(within.member, into.pk, other.pk)
    assert len(tickets.copies(into.pk)) == 20
    (change,) = EntryRecord.objects.filter(record_id=into.pk).select_related("entry")
    assert "2 people found no place" in change.entry.text


def test_messages_are_split_off_and_stay_off(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA, cc=[BOB])
    within.arrive("b", f"Bob <{BOB}>", refs=["a"], subject="Another thing")
    ticket = Ticket.objects.get()
    by_hand = within.arrive("c", "no@thing.example", headers=[("List-Id", "<x.example>")])
    assert by_hand
    links.link([message("c").pk], (tickets.KIND, ticket.pk), within.member.user_id)
    made = merging.split(within.member, ticket, [message("b").pk, message("c").pk])
    assert (made.title, made.customer, made.customer_name) == ("Another thing", BOB, "Bob")
    assert (within.about(ticket), within.about(made)) == ({"a"}, {"b", "c"})
    within.arrive("d", BOB, refs=["a", "b"])
    assert within.about(made) == {"b", "c", "d"}
    assert within.about(ticket) == {"a"}
    assert not Link.objects.filter(record_id=made.pk, reason="thread").exists()


def test_neither_may_be_empty(within: Desk) -> None:
    within.processor()
    within.arrive("a", MARA)
    ticket = Ticket.objects.get()
    for chosen in ([], [message("a").pk], [10**6]):
        with pytest.raises(Expected):
            merging.split(within.member, ticket, chosen)
    assert Ticket.objects.count() == 1
