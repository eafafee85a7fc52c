"""Job, Candidate, CandidateAddress, Application."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from mailweave.kit import clock, tenancy


def lower_name() -> Any:
    """The name as lists are ordered by it, kept by the database."""
    return models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=800), db_persist=True
    )


def user_key() -> Any:
    """One of us, as long as they are."""
    return models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )


def today() -> date:
    """The day in UTC."""
    return clock.now().date()


class Job(tenancy.TenantModel):
    """A position that is, or was, to be filled.

    ::

        open <-> on hold        as people set it
        either --> closed       with the day; mail for it comes as before and says so

    ``code`` stands in the subjects of mail that is meant for this job; no two jobs share one.
    ``criteria`` are what its scorecards ask for; without any, the standard ones.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        HOLD = "hold", "On hold"
        CLOSED = "closed", "Closed"

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    code = models.CharField(max_length=20, blank=True)
    department = models.CharField(max_length=100, blank=True)
    location = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.OPEN)
    owner = user_key()
    description = models.TextField(blank=True)
    criteria = ArrayField(models.CharField(max_length=80), default=list)
    opened_on = models.DateField(default=today)
    closed_on = models.DateField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                Lower("code"),
                condition=~models.Q(code=""),
                name="job_code_once",
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "sort_name", "id"], name="job_name")]

    def __str__(self) -> str:
        return self.name


class Candidate(tenancy.TenantModel):
    """Somebody who may come to work here. Their addresses are what mail is matched by."""

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    title = models.CharField(max_length=200, blank=True)
    location = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=100, blank=True)
    owner = user_key()
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "sort_name", "id"], name="candidate_name")]

    def __str__(self) -> str:
        return self.name


class CandidateAddress(tenancy.TenantModel):
    """One address of a candidate, normalised; exactly one of a candidate's is primary."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Primary"
        ADDITIONAL = "additional", "Additional"

    candidate = tenancy.foreign_key("recruiting.Candidate")
    address = models.CharField(max_length=320)
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "candidate", "address", name="candidate_address_once"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "address"], name="candidate_address_find"),
        ]


class MergedCandidate(tenancy.TenantModel):
    """A candidate who has become part of another: where the old address of their page leads to."""

    record_id = models.BigIntegerField()
    into = tenancy.foreign_key("recruiting.Candidate")
    name = models.CharField(max_length=200)
    made_by = user_key()
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "record_id", name="merged_candidate_once"),
        ]
        indexes = [models.Index(fields=["workspace_id", "into"], name="merged_candidate_into")]


class Application(tenancy.TenantModel):
    """A candidate for a job, and how far they have come.

    ::

        applied <-> screening <-> interview <-> offer --> hired
        any of the first four, from and to each other; hired only after an offer
        any of the first four --> rejected --> any of the first four     taken up again
        hired --> offer                                                  it did not come about
    """

    class Stage(models.TextChoices):
        APPLIED = "applied", "Applied"
        SCREENING = "screening", "Screening"
        INTERVIEW = "interview", "Interview"
        OFFER = "offer", "Offer"
        HIRED = "hired", "Hired"
        REJECTED = "rejected", "Rejected"

    OPEN = (Stage.APPLIED, Stage.SCREENING, Stage.INTERVIEW, Stage.OFFER)
    MOVES: Mapping[str, tuple[str, ...]] = {
        Stage.APPLIED: (Stage.SCREENING, Stage.INTERVIEW, Stage.OFFER, Stage.REJECTED),
        Stage.SCREENING: (Stage.APPLIED, Stage.INTERVIEW, Stage.OFFER, Stage.REJECTED),
        Stage.INTERVIEW: (Stage.APPLIED, Stage.SCREENING, Stage.OFFER, Stage.REJECTED),
        Stage.OFFER: (
            Stage.APPLIED,
            Stage.SCREENING,
            Stage.INTERVIEW,
            Stage.HIRED,
            Stage.REJECTED,
        ),
        Stage.HIRED: (Stage.OFFER,),
        Stage.REJECTED: OPEN,
    }

    candidate = tenancy.foreign_key("recruiting.Candidate")
    job = tenancy.foreign_key("recruiting.Job")
    stage = models.CharField(max_length=9, choices=Stage.choices, default=Stage.APPLIED)
    moved_at = models.DateTimeField(default=clock.now)
    applied_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "candidate", "job", name="application_once"),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "job", "stage"], name="application_job"),
        ]

    @property
    def is_open(self) -> bool:
        """Whether it is still to be decided."""
        return self.stage in self.OPEN

    @property
    def moves(self) -> list[tuple[str, str]]:
        """The stages it may go to, each with its word."""
        allowed = self.MOVES[self.stage]
        return [(value, label) for value, label in self.Stage.choices if value in allowed]
