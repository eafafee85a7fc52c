"""The lines of a timeline as pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailweave.journal import entries
from mailweave.journal.entries import Record
from mailweave.journal.models import Entry
from mailweave.journal.timeline import Item, Only
from mailweave.linking import registry
from mailweave.linking.registry import Card
from mailweave.mail.models import Message
from mailweave.mail.visibility import Viewer
from mailweave.people.access import Member
from mailweave.web import flat, lists, outcomes

PREVIEW = 200
"""Characters of an entry that are shown at once."""
NAMED = 3
"""Other records that are named beside a line."""


@dataclass(frozen=True, slots=True)
class Type:
    """A kind of line: what a filter by it is called, and its symbol."""

    word: Only
    label: str
    many: str
    icon: str


TYPES = (
    Type("email", "Email", "Emails", "mail"),
    Type("call", "Call", "Calls", "phone"),
    Type("meeting", "Meeting", "Meetings", "calendar"),
    Type("note", "Note", "Notes", "pen-line"),
    Type("task", "Task", "Tasks", "circle-check"),
    Type("change", "Change", "Changes", "history"),
)
BY_WORD: Mapping[str, Type] = {one.word: one for one in TYPES}
MAIL = Entry.Type.MAIL
CHANGE = Entry.Type.CHANGE


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``inbound`` is None where there is no direction; ``rest`` is what a preview leaves
    out; of ``cards`` there are ``more``."""

    key: str
    type: Type
    at: datetime
    title: str
    url: str
    who: str
    inbound: bool | None
    preview: str
    rest: str
    cards: tuple[Card, ...]
    more: int
    message: flat.Line | None
    entry: Entry | None
    changeable: bool


def lines(viewer: Viewer, member: Member, items: Sequence[Item]) -> tuple[Line, ...]:
    """The items with all that templates need."""
    told = {record for item in items for record in (*item.records, *_moved(item.entry))}
    cards = registry.cards(told, member)
    mine = lists.own_addresses(viewer)
    marks = outcomes.marks(item.message for item in items if item.message is not None)
    found = []
    for item in items:
        known = tuple(cards[record] for record in item.records if record in cards)
        if item.message is not None:
            line = flat.line(item.message, mine, marks.get(item.message.id, ""))
            found.append(_mail(line, known))
        elif item.entry is not None:
            title = _title(item.entry, cards)
            found.append(_entry(item.entry, title, known, member))
    return tuple(found)


def _mail(line: flat.Line, cards: Sequence[Card]) -> Line:
    row = line.row
    return Line(
        key=f"email-{row.id}",
        type=BY_WORD["email"],
        at=row.sent_at,
        title=line.names,
        url=line.url,
        who="",
        inbound=row.direction == Message.Direction.INBOUND,
        preview=(row.preview or "")[:PREVIEW],
        rest="",
        cards=tuple(cards[:NAMED]),
        more=max(0, len(cards) - NAMED),
        message=line,
        entry=None,
        changeable=False,
    )


def _entry(entry: Entry, title: str, cards: Sequence[Card], member: Member) -> Line:
    text = "" if entry.type == CHANGE else entry.text
    return Line(
        key=f"entry-{entry.pk}",
        type=BY_WORD["email" if entry.type == MAIL else entry.type],
        at=entry.at,
        title=title,
        url="",
        who=_who(entry),
        inbound={"in": True, "out": False}.get(str(entry.data.get("direction"))),
        preview=text[:PREVIEW],
        rest=text if len(text) > PREVIEW else "",
        cards=tuple(cards[:NAMED]),
        more=max(0, len(cards) - NAMED),
        message=None,
        entry=entry,
        changeable=entries.may_change(member, entry),
    )


def _who(entry: Entry) -> str:
    name = entry.author.name if entry.author else str(entry.data.get("by") or "")
    return f"Logged by hand by {name or 'somebody who has left'}" if entry.type == MAIL else name


def _moved(entry: Entry | None) -> list[Record]:
    """The records that a change led from and to."""
    if entry is None or entry.type != CHANGE:
        return []
    given = (entry.data.get(end) for end in ("from", "to"))
    return [(str(kind), int(pk)) for kind, pk in filter(None, given)]


def _title(entry: Entry, cards: Mapping[Record, Card]) -> str:
    """An entry in one line; what it is called stands beside."""
    if entry.type == MAIL:
        given = {end: str(entry.data.get(end) or "") for end in ("from", "to")}
        return given["from"] if entry.data.get("direction") == "in" else f"To {given['to']}"
    if "from" in entry.data:
        old, new = (_name(entry.data[end], cards) for end in ("from", "to"))
        return f"{entry.text}: {old} → {new}"
    if entry.type == CHANGE:
        return str(entry.text)
    people, minutes = entry.data.get("participants"), entry.data.get("minutes")
    said = [f"With {people}" if people else "", f"{minutes} min" if minutes else ""]
    return " · ".join(one for one in said if one)


def _name(record: Sequence[Any] | None, cards: Mapping[Record, Card]) -> str:
    if not record:
        return "none"
    card = cards.get((str(record[0]), int(record[1])))
    return card.title if card else "one that is not yours to see, or not there any more"
