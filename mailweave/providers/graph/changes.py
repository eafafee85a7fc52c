"""What happened since a position, folder by folder, folded per message.

https://learn.microsoft.com/en-us/graph/delta-query-messages. A folder tells what came into it and
what left it, not where to; entries repeat, come without their state, or come again rounds later.
So only an entry that is whole and undisputed is believed; about everything else the message itself
is asked, which also finds what went from a folder and back between two rounds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from mailweave.providers.base import Changes, StateChange
from mailweave.providers.errors import CursorExpired, ProviderError, Unavailable
from mailweave.providers.graph import calls, lanes, payload, position, wire
from mailweave.providers.graph.client import Client
from mailweave.providers.graph.failures import Gone, Invalid, Lost
from mailweave.providers.graph.folders import Folders, Tree
from mailweave.providers.graph.message import state
from mailweave.providers.graph.position import Position, Stream

TURNS = 16
"""How often at most every lane asks for a page before the caller may save what was told."""
ENOUGH = 1000
"""Entries to an answer, more or less."""


def changes(client: Client, folders: Folders, cursor: str) -> Changes:
    """A bounded piece of everything after ``cursor``; ``has_more`` until all folders are through.

    Messages that a first reading merely enumerates are ``present``.
    """
    where = position.read(cursor)
    if not where.pending():
        _begin_round(where, folders.recent())
    fold = _Fold(where)
    for _ in range(TURNS):
        turn = where.pending()[: lanes.WIDTH]
        if not turn or fold.size >= ENOUGH:
            break
        _take_turn(client, fold, turn)
    return fold.changes(client)


def _begin_round(where: Position, tree: Tree) -> None:
    """Ask every folder once more, new ones from their beginning; and let go of what is left."""
    followed = {one.id for one in tree.values() if one.is_followed}
    first: position.Stage = "born" if where.folders else "anchor"
    for folder_id, stream in where.folders.items():
        if folder_id not in tree:
            raise CursorExpired("A folder was deleted: the mailbox is compared anew.")
        stream.stage = "due" if folder_id in followed else "leaving"
        stream.link = stream.link if folder_id in followed else ""
    for folder_id in tree:
        if folder_id in followed and folder_id not in where.folders:
            where.folders[folder_id] = Stream(first)


def _take_turn(client: Client, fold: "_Fold", turn: list[str]) -> None:
    """One page of each of these folders, at the same time."""
    streams = fold.where.folders
    asked = [streams[folder_id].call(folder_id) for folder_id in turn]
    for folder_id, outcome in zip(turn, lanes.ask_all(client, asked), strict=True):
        match outcome:
            case bytes():
                _take_page(client, fold, folder_id, outcome)
            case Lost():
                if not streams[folder_id].restart():
                    raise outcome
            case Gone() | Invalid() if streams[folder_id].is_unknown():
                # Whatever this is, its changes cannot be followed; the next round asks again.
                del streams[folder_id]
            case Gone():
                raise CursorExpired("A folder was deleted: the mailbox is compared anew.")
            case _:
                raise outcome


def _take_page(client: Client, fold: "_Fold", folder_id: str, body: bytes) -> None:
    page, odd = client.read_page(wire.STATES, body)
    stream = fold.where.folders[folder_id]
    fold.add(folder_id, stream, page.value, odd)
    if page.next_link:
        link = client.link(page.next_link)
        if link == stream.link:
            raise Unavailable("Microsoft's changes run in circles.")
        stream.move(link)
    elif not page.delta_link:
        raise Unavailable("Microsoft's changes neither go on nor end.")
    elif stream.stage == "leaving":
        del fold.where.folders[folder_id]
    else:
        stream.end(client.link(page.delta_link))


Word = wire.State | Literal["left", "partial"]
"""What a folder says of a message: its state, that it left, or too little to know."""


@dataclass(slots=True)
class _Fate:
    """The last word of each folder on a message."""

    words: dict[str, Word] = field(default_factory=dict)
    is_news: bool = False

    def verdict(self) -> wire.State | None:
        """The state, if it was told whole and no folder says otherwise."""
        told = [one for one in self.words.values() if isinstance(one, wire.State)]
        if "partial" in self.words.values() or len({one.parent_folder_id for one in told}) != 1:
            return None
        where = told[-1].parent_folder_id or ""
        return None if self.words.get(where) == "left" else told[-1]


class _Fold:
    """The last word on each message."""

    def __init__(self, where: Position) -> None:
        self.where = where
        self.fates: dict[str, _Fate] = {}
        self.size = 0

    def add(
        self, folder_id: str, stream: Stream, told: Iterable[wire.State], odd: Iterable[wire.Odd]
    ) -> None:
        """Take over a page of a folder."""
        is_past = stream.stage == "anchor"
        for one in told:
            self.size += 1
            fate = self.fates.setdefault(one.id, _Fate())
            fate.words[folder_id] = _word(one)
            fate.is_news |= not is_past or one.removed is not None
        for entry in odd:
            if entry.id:
                fate = self.fates.setdefault(entry.id, _Fate(is_news=not is_past))
                fate.words[folder_id] = "partial"

    def changes(self, client: Client) -> Changes:
        """What was told, after asking about what was told by halves."""
        states = {one: fate.verdict() for one, fate in self.fates.items()}
        doubtful = [one for one, told in states.items() if told is None]
        gone, asked = _ask(client, doubtful)
        states |= asked
        created: list[StateChange] = []
        updated: list[StateChange] = []
        present: list[StateChange] = []
        for remote_id, told in states.items():
            if told is None or told.is_draft:
                continue
            if self.fates[remote_id].is_news:
                updated.append(state(told))
            elif self.where.is_new(payload.moment(told.received_date_time)):
                created.append(state(told))
            else:
                present.append(state(told))
        return Changes(
            created=tuple(created),
            updated=tuple(updated),
            destroyed=tuple(gone),
            cursor=self.where.write(),
            has_more=bool(self.where.pending()),
            present=tuple(present),
        )


def _word(one: wire.State) -> Word:
    """An entry without a version tells only the part that changed."""
    if one.removed is not None:
        return "left"
    facts = (one.etag, one.parent_folder_id, one.conversation_id, one.is_read, one.flag)
    return "partial" if None in facts else one


def _ask(client: Client, remote_ids: list[str]) -> tuple[list[str], dict[str, wire.State]]:
    """Which of these messages are gone, and the state of the others."""
    gone: list[str] = []
    found: dict[str, wire.State] = {}
    outcomes = client.ask_all([calls.state(remote_id) for remote_id in remote_ids])
    for remote_id, outcome in zip(remote_ids, outcomes, strict=True):
        if isinstance(outcome, Gone):
            gone.append(remote_id)
        elif isinstance(outcome, ProviderError):
            raise outcome
        else:
            found[remote_id] = client.read(wire.STATE, outcome)
    return gone, found
