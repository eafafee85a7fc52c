"""A merge of two tickets is undone, as long as nothing else happened to them."""

from datetime import timedelta

import pytest

from mailweave.journal import entries
from mailweave.journal.models import EntryRecord
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking import links
from mailweave.linking.models import Link
from mailweave.records.support import facts, merging, parting, tickets
from mailweave.records.support.models import Joining, Ticket
from tests.makers_arrivals import BOB, MARA
from tests.records.support.makers import Desk, make_ticket, message

pytestmark = pytest.mark.sql


@pytest.fixture
def pair(within: Desk) -> tuple[Ticket, Ticket]:
    """A ticket with a letter, a note and somebody in copy; and one with a letter of its own."""
    within.processor()
    within.arrive("a", MARA, cc=["cc@acme.example"])
    within.arrive("b", BOB)
    other, into = Ticket.objects.order_by("pk")
    note = entries.write(within.member, [(tickets.KIND, other.pk)], "note", "Called her.")
    EntryRecord.objects.create(
        entry=note, kind=tickets.KIND, record_id=into.pk, type="note", at=note.at
    )
    entries.write(within.member, [(tickets.KIND, other.pk)], "note", "Hers alone.")
    links.link([message("b").pk], (tickets.KIND, other.pk), within.member.user_id)
    other.status, other.owner_id = "waiting", within.member.user_id
    tickets.store(other, within.member)
    return into, other


def look(desk: Desk, *both: Ticket) -> list[object]:
    """All that hangs on two tickets."""
    found: list[object] = []
    for ticket in both:
        told = EntryRecord.objects.filter(kind=tickets.KIND, record_id=ticket.pk)
        rows = Link.objects.filter(kind=tickets.KIND, record_id=ticket.pk).order_by("message_id")
        now = Ticket.objects.get(pk=ticket.pk)
        found += [
            (now.status, now.owner_id, now.merged_into_id),
            list(rows.values_list("message_id", "linked", "pinned", "reason", "rule", "made_by")),
            sorted(told.exclude(type="change").values_list("entry__text", flat=True)),
            tickets.copies(ticket.pk),
            desk.about(ticket),
        ]
    return found


def test_everything_is_as_it_was(within: Desk, pair: tuple[Ticket, Ticket]) -> None:
    into, other = pair
    before = look(within, into, other)
    merging.merge(within.member, into.pk, other.pk)
    assert within.about(into) == {"a", "b"}
    assert [row.ticket_id for row in parting.undoable(into)] == [other.pk]
    parting.undo(within.member, other.pk)
    assert look(within, into, other) == before
    assert facts.leads_to(other.pk) == other
    assert not Joining.objects.exists()
    within.arrive("c", MARA, refs=["a"])
    assert within.about(other) == {"a", "b", "c"}
    told = EntryRecord.objects.filter(entry__text__startswith="Merging with")
    assert set(told.values_list("record_id", flat=True)) == {into.pk, other.pk}


@pytest.mark.parametrize("what", ["mail", "note", "status", "copy", "unlinked", "merged"])
def test_what_happened_since_is_not_undone(
    within: Desk, pair: tuple[Ticket, Ticket], what: str
) -> None:
    into, other = pair
    merging.merge(within.member, into.pk, other.pk)
    row = Ticket.objects.get(pk=into.pk)
    match what:
        case "mail":
            within.arrive("c", MARA, refs=["a"])
        case "note":
            entries.write(within.member, [(tickets.KIND, into.pk)], "note", "More.")
        case "status":
            row.status = "resolved"
            tickets.store(row, within.member)
        case "copy":
            tickets.add_copies(row, ["new@acme.example"])
        case "unlinked":
            links.unlink([message("a").pk], (tickets.KIND, into.pk), within.member.user_id)
        case _:
            merging.merge(within.member, into.pk, make_ticket().pk)
    now = look(within, into, other)
    assert other.pk not in [row.ticket_id for row in parting.undoable(into)]
    with pytest.raises(Expected, match="something has happened"):
        parting.undo(within.member, other.pk)
    assert look(within, into, other) == now


def test_after_a_day_it_stands(within: Desk, pair: tuple[Ticket, Ticket]) -> None:
    into, other = pair
    merging.merge(within.member, into.pk, other.pk)
    with clock.use(clock.Hands(clock.now() + timedelta(hours=25))):
        assert parting.undoable(into) == []
        with pytest.raises(Expected, match="cannot be undone"):
            parting.undo(within.member, other.pk)


def test_chains_come_apart_from_their_end(within: Desk, pair: tuple[Ticket, Ticket]) -> None:
    into, other = pair
    last = make_ticket()
    merging.merge(within.member, into.pk, other.pk)
    merging.merge(within.member, last.pk, into.pk)
    with pytest.raises(Expected):
        parting.undo(within.member, other.pk)
    parting.undo(within.member, into.pk)
    assert facts.leads_to(other.pk) == facts.leads_to(into.pk) == into
