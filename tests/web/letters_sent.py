"""Letters that left from a mailbox, as rows, and what servers said of them."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from mailweave.kit import clock
from mailweave.outbox.models import Draft, Outcome, Report, Submission
from tests.web.letters import Post

NO_SUCH = {
    "status": "5.1.1",
    "words": "There is no such address there.",
    "diagnostic": "550 5.1.1 <ben@partner.example> User unknown",
}


def order(post: Post, message_id: int | None = None, **more: Any) -> int:
    """A letter of Ada's to Ben, sent unless said otherwise; with its message."""
    people = {name: more.pop(name) for name in ("to", "cc", "bcc", "subject") if name in more}
    who = more.pop("author", post.member)
    mailbox_id = more.pop("mailbox_id", post.mailbox_id)
    now = clock.now()
    with post.inside():
        draft = Draft.objects.create(
            author_id=who.user_id,
            mailbox_id=mailbox_id,
            **({"to": ["Ben Hale <ben@partner.example>"], "subject": "The offer"} | people),
        )
        key = uuid4().hex
        given = {"state": "sent", "sent_at": now} | more
        made = Submission.objects.create(
            draft=draft,
            author_id=who.user_id,
            mailbox_id=mailbox_id,
            address="box0@home.example",
            key=key,
            own_message_id=f"{key}@home.example",
            send_at=now,
            message_id=message_id,
            **given,
        )
        return int(made.pk)


def tell(
    post: Post,
    letter: int,
    action: str = "failed",
    lasting: str = "hard",
    address: str = "ben@partner.example",
    **more: Any,
) -> None:
    """A report about a letter comes in."""
    with post.inside():
        daemon = "mailer-daemon@partner.example"
        message = post.archive.message(post.archive.thread(), sender=daemon)
        report = Report.objects.create(message_id=message, mailbox_id=post.mailbox_id, state="read")
        Outcome.objects.create(
            submission_id=letter,
            report=report,
            address=address,
            action=action,
            lasting=lasting,
            **(NO_SUCH | more),
        )


def sent(post: Post, to: Sequence[str] = ("ben@partner.example",), **more: Any) -> tuple[int, int]:
    """A message Ada sent, its thread and number."""
    return post.letter(sender="box0@home.example", to=to, direction="out", seen=True, **more)
