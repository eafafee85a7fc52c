"""What every provider's watcher promises, as tests for each provider.

Subclass :class:`WatcherContract` and give a fixture ``world``, as for ``contract.ReaderContract``.
"""

import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

import pytest

from mailweave.kit import clock
from mailweave.providers.base import Budget, Hook, Watch, Watcher
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    ProviderError,
    RateLimited,
    Unavailable,
)
from tests.providers.contract import NOW, World, mail

DAY = 86_400


class WatchedWorld(World, Protocol):
    """A mailbox that can be watched, with the installation the notices come to."""

    hook: Hook
    elsewhere: Hook
    """The same installation after it has moved."""
    unusable: type[ProviderError]
    """What becomes of a hook that the provider cannot use."""

    def watcher(self, budget: Budget | None = None) -> Watcher:
        """A watcher of the mailbox; without a budget it may spend what it likes."""
        ...

    def heard(self) -> list[str]:
        """The hooks' addresses to which notices have gone since this was last asked."""
        ...

    def forget(self) -> None:
        """The provider forgets every subscription to this mailbox."""
        ...

    def shut(self) -> None:
        """From now on the provider cannot use the hook."""
        ...


def begin(world: WatchedWorld) -> list[Watch]:
    """Everything is watched, and nothing has happened yet."""
    watcher = world.watcher()
    watches = [watcher.watch(one, world.hook) for one in watcher.resources(frozenset())]
    world.heard()
    world.advance(2)
    return watches


def news(world: WatchedWorld, role: str = "inbox") -> list[str]:
    """Where it is told that a message came in."""
    world.deliver(mail(f"At {clock.now()}"), role=role, at=clock.now())
    told = world.heard()
    world.advance(2)
    return told


class WatcherContract:
    """The promises. Each test says one."""

    @pytest.fixture(autouse=True)
    def _time(self) -> Iterator[None]:
        with clock.use(clock.Hands(NOW)):
            yield

    @pytest.mark.parametrize("role", ["inbox", "sent"])
    def test_who_watches_everything_is_told_of_everything(
        self, role: str, world: WatchedWorld
    ) -> None:
        watches = begin(world)
        assert len({one.resource for one in watches}) == len(watches) > 0
        assert news(world, role) == [world.hook.url]

    def test_a_change_is_told_as_well(self, world: WatchedWorld) -> None:
        remote_id = world.deliver(mail())
        begin(world)
        world.mark_seen(remote_id)
        assert world.heard()

    def test_roles_leave_nothing_out_that_has_them(self, world: WatchedWorld) -> None:
        watcher = world.watcher()
        every, sent = (watcher.resources(frozenset(roles)) for roles in ((), ("sent",)))
        assert set(sent) <= set(every)
        for one in sent:
            watcher.watch(one, world.hook)
        world.heard()
        world.advance(2)
        assert news(world, "sent")

    def test_a_watch_lasts_about_a_week(self, world: WatchedWorld) -> None:
        for one in begin(world):
            assert NOW + timedelta(days=6) < one.expires_at <= NOW + timedelta(days=7)
        world.advance(6 * DAY)
        assert news(world)
        world.advance(DAY)
        assert not news(world)

    def test_renewing_makes_it_last(self, world: WatchedWorld) -> None:
        watches = begin(world)
        for _ in range(4):
            world.advance(5 * DAY)
            watches = [world.watcher().renew(one, world.hook) for one in watches]
            world.heard()
            world.advance(2)
            assert all(one.expires_at > clock.now() + timedelta(days=6) for one in watches)
            assert news(world) == [world.hook.url]

    @pytest.mark.parametrize("days", [0, 9])
    def test_what_was_forgotten_is_made_anew(self, world: WatchedWorld, days: int) -> None:
        watches = begin(world)
        world.forget()
        world.advance(days * DAY + 2)
        assert not news(world)
        again = [world.watcher().renew(one, world.hook) for one in watches]
        assert [one.resource for one in again] == [one.resource for one in watches]
        world.heard()
        world.advance(2)
        assert news(world) == [world.hook.url]

    def test_watching_twice_is_watching_once(self, world: WatchedWorld) -> None:
        first, second = begin(world), begin(world)
        assert {one.remote_id for one in first} == {one.remote_id for one in second}
        assert news(world) == [world.hook.url]

    @pytest.mark.parametrize("by", ["watch", "renew"])
    def test_after_a_move_notices_come_to_the_new_place(self, by: str, world: WatchedWorld) -> None:
        for one in begin(world):
            if by == "watch":
                world.watcher().watch(one.resource, world.elsewhere)
            else:
                world.watcher().renew(one, world.elsewhere)
        world.heard()
        world.advance(2)
        assert news(world) == [world.elsewhere.url]

    def test_ending_it_is_final_and_may_be_said_twice(self, world: WatchedWorld) -> None:
        watches = begin(world)
        for _ in range(2):
            for one in watches:
                world.watcher().unwatch(one)
        assert not news(world)

    def test_a_hook_that_cannot_be_used_is_said_to_be(self, world: WatchedWorld) -> None:
        world.shut()
        watcher = world.watcher()
        (resource, *_) = watcher.resources(frozenset())
        with pytest.raises(world.unusable) as caught:
            watcher.watch(resource, world.hook)
        assert len(str(caught.value)) > 60, "whoever runs this must know what to do"
        assert world.hook.secret not in str(caught.value) or not world.hook.secret
        assert not news(world)

    @pytest.mark.parametrize(
        ("fault", "error"), [("quota", RateLimited), ("server_error", Unavailable)]
    )
    def test_trouble_is_trouble_as_everywhere(
        self, fault: str, error: type[ProviderError], world: WatchedWorld
    ) -> None:
        one, *_ = begin(world)
        world.break_down(fault)
        watcher = world.watcher()
        with pytest.raises(error):
            watcher.watch(one.resource, world.hook)
        with pytest.raises(error):
            watcher.renew(one, world.hook)
        with pytest.raises(error):
            watcher.unwatch(one)

    def test_an_access_token_that_ended_is_replaced_unnoticed(self, world: WatchedWorld) -> None:
        begin(world)
        world.expire_token()
        begin(world)

    def test_a_revoked_grant_asks_to_reconnect(self, world: WatchedWorld) -> None:
        one, *_ = begin(world)
        world.revoke()
        with pytest.raises(AuthExpired) as caught:
            world.watcher().watch(one.resource, world.hook)
        told = "".join(traceback.format_exception(caught.value))
        assert not any(secret in told for secret in [*world.secrets(), world.hook.secret] if secret)
        world.heard()  # perhaps that it has ended
        assert not news(world)

    def test_a_missing_permission_asks_for_consent(self, world: WatchedWorld) -> None:
        one, *_ = begin(world)
        world.untick()
        with pytest.raises(ConsentNeeded):
            world.watcher().watch(one.resource, world.hook)

    def test_every_unit_is_booked(self, world: WatchedWorld) -> None:
        budget = Budget(0.0, 0.0, 0.0, NOW)
        before = world.used()
        watcher = world.watcher(budget)
        for resource in watcher.resources(frozenset()):
            one = watcher.watch(resource, world.hook)
            watcher.watch(resource, world.elsewhere)
            watcher.unwatch(watcher.renew(one, world.hook))
        assert budget.spent == world.used() - before > 0

    def test_the_secret_of_a_hook_is_not_shown(self, world: WatchedWorld) -> None:
        assert not world.hook.secret or world.hook.secret not in repr(world.hook)
