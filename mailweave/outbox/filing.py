"""The copy of a letter that lies in the mailbox it left from comes in like any message: here it is
asked for at once, found again, and linked with what the letter was written about."""

from datetime import timedelta

from mailweave.kit import clock, live
from mailweave.linking import links, registry
from mailweave.mail.models import Copy, Message
from mailweave.outbox import endings, files, identities, submissions
from mailweave.outbox.models import Submission
from mailweave.people import workspaces
from mailweave.sync import engine, tracing

WAITS = (1, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 900, 3600)
"""Seconds between looks for the copy; the last goes on for a day."""
PATIENCE = timedelta(days=1)
REPLACED = (
    "When it was last used, the message went out from {} instead. An administrator of your mail "
    "has to allow sending from aliases; in Exchange: Settings > Mail flow."
)


def file(submission: Submission) -> None:
    """Look for the copy; ask for it where it is not here yet. Inside the caller's transaction."""
    row = Submission.objects.select_related("draft", "mailbox").get(pk=submission.pk)
    message = find(row)
    if message is None:
        return _wait(row)
    Submission.objects.filter(pk=row.pk).update(message=message, due_at=None)
    row.message = message
    files.drop_bytes(row.draft_id)
    _compare(row, message)
    _link(row)
    live.tell("mail", *submissions.topics(row))
    return None


def find(submission: Submission) -> Message | None:
    """The message that came of a letter, if its copy is here."""
    copies = Copy.objects.filter(mailbox_id=submission.mailbox_id, message__isnull=False)
    if submission.remote_id:
        copy = copies.filter(remote_id=submission.remote_id).select_related("message").first()
        if copy:
            return copy.message  # type: ignore[no-any-return]
    ids = {
        submission.own_message_id, submission.staged_message_id, submission.remote_message_id,
    } - {""}  # fmt: skip
    rows = Message.objects.filter(direction=Message.Direction.OUTBOUND, message_id__in=ids)
    found: Message | None = rows.filter(pk__in=copies.values("message_id")).first()
    return found


def _wait(submission: Submission) -> None:
    """Have sync fetch the copy first of all, and look again."""
    now = clock.now()
    if now - (submission.sent_at or now) > PATIENCE:
        Submission.objects.filter(pk=submission.pk).update(due_at=None)
        return
    _ask(submission)
    wait = timedelta(seconds=WAITS[min(submission.tries, len(WAITS) - 1)])
    Submission.objects.filter(pk=submission.pk).update(
        due_at=now + wait, tries=submission.tries + 1
    )


def _ask(submission: Submission) -> None:
    if submission.remote_id:
        # Whatever folders are followed: somebody here wrote it.
        tracing.take(submission.mailbox_id, submission.remote_id, submission.remote_thread_id)
    engine.want(submission.mailbox_id)


def _compare(submission: Submission, message: Message) -> None:
    """Some providers put the mailbox's own address into From where they do not allow another: say
    so, and remember it."""
    mailbox, wanted = submission.mailbox, submission.address.lower()
    if wanted == mailbox.address.lower() or message.sender is None:
        return
    if message.sender.address != mailbox.address.lower():
        return
    identities.refuse(mailbox, submission.address, REPLACED.format(mailbox.address))
    endings.tell_replaced(submission)


def _link(submission: Submission) -> None:
    """With the records it was written from; its writer decided that, as if they had linked it."""
    wanted = submissions.records(submission.draft)
    member = workspaces.member(submission.author_id)
    if not wanted or member is None or submission.message_id is None:
        return
    for record in registry.cards(wanted, member):
        links.link([submission.message_id], record, submission.author_id)
