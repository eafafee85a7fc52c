"""A rule that became stricter, applied to what is stored: in slices, each with its position.

::

    a rule is changed --> Purge row --> step, step, ... --> ended_at
                                         each takes the store, does some hundred messages and
                                         writes how far it came, in one transaction

What is done and how far it came commit together, so that a crash costs a slice that is done once
more. Two workers at one purge take turns. A rule that is loosened meanwhile ends it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mailweave.kit import clock, jobs, live, scope, sql
from mailweave.linking import matching
from mailweave.linking import policy as linking_policy
from mailweave.linking.models import Handed
from mailweave.mail import narrowing, neversync, policy, removal, store
from mailweave.mail.models import Mailbox, Message, NeverSync, Policy
from mailweave.sync import filter as rules
from mailweave.sync import unmatched
from mailweave.sync.models import Purge

QUERIES = sql.load("mailweave.sync", "purging")
STEP = 500
"""Messages to a transaction: others who store wait for it."""
SLICE = timedelta(seconds=5)
TOPIC = "policies"


@dataclass(frozen=True, slots=True)
class Done:
    """What one step did; without ``position`` there was nothing left."""

    position: int | None
    looked_at: int = 0
    removed: int = 0
    freed: int = 0


def start(what: Purge.What, total: int, entry: NeverSync | None = None) -> None:
    """Begin, or begin anew, in the transaction that changed the rule."""
    fresh = {"position": 0, "total": total, "done": 0, "removed": 0, "freed": 0}
    row, _ = Purge.objects.update_or_create(
        what=what, entry=entry, ended_at=None, defaults={**fresh, "started_at": clock.now()}
    )
    jobs.nudge("sync.purge", workspace_id=row.workspace_id, purge_id=row.pk)
    live.tell(TOPIC)


def advance(workspace_id: int, purge_id: int, *, limit: timedelta = SLICE) -> None:
    """Do a slice of it, and ask for the next."""
    until = clock.now() + limit
    while step(workspace_id, purge_id):
        if clock.now() >= until:
            with scope.workspace(workspace_id):
                jobs.nudge("sync.purge", workspace_id=workspace_id, purge_id=purge_id)
            return


def step(workspace_id: int, purge_id: int) -> bool:
    """One transaction of it; says whether there is more."""
    with scope.workspace(workspace_id):
        store.hold()
        row = Purge.objects.select_for_update().filter(pk=purge_id, ended_at=None).first()
        if row is None or (row.what == Purge.What.UNMATCHED and unmatched.must_wait()):
            return False
        done = _STEPS[Purge.What(row.what)](row)
        row.position = row.position if done.position is None else done.position
        row.done += done.looked_at
        row.removed += done.removed
        row.freed += done.freed
        row.ended_at = clock.now() if done.position is None else None
        row.save()
        live.tell(TOPIC, "mail") if done.removed else live.tell(TOPIC)
        return row.ended_at is None


def follow_up() -> None:
    """Look at mail that was kept because somebody was to read it as it came (support, the outbox,
    the rule that makes contacts), now that they have: what is about nothing still goes. Asked every
    few minutes."""
    if not unmatched.is_left_out() or unmatched.must_wait():
        return
    if Handed.objects.filter(stuck=False).exists():
        return
    last = Purge.objects.filter(what=Purge.What.UNMATCHED).order_by("-pk").first()
    position = last.position if last else 0
    newer = Message.objects.filter(pk__gt=position).count()
    if newer and (last is None or last.ended_at):
        start(Purge.What.UNMATCHED, newer)
        Purge.objects.filter(what=Purge.What.UNMATCHED, ended_at=None).update(position=position)


def count_messages() -> int:
    """How many messages are stored."""
    return int(sql.run(QUERIES["count_messages"])[0][0])


def find_with(entry: NeverSync) -> list[int]:
    """The copies that an entry of a never-sync list concerns, whatever state they are in."""
    boxes = Mailbox.objects.all()
    if entry.user_id is not None:
        boxes = boxes.filter(owner_id=entry.user_id, delegate__isnull=True)
    found = sql.run(
        QUERIES["with_somebody"],
        value=entry.value,
        is_domain=entry.kind == NeverSync.Kind.DOMAIN,
        mailboxes=list(boxes.values_list("pk", flat=True)),
        roles=[int(role) for role in neversync.ROLES],
    )
    return [pk for (pk,) in found]


def _narrow_bodies(row: Purge) -> Done:
    ids, freed = narrowing.shorten(policy.current().body, after=row.position, limit=STEP)
    return Done(ids[-1], len(ids), len(ids), freed) if ids else Done(None)


def _drop_parts(row: Purge) -> Done:
    if policy.current().attachments != Policy.Attachments.FLAG:
        return Done(None)
    ids = narrowing.forget_parts(after=row.position, limit=STEP)
    return Done(ids[-1], len(ids), len(ids)) if ids else Done(None)


def _leave_out(row: Purge) -> Done:
    """First all of it disappears from pages, then it is removed a slice at a time."""
    if row.position == 0:
        return _hide(row)
    reasons = [rules.OWNERS_LIST, rules.WORKSPACES_LIST]
    ids = _ids("next_leaving", reasons=reasons)
    if not ids:
        return Done(None)
    removed = removal.remove(ids)
    matching.link(removed.thread_ids)
    return Done(1, len(ids), removed.messages, removed.freed)


def _hide(row: Purge) -> Done:
    if row.entry_id is not None:
        entry = NeverSync.objects.get(pk=row.entry_id)
        found = find_with(entry)
        mine = entry.user_id is not None
        reason = rules.OWNERS_LIST if mine else rules.WORKSPACES_LIST
        sql.run(QUERIES["leave_out"], copies=found, reason=reason)
        row.total = len(found)
    return Done(1)


def _link_anew(row: Purge) -> Done:
    ids = _ids("next_messages", position=row.position)
    if not ids:
        return Done(None)
    internal = linking_policy.find_internal(ids)
    if internal:
        matching.rematch(internal)
    return Done(ids[-1], len(ids), len(internal))


def _leave_unmatched(row: Purge) -> Done:
    ids = _ids("next_messages", position=row.position) if unmatched.is_left_out() else []
    if not ids:
        return Done(None)
    removed, named = unmatched.take_out(ids)
    for mailbox_id in {box for _, box in named}:
        live.tell(f"mailbox-{mailbox_id}")
    return Done(ids[-1], len(ids), removed.messages, removed.freed)


_STEPS: dict[Purge.What, Callable[[Purge], Done]] = {
    Purge.What.BODY: _narrow_bodies,
    Purge.What.ATTACHMENTS: _drop_parts,
    Purge.What.NEVER: _leave_out,
    Purge.What.INTERNAL: _link_anew,
    Purge.What.UNMATCHED: _leave_unmatched,
}


def _ids(name: str, **parameters: Any) -> list[int]:
    return [pk for (pk,) in sql.run(QUERIES[name], limit=STEP, **parameters)]
