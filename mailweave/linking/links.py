"""A person's decisions about links: made by hand, pinned, and undone only by a person; and what a
plug-in's rule files, which a person's decision always outweighs.

Each act is about many messages at once, in one transaction, and leaves a :class:`Decision`: for a
day its maker may undo it, and every message has again exactly what it had before. What somebody
decided since stays as they decided.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mailweave.kit import clock, sql
from mailweave.kit.errors import Expected
from mailweave.linking import matching
from mailweave.linking.models import Decision
from mailweave.mail import store

QUERIES = sql.load("mailweave.linking", "links")
UNDO = timedelta(days=1)

Record = tuple[str, int]
"""A kind and a number."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What an act did: its :class:`Decision`, and how many messages it was about."""

    decision_id: int
    count: int


@dataclass(frozen=True, slots=True)
class Undone:
    """An act that was undone; ``address`` is the one it had added to the first of the records,
    empty if none."""

    records: tuple[Record, ...]
    address: str


def link(
    message_ids: Collection[int], record: Record, user_id: int, *, instead_of: Record | None = None
) -> Decided:
    """These messages are about that record, whatever matching says; and not about another one."""
    choices = [(record, True), *([(instead_of, False)] if instead_of else [])]
    return _decide(message_ids, choices, user_id)


def unlink(message_ids: Collection[int], record: Record, user_id: int) -> Decided:
    """These messages are not about that record, and no later sync says otherwise."""
    return _decide(message_ids, [(record, False)], user_id)


def reset(message_ids: Collection[int], record: Record, user_id: int) -> Decided:
    """Forget people's decisions and let matching decide again."""
    return _decide(message_ids, [(record, None)], user_id)


def file(message_ids: Collection[int], record: Record, reason: str) -> None:
    """A plug-in's rule files these messages under a record, pinned, as part of what it does with
    them; where a person decided otherwise, that stands. ``reason`` says why, to be read after
    "filed by a rule: ", at most 200 characters.

    Conversations do not inherit what a rule filed: the rule decides about each message. Nor does
    it count where the policy takes one record a message. Where nothing is filed any more, use
    :func:`unfile`.
    """
    store.hold()
    here = dict(sql.run(QUERIES["take"], messages=list(message_ids)))
    about = {"messages": list(here), "kind": record[0], "record": record[1]}
    sql.run(QUERIES["file"], now=clock.now(), reason=reason[:200], **about)
    matching.link(set(here.values()))


def unfile(message_ids: Collection[int], record: Record) -> None:
    """A plug-in's rule takes these messages out again; what people decided stands."""
    store.hold()
    here = dict(sql.run(QUERIES["take"], messages=list(message_ids)))
    sql.run(QUERIES["unfile"], messages=list(here), kind=record[0], record=record[1])
    matching.link(set(here.values()))


def note_address(decision_id: int, address: str) -> None:
    """The act also added this address to the record it linked."""
    Decision.objects.filter(pk=decision_id).update(address=address)


def undo(decision_id: int, user_id: int) -> Undone:
    """Put back what one act of this user's changed. Raises Expected if it is too late for that."""
    store.hold()
    rows = Decision.objects.filter(pk=decision_id, made_by_id=user_id)
    found = rows.filter(made_at__gte=clock.now() - UNDO).defer("before").first()
    if found is None:
        raise Expected("It is too late to undo this. Nothing was changed.")
    for name in ("take_back", "put_back"):
        sql.run(QUERIES[name], decision=decision_id)
    here = dict(sql.run(QUERIES["take"], messages=found.message_ids))
    matching.link(set(here.values()))
    sql.run(QUERIES["date_back"], decision=decision_id)
    rows.delete()
    return Undone(tuple(zip(found.kinds, found.record_ids, strict=True)), found.address)


def _decide(
    message_ids: Collection[int], choices: Sequence[tuple[Record, bool | None]], user_id: int
) -> Decided:
    store.hold()
    now = clock.now()
    Decision.objects.filter(made_at__lt=now - UNDO).delete()
    here = dict(sql.run(QUERIES["take"], messages=list(message_ids)))
    if not here:
        raise Expected("This message is not here any more.")
    about = {
        "messages": list(here),
        "kinds": [kind for (kind, _), _ in choices],
        "records": [record_id for (_, record_id), _ in choices],
    }
    ((decision_id,),) = sql.run(QUERIES["remember"], user=user_id, now=now, **about)
    if choices[0][1] is None:
        sql.run(QUERIES["forget"], **about)
    else:
        linked = [linked for _, linked in choices]
        sql.run(QUERIES["decide"], user=user_id, now=now, linked=linked, **about)
    matching.link(set(here.values()))
    return Decided(decision_id, len(here))
