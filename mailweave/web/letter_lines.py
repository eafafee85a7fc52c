"""Drafts and letters on their way, as lines of a list, of a thread or of a record's panel."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from mailweave.mail.visibility import Level
from mailweave.mime import text as texts
from mailweave.outbox import recipients
from mailweave.outbox.models import Draft, Outcome, Submission
from mailweave.web import outcomes
from mailweave.web.outcomes import TROUBLE, Told

State = Submission.State
SHORT = 160
MANY = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A draft, or with a ``submission`` a letter on its way. ``problem`` says in words what is
    wrong, ``do`` what can be done: words of :data:`mailweave.web.outbox.VERBS`."""

    draft: Draft
    submission: Submission | None
    to: str
    subject: str
    preview: str
    at: datetime
    state: str
    said: str
    problem: str
    do: tuple[tuple[str, str], ...]
    told: tuple[Told, ...] = ()
    """What mail servers said of it."""

    @property
    def url(self) -> str:
        """Where it opens: the message that came of it, its conversation, or its composer."""
        thread_id = self._thread_id()
        if self.submission and self.submission.state in {State.SENT, State.SENDING, State.UNKNOWN}:
            return reverse("thread", args=[thread_id]) if thread_id else ""
        return reverse("compose_draft", args=[self.draft.pk])

    def _thread_id(self) -> int | None:
        message = self.submission.message if self.submission else None
        found = message or self.draft.source
        return int(found.thread_id) if found else None


SAID: Mapping[str, str] = {
    State.SCHEDULED: "Scheduled",
    State.SENDING: "Sending",
    State.SENT: "Sent",
    State.FAILED: "Not sent",
    State.UNKNOWN: "Unclear whether it was sent",
    State.CANCELED: "Canceled",
}
BECAME: Mapping[str, tuple[str, str]] = {
    "bounced": (TROUBLE[Outcome.Action.FAILED], "Bounced"),
    "delayed": (TROUBLE[Outcome.Action.DELAYED], "Delayed"),
}
"""What a letter is called that was sent, and of which servers reported trouble."""
WHY: Mapping[str, str] = {
    Submission.Problem.RECONNECT: "The mailbox must be reconnected first. Nothing is lost.",
    Submission.Problem.GONE: "The mailbox it was to leave from is disconnected.",
    Submission.Problem.RIGHTS: "You may not send from that mailbox any more.",
    Submission.Problem.IDENTITY: "The mailbox may not send as this address.",
    Submission.Problem.CONTENT: "The message cannot be sent as it is.",
    Submission.Problem.REFUSED: "The mailbox's provider refused it.",
    Submission.Problem.ANSWERED: "Somebody answered in the conversation before it was due.",
    Submission.Problem.LATE: "The mailbox's provider could not be reached for a day.",
    Submission.Problem.UNTRACED: (
        "The connection broke while it was handed over, and neither the message nor a copy in Sent"
        " could be found. Look into the mailbox before you send it again."
    ),
    Submission.Problem.DECLARED: "You said that it was not sent.",
}
DO: Mapping[str, tuple[tuple[str, str], ...]] = {
    State.FAILED: (("retry", "Send again"),),
    State.UNKNOWN: (
        ("look", "Look again"),
        ("sent", "It was sent"),
        ("unsent", "It was not sent"),
    ),
    State.SCHEDULED: (("now", "Send now"),),
}


def of_drafts(found: Iterable[Draft]) -> list[Line]:
    """Drafts as lines."""
    return [_line(draft, None, draft.saved_at, "draft", "Draft") for draft in found]


def of_submissions(found: Iterable[Submission]) -> list[Line]:
    """Letters on their way as lines."""
    letters = list(found)
    told = outcomes.of_submissions(
        {one.pk: Level.OWN for one in letters if one.state == State.SENT}
    )
    return [_letter(one, told.get(one.pk, ())) for one in letters]


def became(told: Iterable[Told]) -> str:
    """What servers made of a letter that was sent: a word of :data:`BECAME`, or empty."""
    marks = {one.mark for one in told}
    return next((state for state, (mark, _) in BECAME.items() if mark in marks), "")


def _letter(one: Submission, told: tuple[Told, ...]) -> Line:
    """A letter that was sent says what became of it then."""
    line = _line(one.draft, one, one.sent_at or one.send_at, one.state, SAID[State(one.state)])
    state = became(told)
    if not state:
        return replace(line, told=told)
    why = next(each.said for each in told if each.mark == BECAME[state][0])
    return replace(line, told=told, state=state, said=BECAME[state][1], problem=why)


def _line(draft: Draft, submission: Submission | None, at: datetime, state: str, said: str) -> Line:
    people = recipients.read([*draft.to, *draft.cc, *draft.bcc])
    names = [one.name or one.address for one in people]
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    words = texts.from_html(draft.html) if draft.html else draft.text
    return Line(
        draft=draft,
        submission=submission,
        to=", ".join(names[:MANY]) + more,
        subject=draft.subject,
        preview=" ".join(words.split())[:SHORT],
        at=at,
        state=state,
        said=said,
        problem=_problem(submission),
        do=DO.get(State(submission.state), ()) if submission else (),
    )


def _problem(submission: Submission | None) -> str:
    if submission is None:
        return ""
    if submission.held_reason:
        return submission.held_reason
    if not submission.problem:
        return ""
    return submission.problem_text or WHY[Submission.Problem(submission.problem)]
