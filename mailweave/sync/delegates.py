"""Who may open a shared mailbox, and who may decide about it.

Its mail belongs to the workspace, the permission to a person. So nobody's permission is used for
it that they have not offered themselves, and another's can take its place.
"""

from collections.abc import Collection

from django.db.models import Q, QuerySet

from mailweave.mail.models import Credential, Mailbox
from mailweave.people.access import Member
from mailweave.providers import kinds, scopes
from mailweave.sync.models import Delegate


def granted(mailboxes: Collection[Mailbox]) -> set[int]:
    """Those of these mailboxes whose permission covers shared mailboxes."""
    asked = {one.pk: kinds.describe(one.kind).shared for one in mailboxes}
    rows = Credential.objects.filter(mailbox_id__in=list(asked)).values_list("mailbox_id", "scopes")
    return {
        pk
        for pk, given in rows
        if (wanted := asked[pk]) and not scopes.missing(wanted.scopes, given)
    }


def needed(mailbox: Mailbox) -> bool:
    """Whether this mailbox's permission covers shared mailboxes, or has to for one to go on."""
    opens = Mailbox.objects.filter(delegate_id=mailbox.pk)
    return bool(granted([mailbox])) or opens.exists()


def opened_by(mailbox_id: int) -> QuerySet[Mailbox]:
    """The connected shared mailboxes that are opened with this mailbox's permission."""
    rows: QuerySet[Mailbox] = Mailbox.objects.filter(delegate_id=mailbox_id, disconnected_at=None)
    return rows.order_by("pk")


def forget(mailbox_id: int) -> None:
    """This mailbox's permission is gone: it opens no other any more."""
    Delegate.objects.filter(delegate_id=mailbox_id).delete()


def listed(mailbox_ids: Collection[int]) -> dict[int, list[Mailbox]]:
    """Whose permissions have been offered for these shared mailboxes, first come first."""
    rows = Delegate.objects.filter(mailbox_id__in=mailbox_ids).select_related("delegate__owner")
    found: dict[int, list[Mailbox]] = {pk: [] for pk in mailbox_ids}
    for row in rows.order_by("pk"):
        found[row.mailbox_id].append(row.delegate)
    return found


def able(member: Member, mailbox: Mailbox) -> list[Mailbox]:
    """Whose permission a member may have this shared mailbox opened with: one that was offered, or
    one of their own. Whether the provider follows is another matter.
    """
    offered = Delegate.objects.filter(mailbox_id=mailbox.pk).values("delegate_id")
    rows = Mailbox.objects.filter(
        Q(pk__in=offered) | Q(owner_id=member.user_id),
        kind=mailbox.kind, delegate=None, disconnected_at=None,
    )  # fmt: skip
    boxes = [one for one in rows.select_related("owner").order_by("pk") if _is_kin(one, mailbox)]
    may = granted(boxes)
    return [one for one in boxes if one.pk in may]


def may_change(member: Member, mailbox: Mailbox) -> bool:
    """Whether a member decides about a mailbox: its owner; of a shared one also everybody whose
    permission it can be opened with, and whoever manages integrations.
    """
    return decides(member, mailbox, listed([mailbox.pk])[mailbox.pk])


def decides(member: Member, mailbox: Mailbox, offered: Collection[Mailbox]) -> bool:
    """The same for one whose ``offered`` permissions are at hand."""
    if mailbox.owner_id == member.user_id:
        return True
    mine = any(one.owner_id == member.user_id for one in offered)
    return mailbox.is_shared and (mine or member.may("manage integrations"))


def _is_kin(delegate: Mailbox, mailbox: Mailbox) -> bool:
    """Whether both are of one organisation."""
    shared = kinds.describe(mailbox.kind).shared
    if shared is None:
        return False
    key = shared.key(delegate.remote_account_id, mailbox.address)
    return bool(key == mailbox.remote_account_id)
