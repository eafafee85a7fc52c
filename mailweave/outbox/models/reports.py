"""Report and Outcome: what mail servers say of letters we sent."""

from django.db import models

from mailweave.kit import clock, tenancy


class Report(tenancy.TenantModel):
    """A received message that looks like a report about mail we sent (RFC 3464, or looser).

    ::

        waiting --> read         its outcomes are known, and whose letter they are of
               \\--> foreign      it is none, or not about a letter of ours: believed of nobody
               \\--> unreadable   its bytes could not be had; ``why`` says so
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be read"
        READ = "read", "Read"
        FOREIGN = "foreign", "Not about our mail"
        UNREADABLE = "unread", "Could not be read"

    message = tenancy.foreign_key("mail.Message")
    mailbox = tenancy.foreign_key("mail.Mailbox")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    why = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "message", name="report_once"),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "due_at"],
                name="report_due",
                condition=models.Q(due_at__isnull=False),
            ),
        ]


class Outcome(tenancy.TenantModel):
    """What became of a letter for one recipient, as one report says.

    ``lasting`` is whether another try can help: hard if not, soft if so. ``address`` is normalised,
    ``diagnostic`` what their server wrote.
    """

    class Action(models.TextChoices):
        FAILED = "failed", "Not delivered"
        DELAYED = "delayed", "Delayed"
        DELIVERED = "delivered", "Delivered"
        RELAYED = "relayed", "Passed on"
        EXPANDED = "expanded", "Passed on to a list"

    class Lasting(models.TextChoices):
        HARD = "hard", "For good"
        SOFT = "soft", "For now"
        UNKNOWN = "unknown", "Unclear"

    submission = tenancy.foreign_key("outbox.Submission")
    report = tenancy.foreign_key("outbox.Report")
    address = models.CharField(max_length=320)
    action = models.CharField(max_length=9, choices=Action.choices)
    lasting = models.CharField(max_length=7, choices=Lasting.choices)
    status = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    words = models.CharField(max_length=300, blank=True, help_text="the reason in a sentence")
    diagnostic = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "submission", "address", "report", name="outcome_once"
            ),
        ]
