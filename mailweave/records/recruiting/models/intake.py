"""Intake, IntakeEntry: mail with applications, taken in at an address, and what became of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import clock, tenancy
from mailweave.records.recruiting.models.candidates import user_key


class Intake(tenancy.TenantModel):
    """Where applications come in: a mailbox, and one address of it.

    ``suffix`` is what stands behind the plus sign; without one, all mail to the mailbox's own
    address is meant. ``retired`` were suffixes before: mail to them is refused, and says so.
    ``code``, where one is set, must stand in the subject or behind the plus sign.
    """

    class Mode(models.TextChoices):
        AUTO = "auto", "Make candidates at once"
        REVIEW = "review", "Ask before a candidate is made"
        NOTIFY = "notify", "Only tell us"

    name = models.CharField(max_length=100)
    mailbox = tenancy.foreign_key("mail.Mailbox")
    suffix = models.CharField(max_length=40, blank=True)
    retired = ArrayField(models.CharField(max_length=40), default=list)
    code = models.CharField(max_length=40, blank=True)
    job = tenancy.foreign_key("recruiting.Job", null=True)
    mode = models.CharField(max_length=6, choices=Mode.choices, default=Mode.REVIEW)
    active = models.BooleanField(default=True)
    created_by = user_key()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "mailbox", "suffix", name="intake_once"),
        ]

    def __str__(self) -> str:
        return self.name


class IntakeEntry(tenancy.TenantModel):
    """A message that came to an intake, and what became of it.

    ::

        made | joined | told | left | waiting                 by the rule; ``reason`` says why
        opening --> any of these                              once the forwarded message is here
        waiting --> made | joined | dismissed --> waiting     by a person, and undone

    ``made`` a candidate; ``joined`` one there was. ``added`` notes what accepting brought about,
    so that it can be undone. ``name`` and ``address`` are who applies, as the message says;
    ``parts`` the attachments (number, name, and what inside of it) that may be résumés;
    ``nested`` the attachment that is a whole message, which is opened from ``due_at`` on.
    """

    class Outcome(models.TextChoices):
        MADE = "made", "Candidate made"
        JOINED = "joined", "Added to a candidate"
        TOLD = "told", "You were told"
        LEFT = "left", "Left alone"
        WAITING = "waiting", "Waits for a decision"
        OPENING = "opening", "Being opened"
        DISMISSED = "dismissed", "Dismissed"

    intake = tenancy.foreign_key("recruiting.Intake")
    message = tenancy.foreign_key("mail.Message")
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    reason = models.CharField(max_length=400)
    name = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=320, blank=True)
    job = tenancy.foreign_key("recruiting.Job", null=True)
    candidate = tenancy.foreign_key("recruiting.Candidate", null=True)
    parts = models.JSONField(default=list)
    nested = models.BigIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now)
    added = models.JSONField(default=dict)
    decided_by = user_key()
    decided_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "intake", "message", name="intake_entry_once"),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "intake", "-id"], name="intake_entry_newest"),
            models.Index(
                fields=["workspace_id", "-id"],
                name="intake_entry_waiting",
                condition=models.Q(outcome="waiting"),
            ),
            models.Index(
                fields=["workspace_id", "due_at"],
                name="intake_entry_opening",
                condition=models.Q(outcome="opening"),
            ),
        ]
