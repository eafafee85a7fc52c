"""What happened to messages in one folder, folded into the entries of a delta round."""

import sqlite3
from collections.abc import Sequence

import msgspec

from sandbox.labels import is_folder
from sandbox.microsoft import shown
from sandbox.microsoft.call import Call, Json
from sandbox.microsoft.listing import read
from sandbox.microsoft.positions import Round

TYPE = "#microsoft.graph.message"
REPLAYED = 5


class Story:
    """What one message went through between two records, as one folder saw it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.was_here: bool | None = None
        self.left_after: list[int] = []
        """How many moves it had made in this time, each time it left."""
        self.moves = 0
        self.is_deleted = False
        self.only_read = True
        """Whether nothing changed but whether it was read."""

    def add(self, row: sqlite3.Row) -> None:
        """The next entry of the log."""
        kind = row["kind"]
        changed: list[str] = msgspec.json.decode(row["changed"])
        here = self.folder in msgspec.json.decode(row["labels"])
        if kind == "bare":
            return
        arrived = kind == "messageAdded" or (kind == "labelAdded" and self.folder in changed)
        left = (kind == "messageDeleted" and here) or (
            kind == "labelRemoved" and self.folder in changed
        )
        if self.was_here is None and (here or left):
            self.was_here = not arrived
        self.only_read = self.only_read and changed == ["UNREAD"]
        if left:
            self.left_after.append(self.moves)
        if kind == "labelRemoved" and any(is_folder(one) for one in changed):
            self.moves += 1
        self.is_deleted = self.is_deleted or kind == "messageDeleted"


def entries_of(
    call: Call,
    connection: sqlite3.Connection,
    here: Round,
    numbers: Sequence[int],
    asked: shown.View,
) -> list[Json]:
    """The entries of those messages, in their order."""
    stories = _stories(call, connection, here, numbers)
    rows = read(call, connection, numbers, asked)
    entries: list[Json] = []
    for number in numbers:
        row = rows.get(number)
        stays = row is not None and here.folder in msgspec.json.decode(row["labels"])
        entries += _entries(call, connection, here, stories[number], number, row if stays else None,
                            asked)  # fmt: skip
    return entries


def replayed(
    call: Call, connection: sqlite3.Connection, here: Round, asked: shown.View
) -> list[Json]:
    """On demand, entries that tell nothing new: of what stayed, and of what left long ago."""
    if not call.fault("delta_replay"):
        return []
    values = (call.account.id, here.folder, REPLAYED)
    kept = connection.execute(
        "SELECT message FROM message_labels WHERE account = ? AND label = ?"
        " ORDER BY message LIMIT ?",
        values,
    ).fetchall()
    rows = read(call, connection, [row[0] for row in kept], asked)
    gone = connection.execute(
        "SELECT DISTINCT h.message FROM history h WHERE h.account = ?1 AND h.id <= ?4"
        " AND h.changed LIKE '%\"' || ?2 || '\"%' AND h.kind = 'labelRemoved'"
        " AND NOT EXISTS (SELECT 1 FROM message_labels l WHERE l.account = ?1 AND l.label = ?2"
        " AND l.message = h.message) LIMIT ?3",
        (*values, here.until if here.since is None else here.since),
    ).fetchall()
    told = [{"@odata.type": TYPE} | shown.message(call, row, asked) for row in rows.values()]
    if not call.wishes.immutable:  # which of its default ids it had here is forgotten
        return told
    return told + [_removed(call, row[0], 0) for row in gone]


def _stories(
    call: Call, connection: sqlite3.Connection, here: Round, numbers: Sequence[int]
) -> dict[int, Story]:
    stories = {number: Story(here.folder) for number in numbers}
    log = connection.execute(
        "SELECT message, kind, labels, changed FROM history WHERE account = ? AND id > ?"
        " AND id <= ? AND message IN (SELECT value FROM json_each(?)) ORDER BY id, seq",
        (call.account.id, here.since, here.until, msgspec.json.encode(numbers).decode()),
    )
    for row in log:
        stories[row["message"]].add(row)
    return stories


def _entries(
    call: Call,
    connection: sqlite3.Connection,
    here: Round,
    story: Story,
    number: int,
    row: sqlite3.Row | None,
    asked: shown.View,
) -> list[Json]:
    wanted, immutable = here.kinds, call.wishes.immutable
    kind = "deleted" if row is None else "updated" if story.was_here else "created"
    came_back = row is not None and bool(story.was_here) and bool(story.left_after)
    moved_in = row is not None and not story.was_here and story.moves > 0
    lost = (came_back and immutable and call.fault("delta_lost_return")) or (
        moved_in and immutable and call.fault("delta_no_arrival")
    )
    gone = []
    if row is None or (came_back and (lost or not immutable)):
        gone = _leavings(call, connection, story, number)
    entries = gone if not wanted or "deleted" in wanted else []
    if row is None or lost or (wanted and kind not in wanted):
        return entries
    shown_now = {"@odata.type": TYPE} | shown.message(call, row, asked)
    partial = story.was_here and story.only_read and "isRead" in shown_now
    if partial and call.fault("delta_partial"):
        return [*entries, {name: shown_now[name] for name in PARTIAL if name in shown_now}]
    return [*entries, shown_now]


PARTIAL = ("@odata.type", "id", "isRead", "parentFolderId")


def _leavings(call: Call, connection: sqlite3.Connection, story: Story, number: int) -> list[Json]:
    """@removed under every id the message had in this folder when it left."""
    if call.wishes.immutable:
        return [_removed(call, number, None)]
    found = connection.execute(
        "SELECT times FROM moves WHERE account = ? AND message = ?", (call.account.id, number)
    ).fetchone()
    before = (found["times"] if found else 0) - story.moves
    return [_removed(call, number, before + moves) for moves in story.left_after]


def _removed(call: Call, number: int, moves: int | None) -> Json:
    reason = "changed" if call.fault("delta_changed") else "deleted"
    known = None if call.wishes.immutable else moves
    identity = call.ids.message(number, known)
    return {"@odata.type": TYPE, "id": identity, "@removed": {"reason": reason}}
