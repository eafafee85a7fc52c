"""Lives without end, each from a seed that is printed; for ``script/soak``."""

import json
import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.machine import Machine
from tests.soak.test_lives import LIVES

pytestmark = pytest.mark.skipif("MAILWEAVE_SOAK" not in os.environ, reason="for script/soak")
LONGER = settings(LIVES, max_examples=10, stateful_step_count=60)


def test_soak(machine: type[Machine]) -> None:
    """Ten lives a seed, until the time is up; the next run goes on after the last seed."""
    until = time.monotonic() + 60 * float(os.environ["MAILWEAVE_SOAK"])
    kept = Path(os.environ["MAILWEAVE_SOAK_KEPT"])
    number = int(os.environ.get("MAILWEAVE_SOAK_SEED") or _next(kept))
    while time.monotonic() < until:
        sys.stdout.write(f"seed {number}\n")
        sys.stdout.flush()
        run_state_machine_as_test(seed(number)(machine), settings=LONGER)
        number += 1
        kept.write_text(json.dumps({"next": number}))


def _next(kept: Path) -> int:
    return int(json.loads(kept.read_text())["next"]) if kept.exists() else 1
