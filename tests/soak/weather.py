"""Letters through bad weather: what left is compared with what is believed to have left.

Calls are lost before or after they are carried out, or carried out when nobody waits any more;
copies show late; people press twice and change their minds; and workers die before and after every
commit and every call. All of it is drawn from a seed.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from django.db import connection
from django.db.models import Q

from mailweave.kit import scope
from mailweave.mail.models import Copy
from mailweave.mail.visibility import viewer_for
from mailweave.outbox import delivery, drafts, submissions
from mailweave.outbox.models import SendingRule, Submission
from mailweave.people.models import Notification
from mailweave.sync import engine, hands
from sandbox import transit
from sandbox.faults import LOST, Fault
from tests.flows.checks import inside
from tests.flows.crashing import Crash
from tests.flows.world import World
from tests.makers import make_member

State = Submission.State
COMPANIES = ("google", "microsoft")
GOING = Q(state__in=[State.SCHEDULED, State.SENDING])
WAVE = 20
"""Letters that are on their way at once."""
MOMENTS = 40
"""A slice of a letter's work has about as many."""
LOSSES = {"lost_request": 0.12, "lost_answer": 0.18, "late_request": 0.08}
FREE = {
    "quota_profile": "off",
    "concurrency": 0,
    "graph_requests": 0,
    "graph_concurrency": 0,
    "gmail_sends_a_day": 10**7,
    "graph_sends_a_minute": 10**7,
}


class Fuse(httpx2.BaseTransport):
    """Counts the moments at which a worker could die, and burns down at one of them: before and
    after every commit, and on both sides of every call."""

    def __init__(self, patch: pytest.MonkeyPatch, network: httpx2.BaseTransport) -> None:
        self.network = network
        self.left = 0
        self.dead = False
        self.deaths = 0
        patch.setattr(scope, "workspace", self._commit(scope.workspace))
        patch.setattr(hands, "NETWORK", self)

    def arm(self, moments: int) -> None:
        """Die at this moment from now; 0 never."""
        self.left, self.dead = moments, False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """One call, and the moments around it."""
        self._moment()
        answer = self.network.handle_request(request)
        self._moment()
        return answer

    def _moment(self) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                self.dead = True
                self.deaths += 1
                raise Crash

    def _commit(self, workspace: Callable[[int], Any]) -> Callable[[int], Any]:
        @contextmanager
        def watched(workspace_id: int) -> Iterator[None]:
            if self.dead:
                raise Crash
            with workspace(workspace_id):
                yield
                self._moment()
            self._moment()

        return watched


