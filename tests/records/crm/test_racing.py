"""Two at once: a contact merged while its mail arrives, and two people who merge the same."""

import pytest

from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.linking.models import Link, RecordAddress
from mailweave.people import workspaces
from mailweave.records.crm import kinds, merging
from mailweave.records.crm.models import Contact
from tests.flows.checks import derived
from tests.makers_arrivals import BOB, MARA, fetch, put
from tests.records.crm.makers import make_contact, make_workspace
from tests.sync.test_racing import at_once, make_boxes

pytestmark = [pytest.mark.sql, pytest.mark.django_db(transaction=True)]


def test_a_contact_that_is_merged_while_its_mail_arrives() -> None:
    workspace_id, user = make_workspace("north")
    (member,) = workspaces.memberships(user)
    (box,) = make_boxes(workspace_id, 1)
    with scope.workspace(workspace_id):
        stays, goes = make_contact("Mara", MARA).pk, make_contact("Mara too", BOB).pk

    def arrive() -> None:
        for number in range(12):
            with scope.workspace(workspace_id):
                put(box, fetch(f"k{number}", BOB if number % 2 else MARA, minute=number))

    def merge() -> None:
        with scope.workspace(workspace_id):
            merging.merge(kinds.CONTACT, stays, [goes], {}, member)

    at_once(arrive, merge)
    with scope.workspace(workspace_id):
        links = Link.objects.filter(kind="crm.contact", linked=True)
        assert links.count() == 12
        assert set(links.values_list("record_id", flat=True)) == {stays}
        told = RecordAddress.objects.values_list("record_id", "address__address")
        assert set(told) == {(stays, MARA), (stays, BOB)}
        derived()


def test_two_who_merge_the_same_take_turns() -> None:
    workspace_id, user = make_workspace("north")
    (member,) = workspaces.memberships(user)
    with scope.workspace(workspace_id):
        one, two = make_contact("Mara", MARA).pk, make_contact("Mara too", BOB).pk
    late: list[str] = []

    def merge(into: int, other: int) -> None:
        try:
            with scope.workspace(workspace_id):
                merging.merge(kinds.CONTACT, into, [other], {}, member)
        except Expected as error:
            late.append(str(error))

    at_once(lambda: merge(one, two), lambda: merge(two, one))
    assert late == [merging.GONE]
    with scope.workspace(workspace_id):
        (left,) = Contact.objects.all()
        assert RecordAddress.objects.filter(record_id=left.pk).count() == 2
