"""Many lives, none of which may lose, double or distort anything."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mailweave.mail import store
from mailweave.sync import deletions, listing
from tests.flows.test_crashes import cursor_first
from tests.soak.machine import Machine

LIVES = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)


@pytest.mark.parametrize("part", range(4))
def test_lives(machine: type[Machine], part: int) -> None:
    """Sixty in all, in parts that can be tried side by side."""
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


@pytest.mark.parametrize("fault", [cursor_first, ignored_deletion, lost_reading, no_upsert])
def test_faults_sown_on_purpose_are_found(
    machine: type[Machine], monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=FOUND)