class Season:
    """Somebody with a mailbox at each company, who writes to people at the other."""

    def __init__(self, world: World, fuse: Fuse, number: int) -> None:
        self.world, self.fuse = world, fuse
        self.chance = random.Random(number)
        self.orders = 0
        self.storm = False
        self.ambiguous: set[int] = set()
        world.member = make_member()
        self.addresses = {one: f"{one}{number}@northwind.example" for one in COMPANIES}
        for company, address in self.addresses.items():
            world.sandbox.add_account(address, "Ada", company=company)
            world.sandbox.add_account(f"to-{address}", "Ben", company=company)
        world.sandbox.change_settings(**FREE)
        world.sandbox.faults.lost = self._lost  # type: ignore[method-assign]
        self.boxes = {one: world.connect(address) for one, address in self.addresses.items()}
        for box in self.boxes.values():
            world.backfill(box)
            world.work(box)
        with inside(world):
            most = {"mailbox_hour": 10**9, "mailbox_day": 10**9, "workspace_day": 10**9}
            SendingRule.objects.create(**most)

    def live(self, letters: int) -> None:
        """Write so many letters, a wave at a time, and let everything happen that follows."""
        self.storm = True
        while letters > 0:
            copies_after = self.chance.choice([0.0, 0.0, 20.0, 90.0])
            self.world.sandbox.change_settings(graph_sent_seconds=copies_after)
            for _ in range(min(letters, WAVE)):
                self._order()
            letters -= WAVE
            self._work()

    def calm_down(self) -> None:
        """No more trouble: what is open comes to an end within two days."""
        self.storm = False
        self._work()
        self.world.hands.at += timedelta(days=2)
        self._work()

    def check(self) -> None:
        """What left is what is believed to have left."""
        check(self.world, set(self.addresses.values()))

    # -- what happens ----------------------------------------------------------------------

    def _order(self) -> None:
        """A letter; now and then Send is pressed twice, or taken back."""
        here, there = self.chance.sample(COMPANIES, 2)
        self.orders += 1
        member = self.world.member
        with inside(self.world):
            draft = drafts.begin(
                member,
                mailbox_id=self.boxes[here],
                to=[f"to-{self.addresses[there]}"],
                subject=f"Letter {self.orders}",
                html="<p>Hi</p>",
            )
            twice = 2 if self.chance.random() < 0.2 else 1
            viewer = viewer_for(member)
            made = {
                submissions.submit(member, viewer, draft.pk, draft.version).pk for _ in range(twice)
            }
            assert len(made) == 1
            if self.chance.random() < 0.05:
                assert submissions.cancel(member, made.pop())

    def _lost(self, asked: str, path: str, mailbox: str) -> Fault | None:
        """Whether this call for sending is lost, and how."""
        del mailbox
        sends = path.endswith(("/messages", "/drafts", "/send"))
        if not (self.storm and sends and self.chance.random() < LOSSES.get(asked, 0)):
            return None
        kind = LOST[self.chance.choice(list(LOST))]
        after = self.chance.choice([1, 10, 40])
        return Fault(0, kind, options={"seconds": 1, "after": after})

    def _work(self) -> None:
        """Workers go on until nothing is due, moving the clock; and sync looks for the copies."""
        for _ in range(100_000):
            due = self._due(GOING)
            if due is None and (due := self._due(~GOING)) is None:
                return
            pk, state, at = due
            self.world.hands.at = max(self.world.hands.at, at)
            if state == State.SENT:
                self._look()
                for one in self._waiting():
                    self._advance(one)
            else:
                self._advance(pk)
        raise AssertionError("the work never ends")

    def _due(self, which: Q) -> tuple[int, str, Any] | None:
        with inside(self.world):
            rows = Submission.objects.filter(which).exclude(due_at=None).order_by("due_at", "pk")
            found: tuple[int, str, Any] | None = rows.values_list("pk", "state", "due_at").first()
            return found

    def _waiting(self) -> list[int]:
        with inside(self.world):
            rows = Submission.objects.filter(state=State.SENT, due_at__lte=self.world.hands.at)
            return list(rows.values_list("pk", flat=True))

    def _advance(self, pk: int) -> None:
        """A worker's slice, which may be its last."""
        with inside(self.world):
            row = Submission.objects.get(pk=pk)
        if row.state == State.SENDING and row.released_at:
            self.ambiguous.add(pk)
        dies = self.storm and self.chance.random() < 0.25
        self.fuse.arm(self.chance.randint(1, MOMENTS) if dies else 0)
        try:
            delivery.advance(self.world.member.workspace_id, pk)
        except Crash:
            connection.close()
        self.fuse.arm(0)

    def _look(self) -> None:
        for box in self.boxes.values():
            with inside(self.world):
                engine.want(box)
            self.world.work(box)


def check(world: World, mine: set[str]) -> None:
    """Nothing twice, nothing lost, nothing unclear that nobody is told of, of what was written in
    a workspace whose mailboxes have these addresses."""
    told = (one for one in transit.posted(world.sandbox) if one["mailbox"] in mine)
    posted = Counter(one["key"] for one in told)
    with inside(world):
        rows = list(Submission.objects.all())
        shown = set(Notification.objects.filter(ended_at=None).values_list("key", flat=True))
        copies = Copy.objects.filter(state=Copy.State.STORED, message__direction="out")
        stored = Counter(copies.values_list("message_id", flat=True))
    by_state = {state: [one for one in rows if one.state == state] for state in State}
    assert max(posted.values(), default=1) == 1, "a letter went out twice"
    unclear = by_state[State.UNKNOWN]
    assert {submissions.notice_key(one) for one in unclear} <= shown
    sent = Counter(one.key for one in by_state[State.SENT])
    assert sent == posted - Counter(one.key for one in unclear), "lost, or believed to be sent"
    assert not by_state[State.SENDING]
    assert not by_state[State.SCHEDULED]
    filed = Counter(one.message_id for one in by_state[State.SENT])
    assert filed == stored, "letters and copies differ"
