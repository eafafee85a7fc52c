"""The order to send a draft: given, taken back, given again. What becomes of it is delivery's."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from mailweave.kit import clock, jobs, live
from mailweave.kit.errors import Expected
from mailweave.mail.models import Mailbox, Message
from mailweave.mail.visibility import Viewer
from mailweave.outbox import checks, drafts, identities
from mailweave.outbox.models import Draft, FrozenPiece, Submission
from mailweave.people import notifications
from mailweave.people.access import Member

State = Submission.State
FARTHEST = timedelta(days=366)
"""How far ahead a letter can be scheduled."""
GOING = (State.SCHEDULED, State.SENDING, State.UNKNOWN)


class NotFound(Exception):
    """There is no such submission, or it is not this member's to see; the two look the same."""


class Unsendable(Expected):
    """Why a draft cannot be sent as it is, in words, one sentence each."""

    def __init__(self, problems: Collection[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


class Answered(Expected):
    """Somebody wrote in the conversation meanwhile; nothing was sent."""

    def __init__(self, message_ids: Collection[int]) -> None:
        super().__init__("Somebody answered meanwhile. Have a look before you send this.")
        self.message_ids = tuple(message_ids)


@dataclass(frozen=True, slots=True)
class When:
    """When a letter is to go: a wall-clock time (2026-11-23T09:00) in a time zone (IANA)."""

    local_time: str
    zone: str

    def moment(self) -> datetime:
        """The same in UTC, by the rules of the zone as they are now.

        A time that a change of clocks skips is moved on by what it skips; of one that comes twice
        the first is meant (RFC 5545 section 3.3.5). Raises Expected for what is no time.
        """
        try:
            wall = datetime.fromisoformat(self.local_time)
            return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(ZoneInfo("UTC"))
        except (ValueError, KeyError, OSError, OverflowError):
            raise Expected("Please choose a date and a time.") from None


def submit(
    member: Member,
    viewer: Viewer,
    draft_id: int,
    version: int,
    *,
    when: When | None = None,
    in_spite: bool = False,
) -> Submission:
    """Order that version ``version`` of a draft is sent: at once, which can be undone for some
    seconds, or later. A second order for the same draft is the first one.

    Raises drafts.NotFound, drafts.Conflict, :class:`Unsendable`, or :class:`Answered` unless
    ``in_spite`` of it.
    """
    draft = drafts.find(member, draft_id)
    Draft.objects.select_for_update().get(pk=draft.pk)
    rows = Submission.objects.filter(drafts.OPEN, draft=draft)
    given: Submission | None = rows.first()
    if given:
        return given
    if draft.version != version:
        raise drafts.Conflict(draft)
    choice = identities.find(member, draft.mailbox_id, draft.address)
    problems = checks.problems(draft, choice)
    if problems or choice is None:
        raise Unsendable(problems)
    if not in_spite and (fresh := checks.answered(viewer, draft)):
        raise Answered(fresh)
    identities.remember(member, choice)
    send_at = _send_at(member, when)
    _end_notices(draft)
    key = uuid4().hex
    made: Submission = Submission.objects.create(
        draft=draft,
        author_id=member.user_id,
        mailbox_id=choice.mailbox_id,
        address=choice.address,
        key=key,
        own_message_id=f"{key}@{choice.address.rpartition('@')[2].lower()}",
        send_at=send_at,
        due_at=send_at,
        local_time=when.local_time[:16] if when else "",
        zone=when.zone if when else "",
        in_spite=in_spite,
    )
    wake(made)
    return made


def cancel(member: Member, submission_id: int) -> bool:
    """Take an order back, while nothing was sent; whether it was in time.

    The draft can then be written again. Raises :class:`NotFound`.
    """
    found = find(member, submission_id)
    rows = Submission.objects.filter(pk=found.pk, state=State.SCHEDULED)
    now = clock.now()
    # A draft of ours that lies at the provider is taken away by whoever looks at it next.
    left = now if found.remote_draft_id else None
    if not rows.update(state=State.CANCELED, ended_at=now, due_at=left):
        return False
    FrozenPiece.objects.filter(submission=found).delete()
    found.refresh_from_db()
    wake(found)
    return True


def send_now(member: Member, submission_id: int) -> bool:
    """Let a scheduled letter go at once; whether there was one to let go."""
    found = find(member, submission_id)
    rows = Submission.objects.filter(pk=found.pk, state=State.SCHEDULED)
    now = clock.now()
    if not rows.update(send_at=now, due_at=now, local_time="", zone="", held_reason=""):
        return False
    found.refresh_from_db()
    wake(found)
    return True


def reschedule(member: Member, submission_id: int, when: When) -> bool:
    """Let a scheduled letter go at another time; whether there was one."""
    found = find(member, submission_id)
    at = _send_at(member, when)
    rows = Submission.objects.filter(pk=found.pk, state=State.SCHEDULED)
    chosen = {"local_time": when.local_time[:16], "zone": when.zone, "held_reason": ""}
    if not rows.update(send_at=at, due_at=at, **chosen):
        return False
    found.refresh_from_db()
    wake(found)
    return True


def look_again(member: Member, submission_id: int) -> None:
    """Ask the provider now what became of a letter of which nobody knows."""
    found = find(member, submission_id)
    rows = Submission.objects.filter(pk=found.pk, state=State.UNKNOWN)
    if rows.update(due_at=clock.now()):
        wake(found)


def declare(member: Member, submission_id: int, *, sent: bool) -> bool:
    """A person looked, and says whether a letter of which nobody knew was sent."""
    found = find(member, submission_id)
    rows = Submission.objects.filter(pk=found.pk, state=State.UNKNOWN)
    now = clock.now()
    if sent:
        done = rows.update(state=State.SENT, sent_at=found.released_at, due_at=None, problem="")
    else:
        problem = {"problem": Submission.Problem.DECLARED, "problem_text": ""}
        done = rows.update(state=State.FAILED, ended_at=now, due_at=None, **problem)
    if done:
        FrozenPiece.objects.filter(submission=found).delete()
        settle(found)
    return bool(done)


def find(member: Member, submission_id: int) -> Submission:
    """A submission of this member's, or from a shared mailbox they may write from. Raises
    :class:`NotFound`."""
    rows = Submission.objects.select_related("draft__source", "mailbox", "author", "message")
    found: Submission | None = rows.filter(pk=submission_id).first()
    if found is None or not _is_theirs(member, found):
        raise NotFound
    return found


def listed(
    member: Member, states: Collection[str], *, before: int | None = None, limit: int = 30
) -> list[Submission]:
    """A page of what this member ordered to be sent, in these states, newest first. Of a draft
    that was ordered to go once more, or discarded, what failed before is not among them."""
    rows = Submission.objects.filter(~_is_behind(), author_id=member.user_id, state__in=states)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    rows = rows.select_related("draft__source", "mailbox", "message")
    return list(rows.order_by("-pk")[:limit])


def waiting(member: Member, *, after: int | None = None, limit: int = 30) -> list[Submission]:
    """A page of what this member ordered that is still to go, the next first; ``after`` is the
    number of the page before's last."""
    rows = Submission.objects.filter(
        author_id=member.user_id, state__in=[State.SCHEDULED, State.SENDING]
    )
    if after is not None:
        at = Submission.objects.filter(pk=after).values("send_at")[:1]
        rows = rows.filter(Q(send_at__gt=at) | Q(send_at=at, pk__gt=after))
    rows = rows.select_related("draft__source", "mailbox", "message")
    return list(rows.order_by("send_at", "pk")[:limit])


def pending(member: Member) -> QuerySet[Submission]:
    """Letters this member sees of which the copy that was sent is not here yet, oldest first."""
    theirs = Q(author_id=member.user_id)
    if member.may("edit records"):
        theirs |= Q(mailbox__delegate__isnull=False)
    rows = Submission.objects.filter(theirs, message=None)
    rows = rows.filter(Q(state__in=GOING) | Q(state=State.SENT, due_at__isnull=False))
    found: QuerySet[Submission] = rows.select_related("draft__source", "mailbox", "author")
    return found.order_by("pk")


def pending_in(member: Member, thread_ids: Iterable[int]) -> list[Submission]:
    """Those of them that answer messages of these threads."""
    return list(pending(member).filter(draft__source__thread_id__in=list(thread_ids)))


def pending_about(member: Member, kind: str, record_id: int) -> list[Submission]:
    """Those of them that were written from a record's page."""
    rows = pending(member).filter(draft__kinds__contains=[kind])
    found = rows.filter(draft__record_ids__contains=[record_id])[:50]
    return [one for one in found if (kind, record_id) in records(one.draft)]


def records(draft: Draft) -> list[tuple[str, int]]:
    """What a draft is about, besides what its addresses say."""
    return list(zip(draft.kinds, draft.record_ids, strict=True))


def wake(submission: Submission) -> None:
    """Tell open pages, and the worker when something is due."""
    live.tell(*topics(submission))
    if submission.due_at is None:
        return
    at = submission.due_at if submission.due_at > clock.now() else None
    jobs.nudge(
        "outbox.advance",
        at=at,
        workspace_id=submission.workspace_id,
        submission_id=submission.pk,
    )


def settle(submission: Submission) -> None:
    """What the author was told of this letter's trouble is over."""
    notifications.end([notice_key(submission)])
    live.tell(*topics(submission))


def notice_key(submission: Submission) -> str:
    """Under which key the author is told of a letter's trouble."""
    return f"submission-{submission.pk}"


def topics(submission: Submission) -> list[str]:
    """What open pages hear when something becomes of a letter."""
    draft = submission.draft
    heard = [drafts.topic(submission.author_id), f"mailbox-{submission.mailbox_id}"]
    thread_id = Message.objects.filter(pk=draft.source_id).values_list("thread_id", flat=True)
    if draft.source_id and (found := thread_id.first()):
        heard.append(f"thread-{found}")
    return heard


def _send_at(member: Member, when: When | None) -> datetime:
    now = clock.now()
    if when is None:
        return now + timedelta(seconds=identities.undo_seconds(member))
    at = when.moment()
    if at <= now:
        raise Expected("This time has passed. Please choose a later one.")
    if at > now + FARTHEST:
        raise Expected("A message can be scheduled for up to a year ahead.")
    return at


def _end_notices(draft: Draft) -> None:
    """Its author was told that an earlier try failed, and has tried again."""
    failed = Submission.objects.filter(draft=draft, state=State.FAILED)
    notifications.end([notice_key(one) for one in failed])


def next_try(submission: Submission) -> Submission | None:
    """The last order to send the same draft that came after this one."""
    later = Submission.objects.filter(draft_id=submission.draft_id, pk__gt=submission.pk)
    found: Submission | None = later.order_by("-pk").first()
    return found


def _is_behind() -> Q:
    later = Submission.objects.filter(draft=OuterRef("draft"), pk__gt=OuterRef("pk"))
    return Q(Q(draft__discarded_at__isnull=False) | Q(Exists(later)), state=State.FAILED)


def _is_theirs(member: Member, submission: Submission) -> bool:
    if submission.author_id == member.user_id:
        return True
    mailbox: Mailbox = submission.mailbox
    return mailbox.is_shared and identities.may_send(member, mailbox)


def count(member: Member) -> dict[str, Any]:
    """How many drafts and letters wait for this member: by word."""
    rows = Submission.objects.filter(author_id=member.user_id)
    return {
        "drafts": drafts.written(member).count(),
        "scheduled": rows.filter(state=State.SCHEDULED).count(),
        "trouble": rows.filter(~_is_behind(), state__in=[State.FAILED, State.UNKNOWN])
        .exclude(problem=Submission.Problem.DECLARED)
        .count(),
    }
