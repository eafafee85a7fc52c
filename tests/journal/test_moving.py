"""Entries of records that become one."""

import pytest

from mailweave.journal import entries, moving
from mailweave.kit import clock
from mailweave.linking.models import Activity
from mailweave.people.access import Member
from tests.journal.test_entries import ANN, texts

pytestmark = pytest.mark.sql

TWIN = ("crm.contact", 2)


def test_entries_go_to_the_survivor_each_once(owner: Member) -> None:
    entries.write(owner, [TWIN], "note", "Hers", clock.now())
    entries.write(owner, [ANN, TWIN], "call", "Both")
    entries.note_change(owner, TWIN, "Owner", "", "Kim")
    moving.merge(TWIN, ANN)
    assert sorted(texts(ANN)) == ["Both", "Hers", "Owner: none → Kim"]
    assert texts(TWIN) == []
    assert Activity.objects.get(kind=ANN[0], record_id=ANN[1]).entry_at is not None
