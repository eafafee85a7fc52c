"""Intakes: where applications come in by mail. Set up, given another address, stopped."""

import secrets
from typing import Any

from django.db.models import Q, QuerySet

from mailweave.kit import clock
from mailweave.linking import handing
from mailweave.mail.models import Mailbox
from mailweave.people.access import Member
from mailweave.records.recruiting import candidates, jobs
from mailweave.records.recruiting.models import Intake, IntakeEntry

READER = "recruiting"
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without those that look alike."""
LENGTH = 10
"""Letters of a suffix: 50 bits, too many to be guessed by sending mail."""


def everyone() -> QuerySet[Any]:
    """All intakes with their mailboxes and jobs, in the order of names."""
    rows: QuerySet[Any] = Intake.objects.select_related("mailbox", "job")
    return rows.order_by("name", "pk")


def mailboxes(member: Member) -> list[Mailbox]:
    """Those that this member may have read for applications: their own, and for admins those that
    belong to the workspace."""
    own = Q(owner_id=member.user_id, delegate__isnull=True)
    if member.may("manage integrations"):
        own |= Q(delegate__isnull=False)
    connected = Mailbox.objects.filter(disconnected_at__isnull=True)
    return list(connected.filter(own).order_by("address", "pk"))


def may_change(member: Member, intake: Intake) -> bool:
    """Whether this member may change or stop it: the mailbox's owner, and admins."""
    is_theirs = intake.mailbox.owner_id == member.user_id and not intake.mailbox.is_shared
    return is_theirs or member.may("manage integrations")


def address(intake: Intake) -> str:
    """Where applicants write to."""
    box, _, domain = str(intake.mailbox.address).rpartition("@")
    return f"{box}+{intake.suffix}@{domain}" if intake.suffix else str(intake.mailbox.address)


def suffix() -> str:
    """One that nobody guesses."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def store(intake: Intake) -> None:
    """Save an intake; from now on its mailbox's mail is read, or is not any more."""
    intake.save()
    _watch(intake.mailbox_id)


def rotate(intake: Intake) -> None:
    """Give it another address; mail to the one before is left alone, and says so. The caller
    holds its row."""
    if intake.suffix:
        intake.retired = [*intake.retired, intake.suffix][-20:]
    intake.suffix = suffix()
    store(intake)


def delete(intake: Intake) -> None:
    """Delete an intake and the list of what came to it. Candidates stay."""
    mailbox_id = intake.mailbox_id
    intake.delete()
    _watch(mailbox_id)


def entries(member: Member, intake_id: int | None = None) -> QuerySet[Any]:
    """What came to an intake, or to all of them, newest first: where this member sees the job and
    the candidate, if there are any."""
    rows: QuerySet[Any] = IntakeEntry.objects.select_related(
        "intake__mailbox", "job", "candidate", "decided_by", "message"
    )
    people = candidates.find(member).order_by().values("pk")
    posts = jobs.find(member).order_by().values("pk")
    rows = rows.filter(Q(candidate=None) | Q(candidate__in=people))
    rows = rows.filter(Q(job=None) | Q(job__in=posts))
    return (rows.filter(intake=intake_id) if intake_id else rows).order_by("-pk")


def waiting(member: Member) -> QuerySet[Any]:
    """The applications that wait for a decision, the newest first."""
    return entries(member).filter(outcome=IntakeEntry.Outcome.WAITING)


def _watch(mailbox_id: int) -> None:
    if Intake.objects.filter(mailbox=mailbox_id, active=True).exists():
        handing.watch(READER, mailbox_id, clock.now())
    else:
        handing.unwatch(READER, mailbox_id)
