"""Scorecard, Interview, Interviewer, Reference: what we and others think of a candidate."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from mailweave.kit import clock, tenancy
from mailweave.records.recruiting.models.candidates import user_key


class Scorecard(tenancy.TenantModel):
    """What one of us thinks of an application: each criterion from 1 (weak) to 5 (strong).

    One for each evaluator; ``scores`` holds (criterion, points) pairs in the order they were asked.
    """

    class Recommendation(models.TextChoices):
        STRONG_YES = "strong_yes", "Strong yes"
        YES = "yes", "Yes"
        NO = "no", "No"
        STRONG_NO = "strong_no", "Strong no"

    application = tenancy.foreign_key("recruiting.Application")
    author = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    scores = models.JSONField(default=list)
    recommendation = models.CharField(max_length=10, choices=Recommendation.choices)
    comment = models.TextField(blank=True)
    submitted_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "application", "author", name="scorecard_one_each"
            ),
        ]

    @property
    def average(self) -> float | None:
        """Of the points; none without any."""
        points = [points for _, points in self.scores]
        return sum(points) / len(points) if points else None


class Interview(tenancy.TenantModel):
    """A conversation with a candidate: when, how long, with whom. No calendar is asked or told.

    ::

        planned --> held | cancelled | missed      any of the three can be set back to planned
    """

    class Kind(models.TextChoices):
        PHONE = "phone", "Phone"
        VIDEO = "video", "Video"
        ONSITE = "onsite", "On site"

    class Outcome(models.TextChoices):
        PLANNED = "planned", "Planned"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Cancelled"
        MISSED = "missed", "Did not come"

    application = tenancy.foreign_key("recruiting.Application")
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.VIDEO)
    starts_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    """Where the clock hangs that the time was named by."""
    minutes = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    place = models.CharField(max_length=500, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, default=Outcome.PLANNED)
    note = models.TextField(blank=True)
    created_by = user_key()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace_id", "application", "starts_at"], name="interview_when"
            ),
        ]


class Interviewer(tenancy.TenantModel):
    """One of us who takes part in an interview."""

    interview = tenancy.foreign_key("recruiting.Interview")
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "interview", "user", name="interviewer_once"),
        ]


class Reference(tenancy.TenantModel):
    """Somebody who can speak for a candidate, and whether they did.

    ::

        named --> asked --> given | declined      as people set it, back too
    """

    class State(models.TextChoices):
        NAMED = "named", "Not asked yet"
        ASKED = "asked", "Asked"
        GIVEN = "given", "Given"
        DECLINED = "declined", "Declined"

    candidate = tenancy.foreign_key("recruiting.Candidate")
    name = models.CharField(max_length=200)
    relation = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=320, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NAMED)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "candidate"], name="reference_candidate")]
