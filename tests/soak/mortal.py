"""A worker that is killed at a moment of its life, by the system: ``python -m tests.soak.mortal``.

Works off what is due in one workspace, and ends.
"""

# ruff: noqa: E402 - Django must be set up before its tables are imported
import os
import signal
import sys

import django

django.setup()

import pytest

from mailweave.kit import clock, scope
from mailweave.sync import engine
from mailweave.sync.models import Sync
from tests.flows.crashing import Bomb
from tests.soak.life import Ahead


class Mortal(Bomb):
    """Gets SIGKILL at its moment: nobody catches that."""

    def _moment(self, *, outside: bool = True) -> None:
        del outside
        if self.ticking:
            self.passed += 1
            if self.passed == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


def main(workspace_id: int, moment: int, ahead: float) -> None:
    """Work in a workspace until nothing is due, or until that moment."""
    with pytest.MonkeyPatch.context() as patch, clock.use(Ahead(ahead)):
        bomb = Mortal(patch)
        bomb.arm(moment)
        idle = False
        while not idle:
            with scope.workspace(workspace_id):
                due = [(one.pk, engine.next_due(one)) for one in Sync.objects.order_by("pk")]
            now = [pk for pk, at in due if at is not None and at <= clock.now()]
            for pk in now:
                engine.advance(workspace_id, pk)
            idle = not now


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
