"""Which mail is taken in: the one rule for backfill, changes and everything else."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

SKEW = timedelta(minutes=10)
"""How far a provider's clock may be behind ours before new mail looks like old mail."""

NEVER = {
    "drafts": "Drafts are not taken in.",
    "junk": "Spam is not taken in.",
    "trash": "Deleted mail is not taken in.",
    "chat": "Chats are not taken in.",
}


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
        return "It is in no folder that this mailbox follows."
    return ""


def judge_age(received_at: datetime, since: datetime | None) -> str:
    """Why a message of this age is left out; empty when it is taken in."""
    if since and received_at < since - SKEW:
        return "It is older than the range that was chosen."
    return ""
