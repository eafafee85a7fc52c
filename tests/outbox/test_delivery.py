"""One letter for one order, whatever breaks and whenever."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import pytest

from mailweave.kit import clock
from mailweave.mail.models import Mailbox
from mailweave.outbox import delivery, drafts, filing, identities, submissions
from mailweave.outbox.delivery import Work
from mailweave.outbox.models import FrozenPiece, SendingRule, Submission
from mailweave.people.models import Notification
from mailweave.providers.errors import (
    AuthExpired,
    InDoubt,
    RateLimited,
    Refused,
    SendAsDenied,
    Unavailable,
)
from tests.outbox.post import NOW, Desk, Died, Post

State, Problem = Submission.State, Submission.Problem
HAPPY = ["stage", "release"]


@pytest.fixture(autouse=True)
def _no_copy_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here ends when the provider has the letter."""

    def filed(submission: Submission) -> None:
        Submission.objects.filter(pk=submission.pk).update(due_at=None)

    monkeypatch.setattr(filing, "file", filed)


def test_a_letter_goes_out_when_it_is_due_and_not_before(desk: Desk, post: Post) -> None:
    order = desk.submit(desk.draft())
    assert desk.go(order, 9).state == State.SCHEDULED
    assert post.calls == []
    row = desk.go(order, 2)
    assert row.state == State.SENT
    assert post.calls == HAPPY
    assert post.keys == [order.key]
    assert (row.remote_id, row.remote_message_id) == (
        f"sent-{order.key}", f"{order.key}@rewritten.example",
    )  # fmt: skip
    with desk.inside():
        assert not FrozenPiece.objects.exists()
    raw = post.gone[0].raw.decode()
    assert "From: Ada Lind <ada@north.example>\r\n" in raw
    assert "To: Ben <ben@partner.example>\r\n" in raw
    assert f"Message-ID: <{order.own_message_id}>\r\n" in raw
    assert "Date: Mon, 02 Mar 2026 09:00:10 +0000\r\n" in raw


def test_what_was_refused_is_remembered_of_its_address(desk: Desk, post: Post) -> None:
    post.plan = {1: ("before", SendAsDenied("Somebody must grant Send As."))}
    row = desk.go(desk.submit(desk.draft()), 60)
    assert (row.state, row.problem) == (State.FAILED, Problem.IDENTITY)
    with desk.inside():
        (choice,) = identities.choices(desk.member)
    assert choice.why.startswith("Somebody must grant Send As.")
    with pytest.raises(submissions.Unsendable, match="grant Send As"):
        desk.submit(desk.draft())


BREAKS = {
    "dies": Died(),
    "in doubt": InDoubt("no answer"),
    "a fault of ours": ValueError("ours"),
}
CERTAIN = {
    "unavailable": Unavailable("away"),
    "slow down": RateLimited("slower", NOW + timedelta(seconds=30)),
}


@pytest.mark.parametrize("late", [0, 40, 400], ids=lambda s: f"copy {s} s late")
def test_what_ends_in_doubt_is_asked_about_and_never_repeated(
    desk: Desk, post: Post, late: int
) -> None:
    post.late = timedelta(seconds=late)
    for call, when, what in itertools.product((0, 1), ("before", "after"), BREAKS):
        post.gone, post.calls = [], []
        post.plan = {call: (when, BREAKS[what])}
        row = desk.go(desk.submit(desk.draft()))
        assert (row.state, post.keys, post.waiting) == (State.SENT, [row.key], {}), (
            call,
            when,
            what,
        )


@pytest.mark.parametrize("what", CERTAIN)
@pytest.mark.parametrize("call", [0, 1])
def test_what_certainly_was_not_sent_is_tried_again(
    desk: Desk, post: Post, call: int, what: str
) -> None:
    post.plan = {call: ("before", CERTAIN[what])}
    order = desk.submit(desk.draft())
    row = desk.go(order, until=lambda: bool(post.calls) and call < len(post.calls))
    assert row.state == State.SCHEDULED
    assert row.held_reason
    row = desk.go(order)
    assert row.state == State.SENT
    assert post.keys == [row.key]


