"""Stored mail linked anew: at once if it is little, else in the background, in slices.

What is done and how far it came commit together, so that a crash costs a slice that is done once
more. Two workers at one row take turns. Mail that arrives meanwhile is linked by what holds then,
whole threads at a time, so that nothing is done twice in different ways.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from mailweave.kit import clock, jobs, live, scope, sql
from mailweave.linking import matching, policy
from mailweave.linking.models import Relinking
from mailweave.mail import policy as mail_policy
from mailweave.mail import store
from mailweave.mail.models import Policy

QUERIES = sql.load("mailweave.linking", "relinking")
AT_ONCE = 2_000
"""Messages that are linked anew in the transaction that changed a record."""
STEP = 2_000
"""About how many messages to a transaction: others who store wait for it."""
LAST = 2**63 - 1
"""More than any thread's number."""
SLICE = timedelta(seconds=5)
SAMPLES = 20
TOPIC = "policies"
State = Relinking.State
_NEXT = {State.MEASURING: State.READY, State.APPLYING: State.APPLIED, State.UNDOING: State.UNDONE}


def relink(thread_ids: Collection[int]) -> None:
    """Link all mail of these threads anew, now or soon."""
    if not thread_ids:
        return
    store.hold()
    ids = sorted(set(thread_ids))
    total = sql.run(QUERIES["count"], threads=ids)[0][0]
    if total <= AT_ONCE:
        matching.link_again(ids)
    else:
        begin(Relinking(state=State.APPLYING, threads=ids, total=total, started_at=clock.now()))


def relink_addresses(address_ids: Collection[int]) -> None:
    """Match all stored mail of these addresses again, after a record gained or lost them."""
    if not address_ids:
        return
    store.hold()
    ids = sorted(address_ids)
    total = sql.run(QUERIES["mentions"], addresses=ids)[0][0]
    if total <= AT_ONCE:
        relink(matching.threads_of(ids))
    else:
        row = Relinking(state=State.APPLYING, threads=[], addresses=ids, total=total)
        row.started_at = clock.now()
        begin(row)


def begin(row: Relinking) -> None:
    """Begin a row's work, or begin it anew, in the transaction that asks for it."""
    row.position, row.done, row.ended_at = None, 0, None
    row.save()
    jobs.nudge("linking.relink", workspace_id=row.workspace_id, relinking_id=row.pk)
    live.tell(TOPIC)


def advance(workspace_id: int, relinking_id: int, *, limit: timedelta = SLICE) -> None:
    """Do a slice of it, and ask for the next."""
    until = clock.now() + limit
    while step(workspace_id, relinking_id):
        if clock.now() >= until:
            with scope.workspace(workspace_id):
                jobs.nudge("linking.relink", workspace_id=workspace_id, relinking_id=relinking_id)
            return


def step(workspace_id: int, relinking_id: int) -> bool:
    """One transaction of it; says whether there is more."""
    with scope.workspace(workspace_id):
        if _find(relinking_id):
            return True
        store.hold()
        # Without the threads: there may be a hundred thousand, and they stay what they are.
        rows = Relinking.objects.select_for_update().defer("threads")
        row = rows.filter(pk=relinking_id, state__in=Relinking.WORKING).first()
        if row is None:
            return False
        if row.state == State.MEASURING and row.versions != versions():
            row.state, row.ended_at = State.DROPPED, clock.now()
        else:
            _do(row)
        row.save()
        live.tell(TOPIC) if row.state in _NEXT else live.tell(TOPIC, "mail")
        return row.state in Relinking.WORKING


def versions() -> list[int]:
    """The versions of the two policies that links follow from."""
    return [policy.current().version, mail_policy.current().version]


def _find(relinking_id: int) -> bool:
    """Note the threads of a row that has addresses still. Nobody waits for this: what is stored
    meanwhile is linked by the addresses as they are."""
    rows = Relinking.objects.select_for_update().exclude(addresses=[])
    row = rows.filter(pk=relinking_id, state__in=Relinking.WORKING).first()
    if row is None:
        return False
    row.threads = sorted(matching.threads_of(row.addresses))
    row.total = sql.run(QUERIES["count"], threads=row.threads)[0][0]
    row.addresses = []
    row.save()
    return True


def _do(row: Relinking) -> None:
    before = LAST if row.position is None else row.position
    threads = sql.run(QUERIES["next"], row=row.pk, before=before, limit=STEP)
    if not threads:
        row.state, row.ended_at = _NEXT[State(row.state)], clock.now()
        return
    chosen = _some(threads)
    if row.state == State.MEASURING:
        _measure(row, [pk for pk, _ in chosen])
    else:
        matching.link_again([pk for pk, _ in chosen])
    row.position = chosen[-1][0]
    row.done += sum(count for _, count in chosen)


def _some(threads: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """As many of the (id, messages) threads as make a step, at least one."""
    held = 0
    for place, (_, count) in enumerate(threads):
        held += count
        if held > STEP:
            return threads[: max(1, place)]
    return threads


def _measure(row: Relinking, thread_ids: Sequence[int]) -> None:
    """Count what a policy that is not chosen yet would change in these threads."""
    tried = policy.choose(policy.current(), row.choices["link"])
    internal = row.choices["mail"].get("internal_mail")
    hidden = policy.hidden_by(internal) if internal else policy.hidden()
    matching.imagine(thread_ids, tried, hidden)
    added, removed = sql.run(QUERIES["changes"])[0]
    row.added += added
    row.removed += removed
    kept = row.choices["mail"].get("unmatched", mail_policy.current().unmatched)
    if kept == Policy.Unmatched.DISCARD:
        row.left_out += sql.run(QUERIES["left_out"], inherits=tried.inherits)[0][0]
    row.people = sorted({*row.people, *(one for (one,) in sql.run(QUERIES["people"]))})
    for name, comes in (("coming", True), ("going", False)):
        known = sum(one["comes"] == comes for one in row.samples)
        row.samples += [
            _sample(found, comes=comes) for found in sql.run(QUERIES[name], limit=SAMPLES - known)
        ]


def _sample(found: tuple[Any, ...], *, comes: bool) -> dict[str, Any]:
    names = ("message", "kind", "record", "reason", "via_kind", "via", "address")
    return {"comes": comes, **dict(zip(names, found, strict=True))}
