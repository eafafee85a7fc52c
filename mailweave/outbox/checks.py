"""Whether a draft can go: asked when it is sent, and again when it is due."""

from datetime import timedelta

from mailweave.mail import reading
from mailweave.mail.models import Mailbox, Message
from mailweave.mail.visibility import Viewer
from mailweave.mime import writing
from mailweave.outbox import files, merging, recipients, templates
from mailweave.outbox.identities import Choice
from mailweave.outbox.models import Draft, Submission

LATE = timedelta(hours=1)
"""How long ago what arrives now may have been written."""


def problems(draft: Draft, choice: Choice | None) -> list[str]:
    """Why a draft cannot be sent as it is, from where its writer chose (None: from nowhere they
    may), in words; empty if it can."""
    fields = [recipients.read(one) for one in (draft.to, draft.cc, draft.bcc)]
    found = recipients.problems(fields)
    if choice is None:
        found.append("Please choose from where to send this.")
    elif choice.why:
        found.append(f"It cannot be sent from {choice.address} now. {choice.why}")
    if left := _unfilled(draft):
        found.append(f"Not filled in yet: {', '.join(left)}.")
    found += [
        f"“{one.name}” is not uploaded yet."
        for one in files.listed(draft.pk)
        if not one.ready and one.part_id is None
    ]
    return found


def _unfilled(draft: Draft) -> list[str]:
    """The merge fields that templates left open, by the words people know them by."""
    known = templates.known()
    words = {one.partition(".")[0] for one in known}
    plain = merging.left_in(f"{draft.subject}\n{draft.text}", words)
    marked = writing.clean(draft.html).unresolved if writing.UNRESOLVED in draft.html else ()
    return [known.get(one, one) for one in dict.fromkeys((*plain, *marked))]


def answered(viewer: Viewer, draft: Draft) -> list[int]:
    """The messages that came into the conversation since its writer looked, oldest first, as far
    as they see them; those the writer sent themselves, and answers of machines, do not count."""
    if draft.source_id is None or draft.act == Draft.Act.FORWARD:
        return []
    thread_id = Message.objects.filter(pk=draft.source_id).values_list("thread_id", flat=True)
    rows = Message.objects.filter(thread_id=thread_id.first(), pk__gt=draft.known, automatic=False)
    rows = rows.filter(sent_at__gte=draft.made_at - LATE)
    theirs = Submission.objects.filter(author_id=draft.author_id, message__isnull=False)
    rows = rows.exclude(pk__in=theirs.values("message_id"))
    mine = Mailbox.objects.filter(owner_id=draft.author_id, delegate=None)
    own = {one.lower() for one in mine.values_list("address", flat=True)}
    fresh = reading.messages(viewer, list(rows.values_list("pk", flat=True)))
    return [one.id for one in fresh if one.sender.address not in own]
