"""What every provider's writer promises, and asking how messages are, as tests for each provider.

Subclass :class:`WriterContract` and give a fixture ``world``, as for ``contract.ReaderContract``.
"""

import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

import pytest

from mailweave.kit import clock
from mailweave.providers.base import Budget, Missing, StateChange, Unreadable, Writer, Written
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    OverBudget,
    RateLimited,
    Unavailable,
)
from tests.providers.contract import NOW, World, fetch_one, follow, listing, mail, news, settled


class WritableWorld(World, Protocol):
    """A mailbox that can be written to."""

    def writer(self, budget: Budget | None = None) -> Writer:
        """A writer to the mailbox; without a budget it may spend what it likes."""
        ...


def unseen(world: WritableWorld) -> set[str]:
    return {one for page in world.reader().state_of("unseen") for one in page}


def many(world: WritableWorld, count: int) -> list[str]:
    return [world.deliver(mail(f"m {n}"), at=NOW - timedelta(minutes=n)) for n in range(count)]


class WriterContract:
    """The promises. Each test says one."""

    @pytest.fixture(autouse=True)
    def _time(self) -> Iterator[None]:
        with clock.use(clock.Hands(NOW)):
            yield

    # Marking

    @pytest.mark.parametrize("count", [1, 3, 45])
    def test_what_is_marked_is_so_there(self, world: WritableWorld, count: int) -> None:
        sent = many(world, count + 2)
        told = list(world.writer().mark_seen(sent[:count], seen=True))
        assert sorted(told, key=repr) == sorted(map(Written, sent[:count]), key=repr)
        assert unseen(world) == set(sent[count:])
        list(world.writer().mark_seen(sent[: count - 1], seen=False))
        assert unseen(world) == {*sent[: count - 1], *sent[count:]}

    def test_marking_again_does_no_harm(self, world: WritableWorld) -> None:
        sent = many(world, 14)
        for _ in range(2):
            told = list(world.writer().mark_seen([*sent, sent[0]], seen=True))
            assert sorted(one.remote_id for one in told) == sorted(sent)
        assert unseen(world) == set()

    def test_marking_changes_nothing_else(self, world: WritableWorld) -> None:
        (one,) = many(world, 1)
        world.file(one, "Customers")
        before = fetch_one(world.reader(), one)
        list(world.writer().mark_seen([one], seen=True))
        list(world.writer().mark_seen([one], seen=False))
        after = fetch_one(world.reader(), one)
        assert (set(after.folder_ids), after.seen) == (set(before.folder_ids), False)
        assert after.headers == before.headers

    def test_nothing_to_mark_asks_nothing(self, world: WritableWorld) -> None:
        before = world.used()
        assert list(world.writer().mark_seen([], seen=True)) == []
        assert world.used() == before

    @pytest.mark.parametrize("count", [2, 45])
    def test_what_is_gone_stands_in_nobodys_way(self, world: WritableWorld, count: int) -> None:
        sent = many(world, count)
        world.delete(sent[1])
        told = {one.remote_id: one for one in world.writer().mark_seen(sent, seen=True)}
        assert set(told) == set(sent)
        assert all(told[one] == Written(one) for one in sent if one != sent[1])
        # Where all are marked at once, a provider need not say which was not there.
        assert told[sent[1]] == Missing(sent[1]) or count > 10
        assert unseen(world) == set()

    def test_changes_tell_what_was_marked(self, world: WritableWorld) -> None:
        one, _ = many(world, 2)
        cursor = settled(world, world.reader())
        list(world.writer().mark_seen([one], seen=True))
        told = news(follow(world.reader(), cursor))
        assert {key: change.seen for key, change in told.items()} == {one: True}

    # Asking

    def test_states_are_as_the_changes_tell_them(self, world: WritableWorld) -> None:
        sent = many(world, 25)
        world.mark_seen(sent[0])
        world.file(sent[1], "Customers")
        world.delete(sent[2])
        world.trash(sent[3])
        told = {one.remote_id: one for one in world.reader().states([*sent, sent[0]])}
        assert set(told) == set(sent)
        assert told[sent[2]] == Missing(sent[2])
        for number in (0, 1, 4):
            found, got = told[sent[number]], fetch_one(world.reader(), sent[number])
            assert isinstance(found, StateChange)
            assert (set(found.folder_ids), found.seen) == (set(got.folder_ids), got.seen)
        assert isinstance(told[sent[3]], StateChange), "the bin is no deletion"

    # Bad days

    @pytest.mark.parametrize("fault", ["server_error", "concurrent"])
    def test_a_few_failures_are_tried_again(self, fault: str, world: WritableWorld) -> None:
        sent = many(world, 9)
        world.break_down(fault, times=2, inside=True)
        assert len(list(world.writer().mark_seen(sent, seen=True))) == 9
        assert unseen(world) == set()

    @pytest.mark.parametrize("fault", ["server_error", "reset", "html", "malformed"])
    @pytest.mark.parametrize("count", [3, 30])
    def test_a_bad_answer_is_unavailable_and_passes(
        self, fault: str, count: int, world: WritableWorld
    ) -> None:
        sent = many(world, count)
        world.break_down(fault)
        for asked in (world.writer().mark_seen(sent, seen=True), world.reader().states(sent)):
            try:
                told = list(asked)
            except Unavailable:
                continue
            # Where there is nothing to say nothing is cut off, and one of many may be cut alone.
            assert fault == "malformed"
            kinds = {type(one) for one in told}
            assert kinds == {Written} or Unreadable in kinds
            assert len(told) == count
        world.mend()
        assert len(list(world.writer().mark_seen(sent, seen=True))) == count
        assert unseen(world) == set()

    def test_a_spent_quota_says_when_to_come_back(self, world: WritableWorld) -> None:
        sent = many(world, 3)
        world.break_down("quota")
        for asked in (world.writer().mark_seen(sent, seen=True), world.reader().states(sent)):
            with pytest.raises(RateLimited) as caught:
                list(asked)
            assert NOW < caught.value.retry_at <= NOW + timedelta(hours=24)

    def test_a_quota_spent_in_the_middle_loses_nothing(self, world: WritableWorld) -> None:
        sent = many(world, 9)
        world.break_down("quota", times=2, inside=True)
        got: list[str] = []
        with pytest.raises(RateLimited):
            got.extend(one.remote_id for one in world.writer().mark_seen(sent, seen=True))
        assert len(got) == 7
        assert unseen(world) == set(sent) - set(got)
        world.mend()
        rest = [one for one in sent if one not in got]
        assert len(list(world.writer().mark_seen(rest, seen=True))) == 2

    def test_an_access_token_that_ended_is_replaced_unnoticed(self, world: WritableWorld) -> None:
        sent = many(world, 4)
        writer = world.writer()
        for seen in (True, False):
            world.expire_token()
            assert len(list(writer.mark_seen(sent, seen=seen))) == 4
        world.expire_token()
        assert len(list(world.reader().states(sent))) == 4

    def test_a_revoked_grant_asks_to_reconnect(self, world: WritableWorld) -> None:
        sent = many(world, 2)
        writer = world.writer()
        world.revoke()
        with pytest.raises(AuthExpired) as caught:
            list(writer.mark_seen(sent, seen=True))
        told = "".join(traceback.format_exception(caught.value))
        assert not any(secret in told for secret in world.secrets())

    def test_a_missing_permission_asks_for_consent(self, world: WritableWorld) -> None:
        sent = many(world, 2)
        world.untick()
        with pytest.raises(ConsentNeeded):
            list(world.writer().mark_seen(sent, seen=True))

    # The budget

    @pytest.mark.parametrize("count", [7, 45])
    def test_every_unit_is_booked(self, world: WritableWorld, count: int) -> None:
        sent = many(world, count)
        budget = Budget(0.0, 0.0, 0.0, NOW)
        before = world.used()
        list(world.writer(budget).mark_seen(sent, seen=True))
        list(world.reader(budget).states(sent[:7]))  # more at once may be a crowd, at no cost
        assert budget.spent == world.used() - before > 0

    def test_all_stays_inside_the_budget(self, world: WritableWorld) -> None:
        sent = many(world, 60)
        world.advance(601)
        world.enforce_quota()
        rate, burst = world.quota
        budget = Budget(rate, burst, burst, clock.now())
        rejected = world.rejected()
        marked, asked = set(sent), set(sent)
        pause = 0.0
        while marked or asked:
            assert 0 <= pause < 20
            world.advance(pause)
            try:
                for one in world.writer(budget).mark_seen(sorted(marked), seen=True):
                    marked.discard(one.remote_id)
                for state in world.reader(budget).states(sorted(asked)):
                    asked.discard(state.remote_id)
            except OverBudget as full:
                pause = (full.retry_at - clock.now()).total_seconds()
        assert world.rejected() == rejected
        assert len(listing(world.reader())) == 60
