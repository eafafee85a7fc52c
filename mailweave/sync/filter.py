"""Which mail is taken in: the one rule for backfill, changes and everything else.

What a listing tells is judged by folder and age before anything is fetched; a message in hand also
by who is on it, in the transaction that would store it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from mailweave.mail import neversync
from mailweave.mail.arrival import Arrival
from mailweave.mail.models import Mailbox

SKEW = timedelta(minutes=10)
"""How far a provider's clock may be behind ours before new mail looks like old mail."""

NEVER = {
    "drafts": "Drafts are not taken in.",
    "junk": "Spam is not taken in.",
    "trash": "Deleted mail is not taken in.",
    "chat": "Chats are not taken in.",
}
OWNERS_LIST = "Somebody on it is on the mailbox owner's never-sync list."
WORKSPACES_LIST = "Somebody on it is on the workspace's never-sync list."
UNMATCHED = "It is about no record, and only mail that is about one is kept here."
NOT_FOLLOWED = "It is in no folder that this mailbox follows."
TOO_OLD = "It is older than the range that was chosen."
PLACES = frozenset({NEVER["junk"], NEVER["trash"], NOT_FOLLOWED})
"""Reasons that lie in where a message is: they end when it is moved."""
OVERRULED = PLACES | {TOO_OLD}
"""Reasons that a person overrules who asks for one message."""


def judge(folder_ids: Collection[str], roles: Mapping[str, str], followed: Collection[str]) -> str:
    """Why a message in these folders is left out; empty when it is taken in.

    ``roles`` maps a folder's remote id to its role. ``followed`` are the roles a mailbox follows;
    empty means every folder but those never taken in.
    """
    found = {roles.get(folder, "") for folder in folder_ids}
    for role, reason in NEVER.items():
        if role in found:
            return reason
    if followed and found.isdisjoint(followed):
        return NOT_FOLLOWED
    return ""


def judge_age(received_at: datetime, since: datetime | None) -> str:
    """Why a message of this age is left out; empty when it is taken in."""
    if since and received_at < since - SKEW:
        return TOO_OLD
    return ""


def judge_people(mailbox_id: int, arrivals: Sequence[Arrival]) -> dict[str, str]:
    """Why some of these are left out, by remote id: somebody on them is never to be synced.

    Call it with the store held, so that no entry is made between this and the storing. Two queries.
    """
    box = Mailbox.objects.only("owner_id", "delegate_id", "address").get(pk=mailbox_id)
    owner_id = 0 if box.is_shared else box.owner_id  # what is the workspace's is nobody's own
    people = {one.remote_id: _with(one) for one in arrivals}
    found = neversync.find(people, owner_id=owner_id, own=box.address)
    return {
        remote_id: WORKSPACES_LIST if whose is None else OWNERS_LIST
        for remote_id, whose in found.items()
    }


def _with(arrival: Arrival) -> set[str]:
    counted = {person.address for person in arrival.people if person.role in neversync.ROLES}
    return counted.union(arrival.bcc)
