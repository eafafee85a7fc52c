"""When letters go, and what stops them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailweave.kit import clock, jobs
from mailweave.kit.errors import Expected
from mailweave.mail.models import Copy, Credential, Mailbox, Message
from mailweave.outbox import drafts, files, filing, identities, submissions
from mailweave.outbox.models import Draft, FilePiece, Habit, Submission
from mailweave.outbox.submissions import When
from mailweave.sync.models import Sync
from tests.makers import make_member
from tests.makers_mail import Archive
from tests.outbox.post import NOW, Desk, Post

State, Problem = Submission.State, Submission.Problem


@pytest.mark.parametrize(
    ("local_time", "zone", "moment"),
    [
        ("2026-03-28T09:00", "Europe/Berlin", "2026-03-28T08:00"),
        ("2026-03-30T09:00", "Europe/Berlin", "2026-03-30T07:00"),  # the clocks have changed
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30"),  # a time that there is not
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),  # one that comes twice
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:30"),
        ("2026-11-23T09:00", "Asia/Kolkata", "2026-11-23T03:30"),
    ],
)
def test_a_wall_clock_says_when(local_time: str, zone: str, moment: str) -> None:
    wanted = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert When(local_time, zone).moment() == wanted


@pytest.mark.parametrize(
    ("local_time", "zone"),
    [
        ("", "UTC"),
        ("tomorrow", "UTC"),
        ("2026-03-28T09:00", "Atlantis/Main"),
        ("2026-03-28T09:00", "../../etc/passwd"),
        ("9999-12-31T23:59", "America/New_York"),
    ],
)
def test_what_is_no_time_is_refused_in_words(local_time: str, zone: str) -> None:
    with pytest.raises(Expected, match="date and a time"):
        When(local_time, zone).moment()


@pytest.mark.parametrize(
    ("local_time", "words"), [("2026-03-02T08:59", "has passed"), ("2027-03-04T09:00", "a year")]
)
def test_neither_the_past_nor_too_far_ahead(desk: Desk, local_time: str, words: str) -> None:
    with pytest.raises(Expected, match=words):
        desk.submit(desk.draft(), when=When(local_time, "UTC"))


def test_scheduled_moved_and_let_go(desk: Desk, post: Post) -> None:
    order = desk.submit(desk.draft(), when=When("2026-03-03T09:00", "UTC"))
    assert desk.go(order, 3600).state == State.SCHEDULED
    with desk.inside():
        assert submissions.reschedule(desk.member, order.pk, When("2026-03-05T09:00", "UTC"))
    assert desk.go(order, 2 * 86400).state == State.SCHEDULED
    with desk.inside():
        assert submissions.send_now(desk.member, order.pk)
        assert submissions.find(desk.member, order.pk).zone == ""
    assert desk.go(order, 1).state == State.SENT
    assert post.keys == [order.key]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"to": []}, "at least one recipient"),
        ({"to": ["nobody"]}, "nobody"),
        ({"html": '<p>Dear <mark data-unresolved="contact.name">?</mark></p>'}, "Contact: Name"),
        ({"mailbox_id": None}, "from where"),
        ({"address": "old@north.example"}, "Google still checks"),
    ],
)
def test_what_cannot_be_sent_is_said_before(
    desk: Desk, post: Post, given: dict[str, object], words: str
) -> None:
    with desk.inside():
        identities.keep(desk.mailbox_id, post.identities())
    draft = desk.draft(**given)
    with pytest.raises(submissions.Unsendable, match=words):
        desk.submit(draft)
    with desk.inside():
        assert not Submission.objects.exists()


def test_an_older_version_is_not_sent(desk: Desk) -> None:
    draft = desk.draft()
    with desk.inside():
        drafts.save(desk.member, draft.pk, 1, subject="Another")
    with pytest.raises(drafts.Conflict):
        desk.submit(draft)


def _conversation(desk: Desk) -> tuple[Archive, int, int]:
    """A thread of one message in the desk's mailbox: (archive, thread, message)."""
    archive = Archive()
    thread = archive.thread()
    first = archive.message(thread, sender="ben@partner.example", to=["ada@north.example"])
    archive.copy(first, desk.mailbox_id)
    Message.objects.filter(pk=first).update(sent_at=NOW.replace(hour=8))
    return archive, thread, first


