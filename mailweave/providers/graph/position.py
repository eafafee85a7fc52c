"""Where following a mailbox stands: a link for every folder, as one text.

There is no position in a whole mailbox, only in each folder, and none without having read the
folder through once (https://learn.microsoft.com/en-us/graph/delta-query-messages).
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from mailweave.providers.errors import CursorExpired
from mailweave.providers.graph import calls
from mailweave.providers.graph.payload import moment

Stage = Literal["anchor", "born", "leaving", "due", "next", "done"]
"""What a folder's link leads to.

``anchor``: its first reading, when the mailbox was new to us; most of it is the past.
``born``: its first reading, since it came later; all of it is news.
``leaving``: its last reading, since it is followed no longer; where its messages are is news.
``due``: what happened since the last round. ``next``: the rest of that.
``done``: nothing more in this round; the link begins the next one.
"""

_MARGIN = timedelta(minutes=10)
"""Clocks may differ: what came in so little before a cursor was made counts as after it."""
_RESTARTS = 5


class Stream(msgspec.Struct, omit_defaults=True):
    """One folder. ``link`` is a path; empty before the first page."""

    stage: Stage
    link: str = ""
    start: str = ""
    """While ``next``: where this round began, to begin it again."""
    restarts: int = 0

    def call(self, folder_id: str) -> calls.Call:
        """What to ask next."""
        return calls.changes(self.link) if self.link else calls.delta(folder_id)

    def is_unknown(self) -> bool:
        """Whether nothing of the folder was told yet, nor ever before."""
        return not self.link and self.stage in {"anchor", "born"}

    def move(self, link: str) -> None:
        """Go on with the next page."""
        if self.stage == "due":
            self.stage, self.start = "next", self.link
        self.link = link

    def end(self, link: str) -> None:
        """The round of this folder is over."""
        self.stage, self.link, self.start, self.restarts = "done", link, "", 0

    def restart(self) -> bool:
        """Begin this round again; False if it cannot or did too often."""
        self.restarts += 1
        if self.stage == "due" or self.restarts > _RESTARTS:
            return False
        self.link, self.start = self.start, ""
        self.stage = "due" if self.stage == "next" else self.stage
        return True


class Position(msgspec.Struct):
    """All folders that are followed, by id."""

    v: int
    at: str
    folders: dict[str, Stream] = {}

    def pending(self) -> list[str]:
        """Folders whose round is not over, in their order."""
        return [one for one, stream in self.folders.items() if stream.stage != "done"]

    def is_new(self, received_at: datetime | None) -> bool:
        """Whether a message came in after this position was first taken."""
        at = moment(self.at)
        return received_at is None or at is None or received_at >= at - _MARGIN

    def write(self) -> str:
        """As a cursor."""
        return msgspec.json.encode(self).decode()


def begin(at: datetime) -> str:
    """The position from which everything after ``at`` will be told."""
    return Position(1, at.isoformat()).write()


def read(cursor: str) -> Position:
    """Raises CursorExpired for anything that is no position of ours."""
    try:
        position = _POSITION.decode(cursor)
    except (msgspec.DecodeError, ValueError, RecursionError):
        position = None
    if position is None or position.v != 1 or not moment(position.at):
        raise CursorExpired("This position is unknown: the mailbox is compared anew.")
    for stream in position.folders.values():
        if stream.link and not stream.link.startswith("/"):
            raise CursorExpired("This position is unknown: the mailbox is compared anew.")
    return position


_POSITION = msgspec.json.Decoder(Position)
