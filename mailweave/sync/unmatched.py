"""Mail about no record, where the workspace keeps only what is about one.

Such mail is stored and linked as any other, and taken out again in the same transaction: what
decides is what linking really found. What stays is its number at the provider, the reason, and
traces of the addresses on it, from which these cannot be read. It comes back, by being fetched
again, when a record gains one of these addresses, when its conversation is about something, when
somebody asks for it, or when the policy keeps it.

Never left out: mail somebody linked, unlinked or asked for; mail sent from here; what we wrote in a
conversation that is about a record, and, where conversations inherit, all of it; what somebody who
reads mail as it comes (support, recruiting, the outbox) has not read yet, or noted; what its
mailbox could not give us again.
"""

from collections.abc import Collection
from typing import Any

from mailweave.kit import clock, sql
from mailweave.linking import handing, matching
from mailweave.linking import policy as link_policy
from mailweave.linking.models import Relinking
from mailweave.mail import arrival, policy, removal
from mailweave.mail.models import Body, Copy, Mailbox, Policy
from mailweave.mail.removal import Removed
from mailweave.providers.sending import KEY_HEADER
from mailweave.sync import backfill
from mailweave.sync import filter as rules
from mailweave.sync.models import Sync

QUERIES = sql.load("mailweave.sync", "unmatched")
MOST = 200
"""People of a message whose traces are kept."""


def is_left_out() -> bool:
    """Whether the workspace keeps only what is about a record."""
    return policy.current().unmatched == Policy.Unmatched.DISCARD


def must_wait() -> bool:
    """Whether stored mail is still being linked: what it is about is not known yet."""
    return Relinking.objects.filter(
        state__in=[Relinking.State.APPLYING, Relinking.State.UNDOING]
    ).exists()


def judge(mailbox_id: int, message_ids: Collection[int]) -> dict[str, str]:
    """Take out what of a page, stored, linked and handed on just now, is about nothing; says why,
    by remote id. Part of that transaction."""
    if not message_ids or not is_left_out():
        return {}
    if link_policy.current().inherits:
        _run("back_with_thread", mailbox=mailbox_id, messages=list(message_ids))
    _, named = take_out(message_ids)
    return {remote_id: rules.UNMATCHED for remote_id, box in named if box == mailbox_id}


def take_out(message_ids: Collection[int]) -> tuple[Removed, list[tuple[str, int]]]:
    """Leave out what of these messages is about nothing; what went, and (remote id, mailbox) of
    each copy. The caller holds the store."""
    found = _sift(message_ids)
    if not found:
        return Removed(), []
    copies = [copy for copy, _ in found]
    people = [pk for (pk,) in _run("people", messages=[message for _, message in found])]
    named = _run("leave_out", copies=copies, most=MOST, now=clock.now())
    removed = removal.remove(copies)
    matching.derive(removed.thread_ids)
    removal.forget_names(people)
    return removed, [(remote_id, box) for remote_id, box in named]


def count() -> int:
    """How many stored messages would be left out, about: letters sent from here stay."""
    query = QUERIES["count"].replace("{sift}", _query(""))
    return int(sql.run(query, **_asked())[0][0])


def look(sync: Sync) -> None:
    """Have fetched again what was left out of a mailbox and has somebody on it whose address a
    record gained since we looked last."""
    newest = sql.run(QUERIES["newest_address"])[0][0]
    if newest > sync.address_seen:
        _run("back_with_addresses", mailbox=sync.mailbox_id, position=sync.address_seen)
        Sync.objects.filter(pk=sync.pk).update(address_seen=newest)


def look_anew() -> None:
    """Records are matched otherwise now: all of their addresses count as gained."""
    Sync.objects.update(address_seen=0)


def have_back() -> int:
    """Have fetched again all that was left out, from connected mailboxes; says how much that is."""
    boxes = Mailbox.objects.filter(disconnected_at=None).values_list("pk", flat=True)
    rows = Copy.objects.filter(
        state=Copy.State.SKIPPED, reason=rules.UNMATCHED, mailbox_id__in=list(boxes)
    )
    count = int(rows.update(state=Copy.State.LISTED, reason="", place=-1, attempts=0))
    for sync in Sync.objects.filter(mailbox_id__in=list(boxes)) if count else ():
        backfill.wake(sync)
    return count


def _sift(message_ids: Collection[int]) -> list[tuple[int, int]]:
    """(copy, message) of what goes."""
    query = _query("AND m.id = ANY(%(messages)s::bigint[])")
    found = sql.run(query, messages=list(message_ids), **_asked())
    ours = _sent_from_here({message for _, message, outbound in found if outbound})
    return [(copy, message) for copy, message, _ in found if message not in ours]


def _sent_from_here(message_ids: Collection[int]) -> set[int]:
    """Those of these messages that bear our own mark."""
    rows = Body.objects.filter(message_id__in=message_ids) if message_ids else Body.objects.none()
    mark = f"\n{KEY_HEADER.lower()}:"
    return {
        message_id
        for message_id, packed in rows.values_list("message_id", "headers_zstd")
        if mark in "\n" + arrival.decompress(bytes(packed)).lower()
    }


def _query(which: str) -> str:
    noted = "\n".join(QUERIES["noted"].replace("{table}", one) for one in handing.noted())
    return QUERIES["sift"].replace("{which}", which).replace("{noted}", noted)


def _asked() -> dict[str, Any]:
    return {"inherits": link_policy.current().inherits}


def _run(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    return sql.run(QUERIES[name], reason=rules.UNMATCHED, **parameters)
