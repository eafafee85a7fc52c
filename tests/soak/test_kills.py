"""SIGKILL at every moment of a worker's slice, one process a moment."""

import os
import random

import pytest

from mailweave.mail.models import Message
from mailweave.mail.visibility import viewer_for
from mailweave.outbox import submissions
from mailweave.outbox.models import Draft, Submission
from tests.flows.checks import inside, labels
from tests.flows.sending import ADA, BEN, Correspondence, correspond
from tests.flows.sending import COMPANIES as BOTH
from tests.soak import weather
from tests.soak.life import COMPANIES, Life
from tests.soak.outside import Outside, outside

__all__ = ["outside"]

LONG = "MAILWEAVE_SOAK" in os.environ
soak = pytest.mark.skipif(not LONG, reason="for script/soak")
HOUR = 3600.0
EVERY = 1 if LONG else 25
"""One moment of a letter in so many, others in each run."""


@soak
def test_killed_at_every_moment(outside: Outside) -> None:
    """First an import, then changes: before each death news comes, and the next one goes on."""
    life, killed = Life(outside.world, None, 1), 0  # type: ignore[arg-type]
    for moment in range(1, 1000):
        if outside.run("sync", moment) == 0:
            break
        killed += 1
        for company in COMPANIES:
            life.arrive(company, 0, seen=False)
            life.look(company, moment, seen=bool(moment % 2))
            life.want(company)
        life.delete(COMPANIES[moment % 2], moment)
    for _ in range(3):
        outside.pass_time(HOUR)
        for company in COMPANIES:
            life.want(company)
        outside.run("sync", 0)
    life.check()
    assert killed > 60


@pytest.fixture(params=BOTH if LONG else ["either"])
def post(outside: Outside, request: pytest.FixtureRequest) -> Correspondence:
    made = correspond(outside.world, request.param if LONG else random.choice(BOTH))
    raw = (
        f"From: Ben <{BEN}>\r\nTo: {ADA}\r\nSubject: Plan\r\nMessage-ID: <p@partner.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nHere.\r\n--b\r\nContent-Type: application/pdf\r\n"
        'Content-Disposition: attachment; filename="plan.pdf"\r\n\r\n%PDF-plan\r\n--b--\r\n'
    ).encode()
    outside.world.sandbox.deliver(ADA, raw)
    outside.pass_time(HOUR)
    assert outside.run("sync", 0) == 0
    return made


def order(post: Correspondence) -> Submission:
    """A letter with a file that is carried over, sent at once."""
    member = post.world.member
    with inside(post.world):
        source = Message.objects.get(message_id="p@partner.example")
    draft = post.answer(source.pk, Draft.Act.FORWARD, to=[BEN])
    with inside(post.world):
        return submissions.submit(member, viewer_for(member), draft.pk, draft.version)


def plain(outside: Outside, post: Correspondence) -> None:
    """A letter that nothing happens to."""
    order(post)


def unclear(outside: Outside, post: Correspondence) -> None:
    """A letter of which the provider does not say that it was sent."""
    order(post)
    post.world.sandbox.faults.add("lost_answer", path=sends(post))


def taken_back(outside: Outside, post: Correspondence) -> None:
    """A letter that lies at the provider as a draft already."""
    made = order(post)
    post.world.sandbox.faults.add("retry_after", path=sends(post), seconds=600)
    assert outside.run("letters", 0) == 0
    with inside(post.world):
        assert Submission.objects.get(pk=made.pk).remote_draft_id
        assert submissions.cancel(post.world.member, made.pk)


def sends(post: Correspondence) -> str:
    return "drafts/send" if post.company == "google" else "/send"


SORTS = (plain, unclear, taken_back)


def kill(outside: Outside, post: Correspondence, kind: str = "letters") -> int:
    """A letter of a sort for each moment there is to die at; how many workers died."""
    killed = 0
    for begin in SORTS if LONG else random.sample(SORTS, 1):
        for moment in range(random.randrange(EVERY) + 1, 1000, EVERY):
            begin(outside, post)
            died = outside.run(kind, moment)
            post.world.sandbox.faults.clear()
            outside.pass_time(HOUR / 4)
            if not died:
                break
            killed += 1
    for _ in range(3):
        assert outside.run(kind, 0) == 0
        outside.pass_time(HOUR)
    return killed


def check(post: Correspondence) -> None:
    """One letter left for each that was sent, and stands there as one; nothing else is left."""
    weather.check(post.world, {ADA})
    with inside(post.world):
        states = set(Submission.objects.values_list("state", flat=True))
        assert states <= {Submission.State.SENT, Submission.State.CANCELED}
        assert not Submission.objects.exclude(due_at=None).exists()
    assert not any("DRAFT" in one for one in labels(post.world.sandbox, ADA).values())


def test_killed_at_every_moment_of_a_letter(outside: Outside, post: Correspondence) -> None:
    """Whatever moment a worker is killed at, the next one goes on, and one letter leaves."""
    killed = kill(outside, post)
    check(post)
    assert killed > (150 if LONG else 0)


@soak
def test_a_note_that_comes_too_late_is_found(outside: Outside, post: Correspondence) -> None:
    """That a letter is sent must be written down before."""
    kill(outside, post, "late")
    with pytest.raises(AssertionError):
        check(post)
