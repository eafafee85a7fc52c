"""A provider that sends, and can break at any moment; and somebody who writes through it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mailweave.kit import clock, scope
from mailweave.mail.models import Mailbox
from mailweave.mail.visibility import viewer_for
from mailweave.outbox import delivery, drafts, submissions
from mailweave.outbox.models import Draft, Submission
from mailweave.people.access import Member
from mailweave.providers.sending import Letter, SendAs, Sent, Staged, Untraced, Waiting
from mailweave.sync.models import Sync

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Died(BaseException):
    """The process is gone."""


@dataclass
class Post:
    """Where letters go. ``plan`` says what happens at the nth call: before it is done, or after."""

    largest: int = 35 * 1024 * 1024
    waiting: dict[str, Letter] = field(default_factory=dict)
    gone: list[Letter] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    plan: dict[int, tuple[str, BaseException]] = field(default_factory=dict)
    late: timedelta = timedelta(0)
    """How long a sent copy takes to show."""
    sent_at: datetime = NOW

    @property
    def keys(self) -> list[str]:
        return [one.key for one in self.gone]

    def identities(self) -> list[SendAs]:
        return [
            SendAs("ada@north.example", "Ada Lind", "", True, False, True, ""),
            SendAs("sales@north.example", "North", "", False, True, True, ""),
            SendAs("old@north.example", "", "", False, False, False, "Google still checks it."),
        ]

    def stage(self, letter: Letter) -> Staged:
        with self._call("stage"):
            here = [draft_id for draft_id, one in self.waiting.items() if one.key == letter.key]
            draft_id = here[0] if here else f"draft-{len(self.calls)}"
            self.waiting[draft_id] = letter
            return Staged(draft_id, letter.key, letter.message_id)

    def release(self, staged: Staged) -> Sent:
        with self._call("release"):
            self.gone.append(self.waiting.pop(staged.draft_id))
            self.sent_at = clock.now()
            return self._sent(staged.key)

    def fate(self, staged: Staged, since: datetime) -> Waiting | Sent | Untraced:
        with self._call("fate"):
            if staged.draft_id in self.waiting:
                return Waiting()
            if staged.key in self.keys and clock.now() - self.sent_at >= self.late:
                return self._sent(staged.key)
            return Untraced()

    def discard(self, staged: Staged) -> None:
        with self._call("discard"):
            self.waiting.pop(staged.draft_id, None)

    def _sent(self, key: str) -> Sent:
        return Sent(f"sent-{key}", f"thread-{key}", f"{key}@rewritten.example")

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        when, error = self.plan.pop(len(self.calls), ("", None))
        self.calls.append(name)
        if when == "before" and error:
            raise error
        yield
        if when == "after" and error:
            raise error


@dataclass
class Desk:
    """Somebody who writes, from one mailbox."""

    member: Member
    post: Post
    hands: clock.Hands
    mailbox_id: int = 0

    def __post_init__(self) -> None:
        with self.inside():
            box = Mailbox.objects.create(
                kind="gmail",
                owner_id=self.member.user_id,
                address="ada@north.example",
                remote_account_id=str(self.member.user_id),
            )
            self.mailbox_id = box.pk
            Sync.objects.create(mailbox_id=box.pk, cursor="c", polled_at=self.hands.at)

    def inside(self) -> Any:
        return scope.workspace(self.member.workspace_id)

    def draft(self, **given: Any) -> Draft:
        wanted = {
            "mailbox_id": self.mailbox_id,
            "to": ["Ben <ben@partner.example>"],
            "subject": "The offer",
            "html": "<p>Here it is.</p>",
        }
        with self.inside():
            return drafts.begin(self.member, **(wanted | given))

    def submit(self, draft: Draft, **given: Any) -> Submission:
        with self.inside():
            viewer = viewer_for(self.member)
            return submissions.submit(self.member, viewer, draft.pk, draft.version, **given)

    def row(self, submission: Submission) -> Submission:
        with self.inside():
            found: Submission = Submission.objects.get(pk=submission.pk)
            return found

    def go(
        self,
        submission: Submission,
        seconds: float = 90000,
        until: Callable[[], bool] | None = None,
    ) -> Submission:
        """Work off what falls due within this time; a dead worker's lease is free at once."""
        end = self.hands.at + timedelta(seconds=seconds)
        for _ in range(500):
            row = self.row(submission)
            if row.due_at is None or row.due_at > end or (until and until()):
                break
            self.hands.at = max(row.due_at, self.hands.at)
            try:
                delivery.advance(self.member.workspace_id, row.pk)
            except Died:
                with self.inside():
                    Submission.objects.filter(pk=row.pk).update(lease_until=None, lease_token="")
        else:
            raise AssertionError("the work never ends")
        self.hands.at = max(self.hands.at, end if not until else self.hands.at)
        return self.row(submission)
