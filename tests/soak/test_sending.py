"""Letters through bad weather: a few in the test suite, thousands in ``script/soak``."""

import os
import sys
import time

import pytest

from mailweave.outbox.delivery import Work
from mailweave.outbox.models import Submission
from tests.flows.world import World
from tests.soak.weather import WAVE, Fuse, Season


@pytest.fixture
def fuse(world: World, monkeypatch: pytest.MonkeyPatch) -> Fuse:
    return Fuse(monkeypatch, world.transport)


def live(world: World, fuse: Fuse, number: int, letters: int) -> Season:
    season = Season(world, fuse, number)
    season.live(letters)
    season.calm_down()
    season.check()
    return season


def test_a_wave_of_letters(world: World, fuse: Fuse) -> None:
    season = live(world, fuse, 1, WAVE)
    assert fuse.deaths
    assert season.ambiguous


def blind_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody knows of is sent once more."""

    def again(work: Work) -> None:
        fresh = {"released_at": None, "remote_draft_id": ""}
        with work.transaction():
            Submission.objects.filter(pk=work.submission_id).update(**fresh)

    monkeypatch.setattr(Work, "settle", again)


def test_a_blind_second_try_is_found(
    world: World, fuse: Fuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind_second_try(monkeypatch)
    with pytest.raises(AssertionError, match="a letter went out twice"):
        live(world, fuse, 1, WAVE)


@pytest.mark.skipif("MAILWEAVE_SOAK_SENDS" not in os.environ, reason="for script/soak")
def test_soak(world: World, fuse: Fuse) -> None:
    """As many as are asked for."""
    letters = int(os.environ["MAILWEAVE_SOAK_SENDS"])
    number = int(os.environ.get("MAILWEAVE_SOAK_SEED") or 1)
    begun = time.monotonic()
    season = live(world, fuse, number, letters)
    sys.stdout.write(
        f"\n{season.orders} letters (seed {number}) in {time.monotonic() - begun:.0f} s: of"
        f" {len(season.ambiguous)} nobody knew what became of them; workers died"
        f" {fuse.deaths} times; nothing went out twice, nothing was lost\n"
    )
