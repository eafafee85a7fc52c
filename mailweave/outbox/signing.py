"""How letters close: signatures kept, and the one in a draft exchanged when From is."""

from mailweave.kit.errors import Expected
from mailweave.mime import writing
from mailweave.mime.outgoing import Unwritable
from mailweave.outbox import identities
from mailweave.outbox.identities import Choice
from mailweave.outbox.models import Signature
from mailweave.people.access import Member

LONGEST = 64 * 1024
"""Characters of a signature, images included."""


class NotFound(Exception):
    """There is no such signature, or it is not this member's to change; the two look the same."""


def listed(member: Member) -> list[Signature]:
    """This member's signatures, then the workspace's."""
    rows = Signature.objects.filter(user_id=member.user_id) | Signature.objects.filter(user=None)
    found = rows.select_related("mailbox").order_by("pk")
    return sorted(found, key=lambda one: one.user_id is None)


def fitting(member: Member, mailbox_id: int) -> list[Signature]:
    """Those of them that letters from this mailbox can close with."""
    return [one for one in listed(member) if one.mailbox_id in {None, mailbox_id}]


def find(member: Member, pk: int) -> Signature:
    """A signature this member may change: their own; the workspace's, if they manage policies.
    Raises :class:`NotFound`."""
    found: Signature | None = Signature.objects.filter(pk=pk).first()
    is_theirs = found and found.user_id == member.user_id
    if found is None or not (is_theirs or (found.user_id is None and _may_share(member))):
        raise NotFound
    return found


def save(member: Member, signature: Signature) -> Signature:
    """Keep a signature, cleaned. Raises NotFound if it is not theirs to keep, or Expected."""
    shared = signature.user_id is None and _may_share(member)
    if signature.user_id != member.user_id and not shared:
        raise NotFound
    if not signature.name.strip():
        raise Expected("Please give the signature a name.")
    try:
        signature.html = writing.clean(signature.html, marks=False).html
    except Unwritable as error:
        raise Expected(str(error)) from error
    if len(signature.html) > LONGEST:
        raise Expected("This signature is too long.")
    signature.save()
    return signature


def remove(member: Member, pk: int) -> None:
    """Delete a signature; drafts keep what they have. Raises :class:`NotFound`."""
    find(member, pk).delete()


def opening(member: Member, choice: Choice | None, *, reply: bool) -> str:
    """What a new draft begins with: an empty line, then the signature if there is one."""
    return sign("<p><br></p>", member, choice, reply=reply)


def sign(html: str, member: Member, choice: Choice | None, *, reply: bool) -> str:
    """``html`` with the signature that goes with where it is written from, instead of the one it
    has; without any if there is none."""
    mailbox_id = choice.mailbox_id if choice else None
    found = identities.signature(member, mailbox_id, reply=reply)
    return writing.sign(html, found.html if found else "", str(found.pk) if found else "")


def _may_share(member: Member) -> bool:
    return member.may("manage policies")
