"""What happened since a position, folded per message.

https://developers.google.com/workspace/gmail/api/guides/sync. Each record carries the labels a
message had right after it, so the last record says all; records without any event are common and
mean nothing to us. Only a position that the listing itself told is ever kept.
"""

from dataclasses import dataclass

from mailweave.providers.base import Changes
from mailweave.providers.errors import CursorExpired, Unavailable
from mailweave.providers.gmail import calls, wire
from mailweave.providers.gmail.client import Client
from mailweave.providers.gmail.failures import Gone, Invalid
from mailweave.providers.gmail.message import state

PAGES = 20
"""Pages folded into one answer, of up to 500 records each."""
_MOST_PAGES = 1000

_NOT_MAIL = frozenset({"DRAFT", "CHAT"})


def changes(client: Client, cursor: str) -> Changes:
    """Everything after ``cursor``, or the first part of it with ``has_more``."""
    fold = _Fold()
    token, seen, latest = "", set[str](), cursor
    for number in range(_MOST_PAGES):
        told = _page(client, cursor, token)
        for record in told.history:
            fold.add(record)
            latest = _later(latest, record.id)
        token = told.next_page_token
        if not token:
            return fold.changes(_later(latest, told.history_id), has_more=False)
        if token in seen:
            break
        seen.add(token)
        if number + 1 >= PAGES and latest != cursor:
            return fold.changes(latest, has_more=True)
    raise Unavailable("Gmail's history runs in circles.")


def _page(client: Client, cursor: str, token: str) -> wire.History:
    """A page; the start stays the same while the token moves on."""
    try:
        return client.ask(calls.history(cursor, token), wire.HISTORY)
    except (Gone, Invalid):
        raise CursorExpired("Gmail no longer knows what happened since then.") from None


def _later(one: str, other: str) -> str:
    """The later of two positions: numbers in decimal, with gaps."""
    if not other.isdecimal():
        return one
    return other if not one.isdecimal() or int(other) > int(one) else one


@dataclass(slots=True)
class _Fate:
    last: wire.Named
    is_new: bool = False
    is_gone: bool = False


class _Fold:
    """The last word on each message."""

    def __init__(self) -> None:
        self.fates: dict[str, _Fate] = {}

    def add(self, record: wire.Record) -> None:
        for event in record.messages_added:
            self._fate(event).is_new = True
        for event in (*record.labels_added, *record.labels_removed):
            self._fate(event)
        for event in record.messages_deleted:
            self._fate(event).is_gone = True

    def _fate(self, event: wire.Event) -> _Fate:
        """Write down that ``event`` came; it also means that the message is there (again)."""
        fate = self.fates.setdefault(event.message.id, _Fate(event.message))
        fate.last, fate.is_gone = event.message, False
        return fate

    def changes(self, cursor: str, *, has_more: bool) -> Changes:
        mail = [f for f in self.fates.values() if not _NOT_MAIL.intersection(f.last.label_ids)]
        return Changes(
            created=tuple([state(f.last) for f in mail if f.is_new and not f.is_gone]),
            updated=tuple([state(f.last) for f in mail if not f.is_new and not f.is_gone]),
            destroyed=tuple([f.last.id for f in mail if f.is_gone]),
            cursor=cursor,
            has_more=has_more,
        )
