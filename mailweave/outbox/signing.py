"""How a letter closes: the signature in its marked block, exchanged when From is."""

from mailweave.mime import writing
from mailweave.outbox import identities
from mailweave.outbox.identities import Choice
from mailweave.people.access import Member


def opening(member: Member, choice: Choice | None, *, reply: bool) -> str:
    """What a new draft begins with: an empty line, then the signature if there is one."""
    return sign("<p><br></p>", member, choice, reply=reply)


def sign(html: str, member: Member, choice: Choice | None, *, reply: bool) -> str:
    """``html`` with the signature that goes with where it is written from, instead of the one it
    has; without any if there is none."""
    mailbox_id = choice.mailbox_id if choice else None
    found = identities.signature(member, mailbox_id, reply=reply)
    return writing.sign(html, found.html if found else "", str(found.pk) if found else "")
