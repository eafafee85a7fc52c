"""Two at once: a ticket merged while its mail is read, and changed by hand while it is."""

import pytest

from mailweave.kit import clock, scope
from mailweave.linking import handing
from mailweave.linking.models import Link
from mailweave.records.support import merging, tickets
from mailweave.records.support.models import Ticket
from tests.flows.checks import derived
from tests.makers_arrivals import MARA, fetch, put
from tests.records.support.makers import make_desk, make_ticket
from tests.sync.test_racing import at_once

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]


def test_a_ticket_that_is_merged_and_changed_while_mail_is_read() -> None:
    desk = make_desk()
    with scope.workspace(desk.id):
        desk.processor()
        desk.arrive("k0", MARA)
        goes, stays = Ticket.objects.get().pk, make_ticket().pk

    def arrive() -> None:
        for number in range(1, 9):
            with scope.workspace(desk.id):
                one = fetch(f"k{number}", MARA, refs=["k0"], received_at=clock.now())
                handing.hand(desk.box, put(desk.box, one).new_here)
            handing.work(desk.id)

    def change() -> None:
        for number in range(8):
            with scope.workspace(desk.id):
                ticket = tickets.hold(goes)
                assert ticket
                ticket.status = "waiting" if number % 2 else "resolved"
                tickets.store(ticket, desk.member)

    def merge() -> None:
        with scope.workspace(desk.id):
            merging.merge(desk.member, stays, goes)

    at_once(arrive, change, merge)
    with scope.workspace(desk.id):
        rows = Link.objects.filter(kind=tickets.KIND, linked=True)
        assert set(rows.values_list("record_id", flat=True)) == {stays}
        assert rows.count() == 9
        derived()
