"""Entries from a document, as often as one likes."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mailweave.journal import loading
from mailweave.journal.models import Entry, EntryRecord
from mailweave.kit import scope
from mailweave.kit.errors import Expected
from mailweave.linking import addresses
from mailweave.people.access import Member
from tests.journal.test_entries import ANN, last
from tests.makers import make_member

pytestmark = pytest.mark.sql
ROW = {"type": "call", "text": "Talked", "about": "ANN@client.example", "by": "sam@north.example"}


def test_twice_the_same_changes_nothing(db: None, tmp_path: Path) -> None:
    member = make_member(name="Sam", email="sam@north.example")
    task = {**ROW, "type": "task", "text": "Send it", "days_ago": 9, "done": True}
    call = {**ROW, "days_ago": 2, "minutes": 5}
    strangers = [{**ROW, "by": "eve@x.example"}, {**ROW, "about": "nobody@x.example"}]
    path = tmp_path / "world.json"
    path.write_text(json.dumps({"deals": [1], "entries": [task, call, *strangers]}))
    with scope.workspace(member.workspace_id):
        addresses.set_addresses(*ANN, [("ann@client.example", "primary")])
    for _ in range(2):
        call_command(
            "load_journal", str(path), "--workspace", str(member.workspace_id), verbosity=0
        )
    with scope.workspace(member.workspace_id):
        done, talked = Entry.objects.order_by("at")
        assert set(EntryRecord.objects.values_list("kind", "record_id")) == {ANN}
        assert (done.done_at - done.at).days == 1
        assert (talked.data, talked.author_id) == ({"minutes": 5}, member.user_id)
        assert last(ANN) == talked.at
    with pytest.raises(CommandError):
        call_command("load_journal", str(path), "--workspace", str(member.workspace_id + 10**6))


@pytest.mark.parametrize("wrong", [{"type": "change"}, {"text": ""}, {"days_ago": -1}])
def test_what_cannot_be_read_changes_nothing(owner: Member, wrong: dict[str, object]) -> None:
    with pytest.raises(Expected):
        loading.load(json.dumps({"entries": [{**ROW, **wrong}]}).encode())
    assert not Entry.objects.exists()