def _reply(desk: Desk, first: int, **given: object) -> Draft:
    return desk.draft(act=Draft.Act.REPLY, source_id=first, known=first, **given)


@pytest.mark.parametrize("scheduled", [False, True])
def test_an_answer_that_came_meanwhile_stops_the_letter(
    desk: Desk, post: Post, scheduled: bool
) -> None:
    with desk.inside():
        archive, thread, first = _conversation(desk)
    draft = _reply(desk, first)
    when = When("2026-03-03T09:00", "UTC")
    order = desk.submit(draft, when=when) if scheduled else None
    with desk.inside():
        second = archive.message(thread, sender="kim@north.example", direction="out")
        archive.copy(second, desk.mailbox_id)
        Message.objects.filter(pk=second).update(sent_at=NOW.replace(minute=1))
    if order:
        row = desk.go(order)
        assert (row.state, row.problem) == (State.FAILED, Problem.ANSWERED)
        assert post.calls == []
    with pytest.raises(submissions.Answered) as told:
        desk.submit(draft)
    assert told.value.message_ids == (second,)
    assert desk.submit(draft, in_spite=True).state == State.SCHEDULED


def test_old_mail_that_is_imported_and_answers_of_machines_stop_nothing(desk: Desk) -> None:
    with desk.inside():
        archive, thread, first = _conversation(desk)
        old = archive.message(thread)  # of January
        robot = archive.message(thread)
        for one in (old, robot):
            archive.copy(one, desk.mailbox_id)
        Message.objects.filter(pk=robot).update(sent_at=NOW.replace(minute=1), automatic=True)
    assert desk.submit(_reply(desk, first)).state == State.SCHEDULED


