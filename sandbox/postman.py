"""The postman: sees what happened in mailboxes, and tells whoever asked to be told.

What has to be told is written down before it goes out and struck off when it was taken, so that a
sandbox that is killed tells it after its next start.
"""

import contextlib
import itertools
import threading
import traceback
from collections.abc import Iterator, Sequence

from sandbox import notices, transit
from sandbox.accounts import GOOGLE
from sandbox.google import pubsub
from sandbox.hooks import UnansweredError
from sandbox.microsoft import notices as graph
from sandbox.notices import Notice
from sandbox.state import Sandbox

PAUSE = 0.05
"""Seconds between two looks; the sandbox's clock may jump, so nobody can sleep until it is time."""
ROUND = 500


class Postman:
    """Works in rounds: called by hand, or on a thread of its own from :meth:`start` on."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._stopped = threading.Event()
        self._busy = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> "Postman":
        """Work until :meth:`stop`."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Finish the request that is out, then rest."""
        self._stopped.set()
        self._thread.join()

    def work(self) -> int:
        """One round: what happened is written down, what is due goes out. Returns how many
        requests went out."""
        with self._busy:
            transit.arrive(self.sandbox)
            graph.collect(self.sandbox)
            pubsub.collect(self.sandbox)
            count = 0
            for letter in _letters(notices.due(self.sandbox, ROUND)):
                if self._stopped.is_set():
                    break
                self._deliver(letter)
                count += 1
            return count

    def _run(self) -> None:
        while not self._stopped.wait(PAUSE):
            try:
                self.work()
            except Exception:  # noqa: BLE001 - one broken notice must not end all deliveries
                traceback.print_exc()
                self._stopped.wait(1.0)

    def _deliver(self, letter: Sequence[Notice]) -> None:
        company = pubsub if letter[0].company == GOOGLE else graph
        taken, answer = False, ""
        with contextlib.suppress(notices.WithdrawnError):
            body, headers = company.compose(self.sandbox, letter)
            try:
                reply = self.sandbox.send(letter[0].url, body, headers, company.PATIENCE)
                taken, answer = reply.status in company.TAKEN, str(reply.status)
            except UnansweredError as error:
                answer = str(error)
        again = None if taken or not answer else company.again_at(self.sandbox, letter[0])
        notices.settle(self.sandbox, letter, answer or "withdrawn", again)


def _letters(due: Sequence[Notice]) -> Iterator[list[Notice]]:
    """What goes out in one request: Microsoft tells several things at once, Google one."""
    for (company, _, _), group in itertools.groupby(due, lambda n: (n.company, n.url, n.tries)):
        size = pubsub.TOGETHER if company == GOOGLE else graph.TOGETHER
        while letter := list(itertools.islice(group, size)):
            yield letter
