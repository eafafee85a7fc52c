"""What people write down, who may change it, and what it does to a record's last activity."""

from datetime import datetime, timedelta

import pytest

from mailweave.journal import entries
from mailweave.journal.entries import NotFound, Wording
from mailweave.journal.models import Entry, EntryRecord
from mailweave.kit import clock
from mailweave.kit.errors import Expected
from mailweave.linking import activity
from mailweave.linking.models import Activity
from mailweave.people.access import Member

pytestmark = pytest.mark.sql

ANN, DEAL = ("crm.contact", 1), ("crm.deal", 7)


def last(record: entries.Record) -> datetime | None:
    rows = Activity.objects.filter(kind=record[0], record_id=record[1])
    found: datetime | None = rows.values_list("last_at", flat=True).first()
    return found


def texts(record: entries.Record) -> list[str]:
    rows = EntryRecord.objects.filter(kind=record[0], record_id=record[1], entry__deleted_at=None)
    return list(rows.order_by("-at").values_list("entry__text", flat=True))


def test_an_entry_is_about_each_of_its_records_once(owner: Member) -> None:
    entry = entries.write(owner, [ANN, DEAL, ANN], "note", "  Likes tea \0")
    assert entries.records_of(entry.pk) == [ANN, DEAL]
    assert texts(ANN) == texts(DEAL) == ["Likes tea"]
    assert entry.author_id == owner.user_id


@pytest.mark.parametrize("type_", ["note", "task"])
def test_notes_and_tasks_say_something(owner: Member, type_: str) -> None:
    with pytest.raises(Expected, match="few words"):
        entries.write(owner, [ANN], type_, "  ")
    entries.write(owner, [ANN], "call", "")
    with pytest.raises(Expected, match="longer"):
        entries.write(owner, [ANN], type_, "x" * (entries.MOST + 1))


def test_a_change_says_what_was_and_what_is(owner: Member) -> None:
    made = entries.note_change(owner, DEAL, "Stage", "Proposal", "Won")
    by_rule = entries.note_change(None, DEAL, "Owner", "", "Kim", by="round robin")
    assert made is not None
    assert by_rule is not None
    assert made.text == "Stage: Proposal → Won"
    assert made.data == {"what": "Stage", "old": "Proposal", "new": "Won"}
    assert (by_rule.text, by_rule.data["by"]) == ("Owner: none → Kim", "round robin")
    assert entries.note_change(owner, DEAL, "Stage", "Won", "Won") is None
    assert last(DEAL) is None


def test_last_activity_follows_what_was_written(owner: Member) -> None:
    activity.touch(*("crm.contact", [1]))
    now = clock.now()
    call = entries.write(owner, [ANN], "call", "Later", now - timedelta(hours=1))
    assert last(ANN) == call.at
    meeting = entries.write(owner, [ANN], "meeting", "Planned", now + timedelta(days=3))
    assert last(ANN) == meeting.made_at
    entries.delete(owner, meeting.pk)
    assert last(ANN) == call.at
    entries.edit(owner, call.pk, Wording("Sooner", now - timedelta(hours=2)))
    assert last(ANN) == now - timedelta(hours=2)


def test_a_task_counts_once_it_is_done(owner: Member, colleague: Member) -> None:
    task = entries.write(owner, [ANN], "task", "Send the offer", due_at=clock.now())
    assert last(ANN) is None
    done = entries.tick(colleague, task.pk, done=True)
    assert (last(ANN), done.done_by_id) == (done.done_at, colleague.user_id)
    entries.tick(owner, task.pk, done=False)
    assert last(ANN) is None
    note = entries.write(owner, [ANN], "note", "No task")
    with pytest.raises(NotFound):
        entries.tick(owner, note.pk, done=True)


def test_its_author_and_admins_change_an_entry(
    owner: Member, colleague: Member, other: Member
) -> None:
    note = entries.write(colleague, [ANN], "note", "First")
    with pytest.raises(NotFound):
        entries.edit(other, note.pk, Wording("Mine"))
    with pytest.raises(NotFound):
        entries.delete(other, note.pk)
    entries.edit(colleague, note.pk, Wording("Second"))
    entries.edit(owner, note.pk, Wording("Third"))
    assert texts(ANN) == ["Third"]
    change = entries.note_change(owner, ANN, "Owner", "", "Kim")
    assert change is not None
    with pytest.raises(NotFound):
        entries.delete(owner, change.pk)


def test_what_was_deleted_can_be_had_back_for_a_day(owner: Member, colleague: Member) -> None:
    note = entries.write(colleague, [ANN, DEAL], "note", "Kept")
    entries.delete(colleague, note.pk)
    assert texts(ANN) == []
    entries.restore(colleague, note.pk)
    assert texts(ANN) == texts(DEAL) == ["Kept"]
    entries.delete(colleague, note.pk)
    with clock.use(clock.Hands(clock.now() + timedelta(days=2))):
        entries.delete(owner, entries.write(owner, [ANN], "note", "Else").pk)
    assert not Entry.objects.filter(pk=note.pk).exists()
    with pytest.raises(NotFound):
        entries.restore(colleague, note.pk)


def test_a_deleted_record_takes_what_was_about_it_alone(owner: Member) -> None:
    entries.write(owner, [ANN], "note", "Alone")
    entries.write(owner, [ANN, DEAL], "note", "Both")
    entries.forget(*ANN)
    assert (texts(ANN), texts(DEAL)) == ([], ["Both"])
    assert Entry.objects.count() == 1