@pytest.mark.parametrize("known_by", ["remote id", "Message-ID"])
def test_the_copy_takes_the_letters_place_and_is_linked(
    desk: Desk, post: Post, known_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = desk.draft()
    with desk.inside():
        files.put(files.begin(draft, "a.txt", "text/plain", 3), 0, b"abc")
    order = desk.submit(draft)
    row = desk.go(order, 12)
    assert row.state == State.SENT
    with desk.inside():
        assert FilePiece.objects.exists()
        asked = Copy.objects.get(mailbox_id=desk.mailbox_id)
        assert (asked.remote_id, asked.state, asked.asked_for) == (
            f"sent-{order.key}", "listed", True,
        )  # fmt: skip
        assert [one.pk for one in submissions.pending(desk.member)] == [order.pk]
        archive = Archive()
        made = archive.message(archive.thread(), direction="out", sender="ada@north.example")
        fields = {"message_id": made, "state": "stored"}
        if known_by == "Message-ID":
            Submission.objects.update(remote_id="")
            Message.objects.filter(pk=made).update(message_id=f"{order.key}@rewritten.example")
        Copy.objects.filter(pk=asked.pk).update(**fields)
    row = desk.go(order, 60)
    assert (row.message_id, row.due_at) == (made, None)
    with desk.inside():
        assert not FilePiece.objects.exists()
        assert [one.name for one in files.listed(draft.pk)] == ["a.txt"]
        assert not submissions.pending(desk.member).exists()


def test_a_copy_that_never_shows_is_looked_for_a_day_and_no_longer(desk: Desk, post: Post) -> None:
    order = desk.submit(desk.draft())
    row = desk.go(order, 3 * 86400)
    assert (row.state, row.message_id, row.due_at) == (State.SENT, None, None)
    assert post.keys == [order.key]


def test_a_stranger_with_our_message_id_is_not_taken_for_the_copy(desk: Desk, post: Post) -> None:
    order = desk.submit(desk.draft())
    desk.go(order, 12)
    with desk.inside():
        archive = Archive()
        forged = archive.message(archive.thread(), direction="in")
        archive.copy(forged, desk.mailbox_id)
        Message.objects.filter(pk=forged).update(message_id=order.own_message_id)
        row = Submission.objects.select_related("draft").get()
        assert filing.find(row) is None


def test_others_see_and_stop_nothing_but_what_leaves_from_a_shared_mailbox(desk: Desk) -> None:
    order = desk.submit(desk.draft())
    other = make_member("member", type("W", (), {"pk": desk.member.workspace_id})())  # type: ignore[arg-type]
    with desk.inside():
        for verb in (submissions.find, submissions.cancel, submissions.send_now):
            with pytest.raises(submissions.NotFound):
                verb(other, order.pk)
        assert not submissions.pending(other).exists()
        Mailbox.objects.filter(pk=desk.mailbox_id).update(delegate_id=desk.mailbox_id)
        assert submissions.find(other, order.pk).pk == order.pk
        assert submissions.pending(other).exists()


def test_from_is_where_it_came_in_else_where_one_wrote_from_last(desk: Desk, post: Post) -> None:
    member = desk.member
    with desk.inside():
        first = identities.pick(member)
        assert first
        assert (first.mailbox_id, first.address) == (desk.mailbox_id, "ada@north.example")
        identities.keep(desk.mailbox_id, post.identities())
        assert [one.address for one in identities.choices(member)] == [
            "ada@north.example", "old@north.example", "sales@north.example",
        ]  # fmt: skip
        assert _address(identities.pick(member)) == "sales@north.example"  # Gmail's own default
        here = desk.mailbox_id
        received = identities.pick(member, mailbox_id=here, addresses=["ada@north.example"])
        assert _address(received) == "ada@north.example"
        identities.remember(member, first)
        assert _address(identities.pick(member)) == "ada@north.example"
        assert Habit.objects.count() == 1
        assert identities.stale(member) == []
        desk.hands.advance(86400)
        assert identities.stale(member) == [here]


def test_who_has_no_name_at_the_provider_has_their_own(desk: Desk, post: Post) -> None:
    given = [replace(one, name="Sales" if one.address.startswith("sales") else "")
             for one in post.identities()]  # fmt: skip
    with desk.inside():
        identities.keep(desk.mailbox_id, given)
        names = {one.address: one.name for one in identities.choices(desk.member)}
        assert names["ada@north.example"] == desk.member.name
        assert names["sales@north.example"] == "Sales"
        Mailbox.objects.update(delegate_id=desk.mailbox_id)
        names = {one.address: one.name for one in identities.choices(desk.member)}
        assert names["ada@north.example"] == ""


def _address(choice: identities.Choice | None) -> str:
    return choice.address if choice else ""


@pytest.mark.parametrize(
    ("problem", "stops"), [("reconnect", True), ("blocked", True), ("failed", False), ("", False)]
)
def test_only_a_closed_mailbox_cannot_be_written_from(
    desk: Desk, problem: str, stops: bool
) -> None:
    with desk.inside():
        Sync.objects.update(problem=problem)
        (choice,) = identities.choices(desk.member)
    assert bool(choice.why) == stops


def test_an_address_that_was_refused_is_not_offered_until_it_is_tried_again(
    desk: Desk, post: Post
) -> None:
    def why(address: str) -> str:
        return next(one.why for one in identities.choices(desk.member) if one.address == address)

    given = post.identities()
    with desk.inside():
        box = Mailbox.objects.get(pk=desk.mailbox_id)
        Credential.objects.create(mailbox=box, expires_at=NOW)
        Credential.objects.update(granted_at=NOW)
        desk.hands.advance(60)
        identities.keep(box.pk, given)
        identities.refuse(box, "sales@north.example", "Somebody must grant it.")
        identities.keep(box.pk, given)
        assert "Somebody must grant it." in why("sales@north.example")
        (choice,) = (one for one in identities.choices(desk.member) if one.refused)
        identities.forgive(choice)
        assert not why("sales@north.example")
        identities.refuse(box, "sales@north.example", "No.")
        assert why("sales@north.example")
        Credential.objects.update(granted_at=clock.now() + timedelta(seconds=1))
        assert not why("sales@north.example")


def test_addresses_are_asked_for_once_a_day(desk: Desk, post: Post) -> None:
    with desk.inside():
        identities.wake(desk.member)
        identities.wake(desk.member)
        assert ("outbox.identify", "todo", 1) in jobs.count()
    identities.refresh(desk.member.workspace_id, desk.mailbox_id)
    with desk.inside():
        assert len(identities.choices(desk.member)) == 3
        assert identities.stale(desk.member) == []