def test_dying_at_every_commit(desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the nth transaction of ours commits, or right after."""
    given = Work.transaction

    def dying(nth: int, when: str) -> Callable[[Work], AbstractContextManager[None]]:
        count = iter(range(1000))

        @contextmanager
        def transaction(work: Work) -> Iterator[None]:
            mine = next(count) == nth
            with given(work):
                yield
                if mine and when == "before":
                    raise Died
            if mine and when == "after":
                raise Died

        return transaction

    for nth, when in itertools.product(range(12), ("before", "after")):
        post.gone, post.calls = [], []
        monkeypatch.setattr(Work, "transaction", dying(nth, when))
        row = desk.go(desk.submit(desk.draft()))
        assert (row.state, post.keys) == (State.SENT, [row.key]), (nth, when)


def test_blind_repetition_would_be_seen(
    desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault these tests are there for: to send again what may have been sent."""

    def repeat(work: Work) -> None:
        with work.transaction():
            Submission.objects.filter(pk=work.submission_id).update(
                released_at=None, remote_draft_id=""
            )

    monkeypatch.setattr(Work, "settle", repeat)
    post.plan = {1: ("after", InDoubt("no answer"))}
    row = desk.go(desk.submit(desk.draft()))
    assert post.keys == [row.key, row.key]


def test_a_lost_letter_is_asked_about_for_a_quarter_of_an_hour_then_of_a_person(
    desk: Desk, post: Post
) -> None:
    post.late = timedelta(days=30)
    post.plan = {1: ("after", InDoubt("no answer"))}
    order = desk.submit(desk.draft())
    row = desk.go(order, 14 * 60)
    assert row.state == State.SENDING
    row = desk.go(order, 10 * 60)
    assert (row.state, row.problem) == (State.UNKNOWN, Problem.UNTRACED)
    with desk.inside():
        told = Notification.objects.get()
        assert told.user_id == desk.member.user_id
        assert "The offer" in told.title
    looks = post.calls.count("fate")
    desk.go(order, 2 * 86400)
    assert 20 <= post.calls.count("fate") - looks <= 25  # once an hour, for a day
    assert post.keys == [row.key]


@pytest.mark.parametrize("sent", [True, False])
def test_a_person_says_what_became_of_it(desk: Desk, post: Post, sent: bool) -> None:
    post.late = timedelta(days=30)
    post.plan = {1: ("after", InDoubt("no answer"))}
    order = desk.submit(desk.draft())
    desk.go(order, 30 * 60)
    with desk.inside():
        assert submissions.declare(desk.member, order.pk, sent=sent)
        assert not submissions.declare(desk.member, order.pk, sent=not sent)
        assert Notification.objects.get().ended_at
    row = desk.row(order)
    assert row.state == (State.SENT if sent else State.FAILED)
    assert row.due_at is None


def test_what_turns_up_late_is_sent_after_all(desk: Desk, post: Post) -> None:
    post.late = timedelta(hours=5)
    post.plan = {1: ("after", InDoubt("no answer"))}
    order = desk.submit(desk.draft())
    assert desk.go(order, 3600).state == State.UNKNOWN
    row = desk.go(order)
    assert row.state == State.SENT
    with desk.inside():
        assert Notification.objects.get().ended_at


REFUSALS = {
    Problem.RECONNECT: AuthExpired("Reconnect."),
    Problem.IDENTITY: SendAsDenied("Somebody must grant Send As."),
    Problem.REFUSED: Refused("No."),
}


@pytest.mark.parametrize("problem", REFUSALS)
@pytest.mark.parametrize("call", [0, 1])
def test_a_refusal_leaves_the_draft_to_its_writer(
    desk: Desk, post: Post, call: int, problem: Problem
) -> None:
    post.plan = {call: ("before", REFUSALS[problem])}
    draft = desk.draft()
    row = desk.go(desk.submit(draft))
    assert (row.state, row.problem, row.problem_text) == (
        State.FAILED, problem, str(REFUSALS[problem]),
    )  # fmt: skip
    assert (post.gone, post.waiting) == ([], {})
    with desk.inside():
        assert Notification.objects.get().path == f"/mail/outbox/{row.pk}/"
        assert [one.pk for one in drafts.listed(desk.member)] == [draft.pk]
        identities.forgive(identities.choices(desk.member)[0])
    again = desk.go(desk.submit(draft))
    assert again.state == State.SENT
    assert post.keys == [again.key]


def test_our_draft_is_taken_away_when_the_provider_is_back(desk: Desk, post: Post) -> None:
    post.plan = {1: ("before", Refused("No.")), 2: ("before", Unavailable("away"))}
    row = desk.go(desk.submit(desk.draft()), 60)
    assert (row.state, list(post.waiting)) == (State.FAILED, [row.remote_draft_id])
    row = desk.go(row, 7200)
    assert (row.state, row.due_at, post.waiting) == (State.FAILED, None, {})


def test_a_provider_that_is_away_for_a_day(desk: Desk, post: Post) -> None:
    post.plan = dict.fromkeys(range(1000), ("before", Unavailable("away")))
    order = desk.submit(desk.draft())
    assert desk.go(order, 80000).state == State.SCHEDULED
    row = desk.go(order, 20000)
    assert (row.state, row.problem) == (State.FAILED, Problem.LATE)
    assert len(post.calls) < 200


def test_undo_is_in_time_until_the_letter_is_frozen(desk: Desk, post: Post) -> None:
    draft = desk.draft()
    order = desk.submit(draft)
    desk.go(order, 5)
    with desk.inside():
        assert submissions.cancel(desk.member, order.pk)
        assert not submissions.cancel(desk.member, order.pk)
    assert desk.go(order).state == State.CANCELED
    assert post.calls == []
    again = desk.submit(draft)
    assert desk.go(again).state == State.SENT
    with desk.inside():
        assert not submissions.cancel(desk.member, again.pk)
    assert post.keys == [again.key]


def test_undo_while_it_waits_takes_the_draft_at_the_provider_away(desk: Desk, post: Post) -> None:
    post.plan = {1: ("before", Unavailable("away"))}
    order = desk.submit(desk.draft())
    row = desk.go(order, until=lambda: "release" in post.calls)
    assert (row.state, len(post.waiting)) == (State.SCHEDULED, 1)
    with desk.inside():
        assert submissions.cancel(desk.member, order.pk)
    assert desk.go(order).state == State.CANCELED
    assert (post.waiting, post.gone) == ({}, [])


def test_a_double_click_is_one_order(desk: Desk, post: Post) -> None:
    draft = desk.draft()
    assert desk.submit(draft).pk == desk.submit(draft).pk
    assert desk.go(desk.submit(draft)).state == State.SENT
    assert desk.submit(draft).state == State.SENT
    assert len(post.gone) == 1


def test_everything_is_checked_again_when_it_is_due(desk: Desk, post: Post) -> None:
    order = desk.submit(desk.draft(), when=submissions.When("2026-03-03T09:00", "Europe/Berlin"))
    assert order.send_at == NOW.replace(day=3, hour=8)
    with desk.inside():
        Mailbox.objects.update(disconnected_at=clock.now())
    row = desk.go(order)
    assert (row.state, row.problem) == (State.FAILED, Problem.GONE)
    assert post.calls == []


@pytest.mark.parametrize(
    ("limit", "wait"), [({"mailbox_hour": 2}, 3600), ({"mailbox_day": 2}, 86400), ({}, 0)]
)
def test_what_is_over_a_limit_waits(
    desk: Desk, post: Post, limit: dict[str, int], wait: int
) -> None:
    with desk.inside():
        SendingRule.objects.create(**limit)
    first = clock.now() + timedelta(seconds=10)
    for _ in range(2):
        desk.go(desk.submit(desk.draft()), 20)
    order = desk.submit(desk.draft())
    row = desk.go(order, 11)
    assert (row.state == State.SCHEDULED) == bool(wait)
    assert ("limit" in row.held_reason) == bool(wait)
    row = desk.go(order, 100000)
    assert row.state == State.SENT
    assert row.sent_at
    assert row.sent_at - first >= timedelta(seconds=wait)


def test_what_is_too_large_fails_with_the_size_in_words(desk: Desk, post: Post) -> None:
    post.largest = 300
    row = desk.go(desk.submit(desk.draft()))
    assert (row.state, row.problem) == (State.FAILED, Problem.CONTENT)


def test_two_workers_do_not_meet(desk: Desk, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    order = desk.submit(desk.draft())
    given = Work.stage

    def meanwhile(work: Work) -> None:
        delivery.advance(desk.member.workspace_id, order.pk)
        given(work)

    monkeypatch.setattr(Work, "stage", meanwhile)
    assert desk.go(order).state == State.SENT
    assert post.calls == HAPPY
