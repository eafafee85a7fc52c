"""Many lives, none of which may lose, double or distort anything."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mailweave.mail import store
from mailweave.providers.base import Tokens
from mailweave.sync import deletions, grants, listing
from tests.flows.test_crashes import cursor_first
from tests.soak.machine import Machine

LIVES = settings(
    max_examples=8,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)


@pytest.mark.parametrize("part", range(3))
def test_lives(machine: type[Machine], part: int) -> None:
    """Two dozen in all, in parts that can be tried side by side; ``script/soak`` lives more."""
    run_state_machine_as_test(seed(part)(machine), settings=LIVES)


FOUND = settings(LIVES, max_examples=200)


def ignored_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the provider deletes is not looked at."""
    monkeypatch.setattr(deletions, "note", lambda *_: None)


def lost_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of state is taken for known."""
    monkeypatch.setattr(listing, "change", lambda *_: set())


def no_upsert(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that is on the list already is not written over."""
    query = store.QUERIES["add_copies"]
    head, rest = query.split("DO UPDATE SET", 1)
    plain = head + "DO NOTHING RETURNING" + rest.split("RETURNING", 1)[1]
    monkeypatch.setitem(store.QUERIES, "add_copies", plain)


def refresh_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever refreshed last is right, even if the permission was given anew meanwhile."""

    def replace(mailbox_id: int, version: int, fresh: Tokens) -> tuple[Tokens, int]:
        del version
        return fresh, grants.keep(mailbox_id, fresh)

    monkeypatch.setattr(grants, "_replace", replace)


SOWN = [
    (cursor_first, 5),
    (ignored_deletion, 1),
    (lost_reading, 3),
    (no_upsert, 0),
    (refresh_race, 4),
]
"""With a seed that finds it soon; any would, in time."""


@pytest.mark.parametrize(("fault", "number"), SOWN)
def test_faults_sown_on_purpose_are_found(
    machine: type[Machine], monkeypatch: pytest.MonkeyPatch, fault: Any, number: int
) -> None:
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(seed(number)(machine), settings=FOUND)
