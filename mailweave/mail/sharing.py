"""How much colleagues see of one thread, where that is more or less than of its mailbox.

Whoever decides about a mailbox says so of a thread in it. It is noted on every copy of the thread
there, which :mod:`mailweave.mail.store` hands on to what arrives later; where threads turn out to
be one, the stricter holds. Reading follows it through the SQL function ``mail_level`` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mailweave.kit import live
from mailweave.mail import store
from mailweave.mail.models import Copy, Mailbox, ThreadMailbox
from mailweave.mail.visibility import NOTHING, SHARED, NotFound, Viewer

LEVELS: Mapping[str, int] = {
    **{str(name): level.value for name, level in SHARED.items()},
    str(Mailbox.Sharing.PRIVATE): NOTHING,
}
NAMES: Mapping[int | None, str] = {level: name for name, level in LEVELS.items()}


@dataclass(frozen=True, slots=True)
class Shared:
    """How a thread is shared as one mailbox has it.

    ``chosen`` is one of :class:`Mailbox.Sharing`, empty where it is shared as the mailbox is.
    ``linked``: some of it is about a record, so that there is something for colleagues to see.
    ``mine``: the viewer decides about it.
    """

    mailbox: Mailbox
    chosen: str
    linked: bool
    mine: bool

    @property
    def usual(self) -> str:
        """How the mailbox is shared otherwise; all of a shared one is everybody's."""
        return str(Mailbox.Sharing.FULL if self.mailbox.is_shared else self.mailbox.sharing)


def of_thread(viewer: Viewer, thread_id: int) -> list[Shared]:
    """How a thread is shared, for each mailbox that has it and that the viewer sees any of."""
    rows = ThreadMailbox.objects.filter(thread_id=thread_id, mailbox_id__in=viewer.mailbox_ids)
    return [
        Shared(
            row.mailbox, NAMES.get(row.sharing, ""), row.linked, row.mailbox_id in set(viewer.kept)
        )
        for row in rows.select_related("mailbox").order_by("mailbox__address", "mailbox_id")
    ]


def choose(viewer: Viewer, thread_id: int, mailbox_id: int, sharing: str) -> Shared:
    """Share a thread that far from now on, or, if empty, as its mailbox is; returns how it was.

    Raises :class:`NotFound` where the viewer does not decide about a mailbox that has the thread.
    """
    store.hold()
    was = {one.mailbox.pk: one for one in of_thread(viewer, thread_id) if one.mine}
    if mailbox_id not in was:
        raise NotFound("no such thread in a mailbox of theirs")
    where = {"thread_id": thread_id, "mailbox_id": mailbox_id}
    for rows in (Copy.objects, ThreadMailbox.objects):
        rows.filter(**where).update(sharing=LEVELS[sharing] if sharing else None)
    live.tell("mail", f"mailbox-{mailbox_id}")
    return was[mailbox_id]
