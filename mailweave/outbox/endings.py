"""How a submission ends, as far as it does: written, and told. Inside the caller's transaction."""

from datetime import datetime, timedelta

from mailweave.kit import clock
from mailweave.outbox import letters, submissions
from mailweave.outbox.models import Submission
from mailweave.people import notifications
from mailweave.providers.sending import Sent

State = Submission.State
SOON = timedelta(seconds=1)


def accept(submission: Submission, sent: Sent) -> None:
    """The provider has it. The copy that was sent is still to be found and linked."""
    now = clock.now()
    Submission.objects.filter(pk=submission.pk).update(
        state=State.SENT, sent_at=now, ended_at=now, due_at=now, tries=0, problem="",
        problem_text="", held_reason="",
    )  # fmt: skip
    name(submission, sent)
    letters.thaw(submission)
    submissions.settle(submission)


def name(submission: Submission, sent: Sent) -> None:
    """What the provider calls the copy that was sent, as far as it said so."""
    given = {
        "remote_id": sent.remote_id[:255],
        "remote_thread_id": sent.remote_thread_id[:255],
        "remote_message_id": sent.message_id[:998],
    }
    known = {key: value for key, value in given.items() if value}
    if known:
        Submission.objects.filter(pk=submission.pk).update(**known)


def fail(submission: Submission, problem: Submission.Problem, text: str) -> None:
    """It certainly was not sent; its draft can be written again, and sent again."""
    now = clock.now()
    # A draft of ours that lies at the provider is taken away by whoever looks at it next.
    left = now if submission.remote_draft_id else None
    Submission.objects.filter(pk=submission.pk).update(
        state=State.FAILED, ended_at=now, due_at=left, problem=problem, problem_text=text[:500],
        held_reason="",
    )  # fmt: skip
    letters.thaw(submission)
    _tell(submission, f"Not sent: {_subject(submission)}", f"{problem.label}. {text}")


def lose(submission: Submission, again_at: datetime) -> None:
    """Nobody can say whether it was sent; a person is asked, and we go on looking."""
    problem = Submission.Problem.UNTRACED
    Submission.objects.filter(pk=submission.pk).update(
        state=State.UNKNOWN, problem=problem, problem_text="", due_at=again_at
    )
    _tell(
        submission,
        f"Unclear whether it was sent: {_subject(submission)}",
        f"{submission.mailbox.address} did not say. Look into its Sent folder before you send it "
        "again; we go on looking, too.",
    )


def tell_replaced(submission: Submission) -> None:
    """It was sent, from another address than was chosen."""
    _tell(
        submission,
        f"Sent from another address: {_subject(submission)}",
        f"{submission.address} was chosen, and {submission.mailbox.address} is what people see. "
        f"Until that is changed at the provider, {submission.address} is not offered here.",
    )


def _tell(submission: Submission, title: str, text: str) -> None:
    notifications.notify(
        [submission.author_id],
        kind="sending",
        key=submissions.notice_key(submission),
        title=title,
        text=text,
        path=f"/mail/outbox/{submission.pk}/",
    )


def _subject(submission: Submission) -> str:
    return submission.draft.subject.strip()[:120] or "(no subject)"
