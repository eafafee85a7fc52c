"""What becomes of an order to send: one slice of work, again and again until it is over.

The states are drawn at :class:`mailweave.outbox.models.Submission`. What comes first is read from
the row, so that any worker can take up what another left, at any moment::

    scheduled, due      fetch     attachments that are carried over             network
                        freeze    check all again, write the bytes, "sending"   one transaction
    sending             stage     a draft at the provider; its id is kept       network
                        release   write released_at; then have it sent          network
    sending, released   settle    nobody knows: ask what became of it           network
    sent                file      wait for the copy; link it                    sync's row
    unknown             settle    now and then, for a day
    canceled, failed    clean     take our draft away again                     network
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any

from mailweave.kit import clock, lease, scope
from mailweave.kit.errors import Expected
from mailweave.kit.lease import LeaseLostError
from mailweave.mail import reading
from mailweave.mail.visibility import NotFound, viewer_for
from mailweave.mime.compose import Unwritable
from mailweave.outbox import (
    checks,
    endings,
    files,
    filing,
    identities,
    letters,
    pace,
    reports,
    submissions,
)
from mailweave.outbox.models import Draft, DraftFile, Submission
from mailweave.people import workspaces
from mailweave.providers.base import Provider, Sender
from mailweave.providers.errors import (
    AuthExpired,
    ConsentNeeded,
    InDoubt,
    NoAccess,
    ProviderError,
    RateLimited,
    Refused,
    SendAsDenied,
)
from mailweave.providers.sending import Sent, Staged, Waiting
from mailweave.sync import attachments, hands

log = logging.getLogger(__name__)

State = Submission.State
Problem = Submission.Problem

WAITS = (5, 15, 30, 60, 120, 300, 600)
"""Seconds until the next try; the last of them goes on."""
LOOKS = (3, 5, 10, 20, 30, 60, 60, 120, 120, 180, 300)
"""Seconds between looks at what became of a letter: a quarter of an hour in all."""
QUIET = timedelta(minutes=5)
"""A draft that is still there so long after a release nobody heard of was not sent, and will not
be: a provider may carry a call out after its caller gave up, and does not say how long after."""
FIND = timedelta(minutes=15)
"""How long we look for what became of a letter before a person is asked."""
WATCH = timedelta(days=1)
"""How long we go on looking once in a while, and how long a provider may be away."""
SLOWLY = timedelta(hours=1)
SILENCE = 60.0
"""Seconds a provider may be silent: it may take in tens of megabytes."""


def advance(workspace_id: int, submission_id: int) -> None:
    """Do what is due for one submission, unless somebody else is at it."""
    with scope.workspace(workspace_id):
        row = Submission.objects.filter(pk=submission_id).first()
        token = lease.take(Submission.objects.all(), submission_id)
    if row is None or token is None:
        return
    work = Work(workspace_id, row, token)
    try:
        while (step := work.next()) is not None:
            step()
    except LeaseLostError:
        log.warning("submission %s: another worker took over", submission_id)
    except Exception:
        log.exception("submission %s stopped", submission_id)
        work.stumble()
    with scope.workspace(workspace_id):
        lease.release(Submission.objects.all(), submission_id, token)
        row = Submission.objects.select_related("draft").get(pk=submission_id)
        submissions.wake(row)


class Work:
    """One worker's hold on one submission."""

    def __init__(self, workspace_id: int, row: Submission, token: str) -> None:
        self.workspace_id = workspace_id
        self.submission_id = row.pk
        self.token = token
        self.row = row

    def next(self) -> Callable[[], None] | None:
        """What comes first now; None if nothing is due."""
        with scope.workspace(self.workspace_id):
            rows = Submission.objects.select_related("draft", "mailbox")
            self.row = rows.get(pk=self.submission_id)
            due = self.row.due_at
            if due is None or due > clock.now():
                return None
            if self.row.state == State.SCHEDULED:
                lacking = letters.missing(self.row.draft_id)
                frozen = letters.is_frozen(self.row)
        match self.row.state:
            case State.SCHEDULED:
                return self.fetch if lacking and not frozen else self.freeze
            case State.SENDING if self.row.released_at:
                return self.settle
            case State.SENDING:
                return self.release if self.row.remote_draft_id else self.stage
            case State.SENT:
                return self.file
            case State.UNKNOWN:
                return self.settle
        return self.clean

    # What is due for a scheduled letter

    def fetch(self) -> None:
        """Get the bytes of one attachment that is carried over from a message."""
        with scope.workspace(self.workspace_id):
            member = workspaces.member(self.row.author_id)
            file_id = letters.missing(self.row.draft_id)[0]
            file = DraftFile.objects.get(pk=file_id)
            try:
                source = reading.part(viewer_for(member), file.part_id) if member else None
            except NotFound:
                source = None
        if source is None:
            return self._fail(
                Problem.CONTENT, f"“{file.name}” cannot be attached: its message is not there."
            )
        try:
            data = attachments.whole(self.workspace_id, source, files.LARGEST)
        except attachments.UnfetchedError as error:
            if error.for_good:
                return self._fail(Problem.CONTENT, f"“{file.name}” cannot be attached: {error}")
            return self._postpone(f"“{file.name}” could not be fetched: {error}")
        with self.transaction():
            files.fill(file, data)
        return None

    def freeze(self) -> None:
        """Check everything again, and write the bytes that go out."""
        with scope.workspace(self.workspace_id):
            late = self._moved()
            found = None if late else self._obstacle()
            wait = None if late or found else pace.hold(self.row)
        if late:
            return self._hold_until(late, "")
        if found:
            return self._fail(*found)
        if wait:
            return self._hold_until(wait.until, wait.reason)
        with self.transaction():
            member = workspaces.member(self.row.author_id)
            row = Submission.objects.select_for_update().get(pk=self.row.pk)
            if row.state != State.SCHEDULED or member is None:
                return None  # canceled this moment
            if not letters.is_frozen(self.row):
                try:
                    raw = letters.write(member, viewer_for(member), self.row)
                except (Unwritable, Expected) as error:
                    endings.fail(self.row, Problem.CONTENT, str(error))
                    return None
                letters.freeze(self.row, raw)
                reports.follow(self.row)
            self._write(state=State.SENDING, held_reason="")
        return None

    def _moved(self) -> datetime | None:
        """The rules of time zones may have changed since a time was chosen: when it is now."""
        if not self.row.zone:
            return None
        at = submissions.When(self.row.local_time, self.row.zone).moment()
        return at if at > clock.now() else None

    def _obstacle(self) -> tuple[Problem, str] | None:
        """What has come between since it was ordered."""
        draft: Draft = self.row.draft
        member = workspaces.member(self.row.author_id)
        if member is None:
            return Problem.RIGHTS, "Its writer does not work here any more."
        if self.row.mailbox.disconnected_at:
            return Problem.GONE, f"{self.row.mailbox.address} is disconnected."
        choice = identities.find(member, draft.mailbox_id, draft.address)
        if wrong := checks.problems(draft, choice):
            return Problem.CONTENT, " ".join(wrong)
        if not self.row.in_spite and checks.answered(viewer_for(member), draft):
            return Problem.ANSWERED, "Have a look at the answer, then send it again or discard it."
        return None

    # What is due for one that is being sent

    def stage(self) -> None:
        """Put it at the provider as a draft: nothing is sent, and again does no harm."""
        with scope.workspace(self.workspace_id):
            letter = letters.letter(self.row)
        try:
            with self._visit() as provider:
                sender = _sender(provider)
                if len(letter.raw) > sender.largest:
                    most = sender.largest // 1024 // 1024
                    return self._fail(Problem.CONTENT, f"It is larger than {most} MB.")
                staged = sender.stage(letter)
        except ProviderError as error:
            return self._refused(error)
        with self.transaction():
            self._write(remote_draft_id=staged.draft_id, staged_message_id=staged.message_id[:255])
        return None

    def release(self) -> None:
        """Have it sent. That we are about to is written down first."""
        if clock.now() - self.row.send_at >= WATCH:
            return self._fail(Problem.LATE, "It was tried for a day.")
        with self.transaction():
            self._write(released_at=clock.now(), tries=0)
        self.row.released_at = clock.now()
        try:
            with self._visit() as provider:
                sent = _sender(provider).release(self._staged())
        except InDoubt:
            return self._look_later()
        except ProviderError as error:
            # Certainly not sent.
            with self.transaction():
                self._write(released_at=None)
            self.row.released_at = None
            return self._refused(error)
        return self._accept(sent)

    def settle(self) -> None:
        """Ask the provider what became of a letter of which nobody knows."""
        released_at = self.row.released_at
        if released_at is None:
            raise AssertionError("what was not released needs no settling")
        try:
            with self._visit() as provider:
                fate = _sender(provider).fate(self._staged(), self.row.made_at)
        except ProviderError:
            return self._look_later()
        if isinstance(fate, Sent):
            return self._accept(fate)
        over = clock.now() - released_at
        if isinstance(fate, Waiting) and over >= QUIET and self.row.state == State.SENDING:
            with self.transaction():
                self._write(released_at=None)
            return None
        if isinstance(fate, Waiting) and self.row.state == State.UNKNOWN:
            with self.transaction():
                endings.fail(self.row, Problem.LATE, "It was not sent: it still is a draft.")
            return None
        return self._look_later()

    # And after

    def file(self) -> None:
        """The copy that was sent takes the letter's place."""
        if not self.row.remote_id:
            self._find_copy()
        with self.transaction():
            filing.file(self.row)

    def clean(self) -> None:
        """Take our own draft away again: it was never sent. A provider that is away has a day."""
        now = clock.now()
        try:
            with self._visit() as provider:
                _sender(provider).discard(self._staged())
        except (Refused, AuthExpired, ConsentNeeded, NoAccess):
            log.info("submission %s: its draft stays at the provider", self.submission_id)
        except ProviderError:
            if now - (self.row.ended_at or now) < WATCH:
                with self.transaction():
                    self._write(due_at=now + SLOWLY)
                return
        with self.transaction():
            self._write(due_at=None, remote_draft_id="")

    def stumble(self) -> None:
        """A fault of ours: try again later; nothing is repeated that may have been sent."""
        if self.row.released_at:
            return self._look_later()
        return self._postpone("Something went wrong here. It is tried again.")

    # Small things

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction in the workspace, if the lease is still ours.

        Raises lease.LeaseLostError when another worker took over: nothing is written then.
        """
        with scope.workspace(self.workspace_id):
            lease.check(Submission.objects.all(), self.submission_id, self.token)
            yield

    def _write(self, **values: Any) -> None:
        Submission.objects.filter(pk=self.submission_id).update(**values)

    def _visit(self) -> AbstractContextManager[Provider]:
        return hands.visit(self.workspace_id, self.row.mailbox_id, timeout=SILENCE)

    def _staged(self) -> Staged:
        message_id = self.row.staged_message_id or self.row.own_message_id
        return Staged(self.row.remote_draft_id, self.row.key, message_id)

    def _accept(self, sent: Sent) -> None:
        with self.transaction():
            endings.accept(self.row, sent)

    def _fail(self, problem: Problem, text: str) -> None:
        with self.transaction():
            endings.fail(self.row, problem, text)

    def _refused(self, error: ProviderError) -> None:
        """What a provider's refusal means for a letter that certainly was not sent."""
        match error:
            case AuthExpired() | ConsentNeeded() | NoAccess():
                self._fail(Problem.RECONNECT, str(error))
            case SendAsDenied():
                with self.transaction():
                    identities.refuse(self.row.mailbox, self.row.address, str(error))
                self._fail(Problem.IDENTITY, str(error))
            case Refused():
                self._fail(Problem.REFUSED, str(error))
            case RateLimited():
                self._hold_until(error.retry_at, "The provider asks us to wait.")
            case _:
                self._postpone("The provider cannot be reached. It is tried again.")

    def _postpone(self, reason: str) -> None:
        """Not now: again after a while, for a day."""
        now, tries = clock.now(), self.row.tries
        if now - self.row.send_at >= WATCH:
            return self._fail(Problem.LATE, reason)
        wait = timedelta(seconds=WAITS[min(tries, len(WAITS) - 1)])
        with self.transaction():
            self._write(tries=tries + 1)
        return self._hold_until(now + wait, reason)

    def _hold_until(self, at: datetime, reason: str) -> None:
        """Back to where a person can cancel it: certainly nothing was sent."""
        with self.transaction():
            self._write(state=State.SCHEDULED, due_at=at, held_reason=reason[:300])

    def _look_later(self) -> None:
        """Nobody knows yet: when to ask again, and when to ask a person."""
        now, tries = clock.now(), self.row.tries
        over = now - (self.row.released_at or now)
        with self.transaction():
            if self.row.state == State.UNKNOWN:
                self._write(due_at=now + SLOWLY if over < WATCH else None)
            elif over >= FIND:
                endings.lose(self.row, now + SLOWLY)
            else:
                wait = timedelta(seconds=LOOKS[min(tries, len(LOOKS) - 1)])
                self._write(due_at=now + wait, tries=tries + 1)

    def _find_copy(self) -> None:
        """Where the provider did not say at once which message the sent copy is."""
        try:
            with self._visit() as provider:
                fate = _sender(provider).fate(self._staged(), self.row.made_at)
        except ProviderError:
            return
        if isinstance(fate, Sent) and fate.remote_id:
            with self.transaction():
                endings.name(self.row, fate)


def _sender(provider: Provider) -> Sender:
    if provider.sender is None:
        raise Refused("Nothing can be sent from this mailbox.")
    return provider.sender
