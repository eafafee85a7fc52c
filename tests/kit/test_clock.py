"""The clock tells aware UTC and can be held."""

from datetime import UTC, datetime, timedelta, timezone
from threading import Thread

import pytest

from mailweave.kit import clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_now_is_aware_utc_and_near_the_system() -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_use_replaces_time_in_every_thread_and_gives_it_back() -> None:
    seen: list[datetime] = []
    with clock.use(lambda: NOON):
        thread = Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
        assert clock.now() == NOON
    assert seen == [NOON]
    assert clock.now() > NOON + timedelta(days=1)


def test_use_gives_time_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), clock.use(lambda: NOON):
        _ = 1 / 0
    assert clock.now() != NOON


def test_a_fake_in_another_zone_is_told_in_utc() -> None:
    with clock.use(lambda: NOON.astimezone(timezone(timedelta(hours=5)))):
        assert clock.now() == NOON
        assert clock.now().utcoffset() == timedelta(0)


def test_sleep_moves_held_hands_and_does_not_wait() -> None:
    before = datetime.now(UTC)
    with clock.use(clock.Hands(NOON)) as hands:
        clock.sleep(3600)
        assert clock.now() == NOON + timedelta(hours=1)
        clock.sleep(-5)
        hands.advance(-60)
        assert clock.now() == NOON + timedelta(minutes=59)
    assert datetime.now(UTC) - before < timedelta(seconds=5)
