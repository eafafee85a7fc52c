"""What mail servers said of letters of ours, in words: on messages, on lines, on its own page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailweave.linking import flat
from mailweave.linking.flat import MessageRow
from mailweave.mail.models import Message
from mailweave.mail.reading import MessageView
from mailweave.mail.rows import ThreadRow
from mailweave.mail.visibility import Level, Viewer
from mailweave.outbox import recipients, reports
from mailweave.outbox.models import Outcome

Action = Outcome.Action
SAID: Mapping[str, str] = {
    Action.FAILED: "Not delivered to",
    Action.DELAYED: "Delayed on the way to",
    Action.DELIVERED: "Delivered to",
    Action.RELAYED: "Passed on to the next server for",
    Action.EXPANDED: "Passed on to the list",
}
TROUBLE: Mapping[str, str] = {Action.FAILED: "Not delivered", Action.DELAYED: "Delayed"}
"""What a line is marked with; the first of them that is true."""
OUTLOOK: Mapping[str, str] = {
    Outcome.Lasting.HARD: "Sending it again would not help.",
    Outcome.Lasting.SOFT: "It may work later: you can send it again.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a letter for one recipient: ``said`` in a sentence, ``server`` in the words of
    the server that reported it."""

    said: str
    outlook: str
    server: str
    mark: str
    kind: str


def of_submissions(levels: Mapping[int, Level]) -> Mapping[int, tuple[Told, ...]]:
    """Everything that is known of these letters, each for who sees that much of it. One query."""
    found = reports.outcomes(levels) if levels else {}
    return {
        pk: tuple(_told(one) for one in rows if _is_open(one, levels[pk]))
        for pk, rows in found.items()
    }


def of_messages(messages: Sequence[MessageView]) -> Mapping[int, tuple[Told, ...]]:
    """The trouble that messages of a thread had, as far as the viewer may read them. One query."""
    levels = _levels((one.id, one.direction, one.level) for one in messages)
    return {pk: tuple(map(_told, rows)) for pk, rows in _trouble(levels).items()}


def marks(rows: Iterable[MessageRow]) -> Mapping[int, str]:
    """The words that messages in a list are marked with, for those that had trouble. One query."""
    levels = _levels((one.id, one.direction, one.level) for one in rows)
    return {pk: mark(found) for pk, found in _trouble(levels).items()}


def thread_marks(viewer: Viewer, rows: Iterable[ThreadRow]) -> Mapping[int, str]:
    """The same for threads, by what became of those of their messages that the viewer may read.
    One query, two where there was trouble."""
    told = reports.outcomes_in([one.thread_id for one in rows])
    wanted = [one for one in told if _is_trouble(one)]
    seen = flat.rows(viewer, [one.submission.message_id for one in wanted])
    levels = _levels((one.id, one.direction, one.level) for one in seen)
    found: dict[int, list[Outcome]] = {}
    for one in wanted:
        level = levels.get(one.submission.message_id)
        if level is not None and _is_open(one, level):
            found.setdefault(one.submission.message.thread_id, []).append(one)
    return {thread_id: mark(rows) for thread_id, rows in found.items()}


def mark(found: Collection[Outcome]) -> str:
    """What a letter with these outcomes is marked with; empty if all is well."""
    actions = {one.action for one in found}
    return next((word for action, word in TROUBLE.items() if action in actions), "")


def _levels(rows: Iterable[tuple[int, str, Level]]) -> dict[int, Level]:
    sent = Message.Direction.OUTBOUND
    return {pk: level for pk, way, level in rows if way == sent and level >= Level.FULL}


def _trouble(levels: Mapping[int, Level]) -> dict[int, list[Outcome]]:
    found = reports.outcomes_of(levels) if levels else {}
    wanted = {
        pk: [one for one in rows if _is_trouble(one) and _is_open(one, levels[pk])]
        for pk, rows in found.items()
    }
    return {pk: rows for pk, rows in wanted.items() if rows}


def _is_trouble(one: Outcome) -> bool:
    return one.action in TROUBLE


def _is_open(one: Outcome, level: Level) -> bool:
    """Whether who sees a message at this level may know of this recipient: Bcc is the owner's."""
    if level >= Level.OWN:
        return True
    draft = one.submission.draft
    named = {who.normal for who in recipients.read([*draft.to, *draft.cc])}
    hidden = {who.normal for who in recipients.read(draft.bcc)}
    return one.address in named or one.address not in hidden


def _told(one: Outcome) -> Told:
    said = f"{SAID[Action(one.action)]} {one.address}"
    why = f": {one.words}" if one.words else "."
    failed = one.action == Action.FAILED
    return Told(
        said=said + why + (f" ({one.status})" if one.status and one.action in TROUBLE else ""),
        outlook=_outlook(one),
        server=one.diagnostic,
        mark=TROUBLE.get(Action(one.action), ""),
        kind="error" if failed else "warn" if one.action in TROUBLE else "ok",
    )


def _outlook(one: Outcome) -> str:
    if one.action == Action.DELAYED:
        return "Their server goes on trying; nothing is lost."
    return OUTLOOK.get(Outcome.Lasting(one.lasting), "") if one.action == Action.FAILED else ""
