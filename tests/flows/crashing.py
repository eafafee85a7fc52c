"""Dying at any moment: before and after every commit, and around everything asked of a provider.

What dies leaves nothing but what it committed: no handler, no ``finally`` writes another row.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mailweave.kit import scope
from mailweave.providers import oauth
from mailweave.providers.gmail.reader import GmailReader
from mailweave.providers.gmail.writing import GmailWriter
from mailweave.providers.graph.reader import GraphReader
from mailweave.providers.graph.writing import GraphWriter
from mailweave.sync import engine
from mailweave.sync.hands import Hands

ASKS = ("profile", "folders", "changes", "page")
ANSWERS = ("fetch", "state_of", "states")


class Crash(BaseException):
    """The process is gone."""


class Bomb:
    """Counts the moments at which a worker could die, and goes off at one of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.at = self.passed = 0
        self.ticking = self.dead = False
        self.instead: Callable[[], None] | None = None
        """What happens at that moment, if not death."""
        patch.setattr(engine, "advance", self._worker(engine.advance))
        patch.setattr(scope, "workspace", self._commit(scope.workspace))
        patch.setattr(Hands, "transaction", self._transaction(Hands.transaction))
        for reader in (GmailReader, GraphReader):
            for name in ASKS:
                patch.setattr(reader, name, self._ask(getattr(reader, name)))
            for name in ANSWERS:
                patch.setattr(reader, name, self._answers(getattr(reader, name)))
        for writer in (GmailWriter, GraphWriter):
            patch.setattr(writer, "mark_seen", self._answers(writer.mark_seen))
        patch.setattr(oauth, "refresh", self._ask(oauth.refresh))

    def arm(self, at: int, instead: Callable[[], None] | None = None) -> None:
        """Go off at the ``at``-th moment from now, or do something ``instead``; 0 never."""
        self.at, self.passed, self.dead, self.instead = at, 0, False, instead

    def _moment(self, *, outside: bool = True) -> None:
        """Now something may happen; ``outside`` a transaction also what somebody else does."""
        if not self.ticking:
            return
        self.passed += 1
        if self.instead is None:
            if self.passed == self.at:
                self.dead = True
                raise Crash
        elif self.passed >= self.at and outside:
            instead, self.instead, self.at = self.instead, None, 0
            self.ticking = False
            instead()
            self.ticking = True

    def _worker(self, advance: Callable[..., None]) -> Callable[..., None]:
        def watched(*args: Any, **more: Any) -> None:
            self.ticking = True
            try:
                advance(*args, **more)
            finally:
                self.ticking = False

        return watched

    def _transaction(self, transaction: Callable[[Hands], Any]) -> Callable[[Hands], Any]:
        @contextmanager
        def watched(hands: Hands) -> Iterator[None]:
            with transaction(hands):
                yield
                self._moment(outside=False)

        return watched

    def _commit(self, workspace: Callable[[int], Any]) -> Callable[[int], Any]:
        @contextmanager
        def watched(workspace_id: int) -> Iterator[None]:
            if self.ticking and self.dead:
                raise Crash
            with workspace(workspace_id):
                yield
            self._moment()

        return watched

    def _ask(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **more: Any) -> Any:
            self._moment()
            found = method(*args, **more)
            self._moment()
            return found

        return watched

    def _answers(self, method: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def watched(*args: Any, **more: Any) -> Iterator[Any]:
            self._moment()
            for number, one in enumerate(method(*args, **more)):
                yield one
                if number % 3 == 1:
                    self._moment()
            self._moment()

        return watched
