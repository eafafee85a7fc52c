"""Somebody writes from a sandbox mailbox to another one, and everything works itself off."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mailweave.linking import handing
from mailweave.mail.models import Copy, Message
from mailweave.mail.visibility import viewer_for
from mailweave.outbox import answering, delivery, drafts, reports, submissions
from mailweave.outbox.models import Draft, Report, Submission
from mailweave.outbox.submissions import When
from sandbox import transit
from tests.flows.checks import inside
from tests.flows.world import World

ADA, BEN = "ada@northwind.example", "ben@partner.example"
COMPANIES = ("google", "microsoft")


@dataclass
class Correspondence:
    """Ada's mailbox is connected; Ben's is at the other company, and is not."""

    world: World
    company: str
    mailbox: int

    def write(self, to: str = BEN, **given: Any) -> Draft:
        """A new letter of Ada's."""
        wanted = {
            "mailbox_id": self.mailbox,
            "to": [to],
            "subject": "The winch",
            "html": "<p>Hi</p>",
        }
        with inside(self.world):
            return drafts.begin(self.world.member, **(wanted | given))

    def answer(self, message_id: int, act: Draft.Act = Draft.Act.REPLY, **given: Any) -> Draft:
        """A draft in which Ada answers."""
        member = self.world.member
        with inside(self.world):
            draft = answering.begin(member, viewer_for(member), message_id, act)
            return drafts.save(member, draft.pk, draft.version, html="<p>Yes.</p>", **given)

    def send(self, draft: Draft, when: When | None = None) -> Submission:
        """Order that it goes, and let everything happen that follows within a day."""
        with inside(self.world):
            viewer = viewer_for(self.world.member)
            order = submissions.submit(
                self.world.member, viewer, draft.pk, draft.version, when=when
            )
        self.settle(order)
        return self.row(order)

    def settle(self, order: Submission, *, patience: timedelta = timedelta(days=1)) -> None:
        """Work off letter, copy and reports in turn, moving the clock to what is due."""
        until = self.world.hands.at + patience
        for _ in range(400):
            row = self.row(order)
            if row.due_at is None or row.due_at > until:
                return
            self.world.hands.at = max(self.world.hands.at, row.due_at)
            delivery.advance(self.world.member.workspace_id, row.pk)
            if self.row(order).state == Submission.State.SENT:
                self.look()
        raise AssertionError("the work never ends")

    def look(self) -> None:
        """Sync looks for what is new; who reads it does."""
        self.world.work(self.mailbox)
        handing.work(self.world.member.workspace_id)
        with inside(self.world):
            due = list(Report.objects.exclude(due_at=None).values_list("pk", flat=True))
        for pk in due:
            reports.advance(self.world.member.workspace_id, pk)

    def pass_time(self, seconds: float) -> None:
        """Time goes by, and sync looks again."""
        self.world.hands.at += timedelta(seconds=seconds)
        self.look()

    def row(self, order: Submission) -> Submission:
        with inside(self.world):
            found: Submission = Submission.objects.select_related("message", "draft").get(
                pk=order.pk
            )
            return found

    def posted(self, key: str = "") -> list[dict[str, Any]]:
        """What the sandbox accepted from Ada."""
        return transit.posted(self.world.sandbox, ADA, key)

    def sent_copies(self) -> list[Message]:
        """Every message of Ada's mailbox that she sent, as stored; each copy once."""
        with inside(self.world):
            rows = Copy.objects.filter(mailbox_id=self.mailbox, state=Copy.State.STORED)
            ids = list(rows.filter(message__direction="out").values_list("message_id", flat=True))
            assert len(ids) == len(set(ids))
            return list(Message.objects.filter(pk__in=ids).order_by("pk"))


def correspond(world: World, company: str) -> Correspondence:
    """Ada at one company, Ben at the other."""
    other = next(one for one in COMPANIES if one != company)
    world.sandbox.add_account(ADA, "Ada", company=company)
    world.sandbox.add_account(BEN, "Ben", company=other)
    mailbox = world.connect(ADA)
    world.backfill(mailbox)
    world.work(mailbox)
    return Correspondence(world, company, mailbox)
