"""Workers that are killed by the system at a moment of their lives: ``python -m tests.soak.mortal``

Each line that comes in is one worker: a process of its own, which works off what is due in one
workspace, and ends. How it ended is told in a line, as :attr:`subprocess.Popen.returncode` says it.
"""

# ruff: noqa: E402 - Django must be set up before its tables are imported
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import django

django.setup()

import httpx2
import pytest

from mailweave.kit import clock, scope
from mailweave.outbox import delivery
from mailweave.outbox.delivery import Work
from mailweave.outbox.models import Submission
from mailweave.sync import engine
from mailweave.sync.models import Sync
from tests.flows.crashing import Bomb
from tests.soak.life import Ahead
from tests.soak.weather import Fuse

SOON = timedelta(minutes=1)
"""What is due so soon is waited for."""


class OfSync(Bomb):
    """Gets SIGKILL at a moment of sync's work: nobody catches that."""

    def _moment(self, *, outside: bool = True) -> None:
        del outside
        if self.ticking:
            self.passed += 1
            if self.passed == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


class OfLetters(Fuse):
    """Gets SIGKILL at a moment of the work on the last letter that was written."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__(patch, httpx2.HTTPTransport())
        self.ticking = False

    @contextmanager
    def watching(self, last: bool) -> Iterator[None]:
        self.ticking = last
        yield
        self.ticking = False

    def _moment(self) -> None:
        self.left -= self.ticking
        if self.ticking and self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def note_too_late(patch: pytest.MonkeyPatch) -> None:
    """A fault to be found: that a letter is sent is written down when it has been sent."""

    def release(work: Work) -> None:
        with work._visit() as provider:
            assert provider.sender
            sent = provider.sender.release(work._staged())
        with work.transaction():
            work._write(released_at=clock.now())
        work._accept(sent)

    patch.setattr(Work, "release", release)


def die_in_sync(patch: pytest.MonkeyPatch, workspace_id: int, moment: int, ahead: Ahead) -> None:
    """Work for the mailboxes, at most until that moment."""
    del ahead
    OfSync(patch).arm(moment)
    while _sync(workspace_id):
        pass


def die_in_letters(patch: pytest.MonkeyPatch, workspace_id: int, moment: int, ahead: Ahead) -> None:
    """Work for letters, and for mailboxes in between; the moments are the last letter's."""
    fuse = OfLetters(patch)
    fuse.arm(moment)
    while True:
        with scope.workspace(workspace_id):
            rows = Submission.objects.order_by("pk")
            last = rows.values_list("pk", flat=True).last()
            due = rows.exclude(due_at=None).filter(due_at__lte=clock.now() + SOON)
            found = list(due.values_list("pk", "due_at"))
        for pk, at in found:
            ahead.ahead += max(at - clock.now(), timedelta())
            with fuse.watching(pk == last):
                delivery.advance(workspace_id, pk)
        if not _sync(workspace_id) and not found:
            return


def late_and_in_letters(
    patch: pytest.MonkeyPatch, workspace_id: int, moment: int, ahead: Ahead
) -> None:
    """The same with a fault."""
    note_too_late(patch)
    die_in_letters(patch, workspace_id, moment, ahead)


def _sync(workspace_id: int) -> bool:
    """A slice for each mailbox that is due; whether there was one."""
    with scope.workspace(workspace_id):
        due = [(one.pk, engine.next_due(one)) for one in Sync.objects.order_by("pk")]
    now = [pk for pk, at in due if at is not None and at <= clock.now()]
    for pk in now:
        engine.advance(workspace_id, pk)
    return bool(now)


KINDS: dict[str, Callable[[pytest.MonkeyPatch, int, int, Ahead], None]] = {
    "sync": die_in_sync,
    "letters": die_in_letters,
    "late": late_and_in_letters,
}


def work(kind: str, workspace_id: str, moment: str, ahead: str) -> None:
    """One worker's life."""
    moving = Ahead(float(ahead))
    with pytest.MonkeyPatch.context() as patch, clock.use(moving):
        KINDS[kind](patch, int(workspace_id), int(moment), moving)


def main() -> None:
    """Let workers live and die, one after the other, as lines say."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                work(*line.split())
            except BaseException:  # noqa: BLE001 - a child ends here
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
