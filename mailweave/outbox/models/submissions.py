"""Submission: the order to send a draft, and what became of it."""

from django.db import models

from mailweave.kit import clock, tenancy
from mailweave.kit.lease import Leased


class Submission(tenancy.TenantModel, Leased):
    """The order to send one draft (RFC 8621 section 7), and what became of it.

    ::

        scheduled --due--> sending --accepted--> sent
          |    ^              | |
          |    \\---not now----/ |---refused---> failed      certainly not sent: ``problem``
          |                     |
          \\--taken back-->      \\--no trace for a quarter of an hour--> unknown
              canceled
                    unknown --it turns up, or a person says so--> sent
                            --it still is a draft, or a person says so--> failed

    A draft has at most one submission that is neither failed nor canceled. Undoing a Send is
    canceling one that is scheduled a few seconds ahead; a failed one is sent again by a new one.

    From ``sending`` on, the bytes are frozen (:class:`FrozenPiece`) and never made anew. Before the
    provider is told to send, ``released_at`` is written. So whoever finds a submission that is
    sending, and whose worker is gone, knows: without ``released_at`` nothing was sent, with it
    nobody knows, and the provider is asked what became of it before anything else is tried.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        UNKNOWN = "unknown", "Unclear whether it was sent"
        CANCELED = "canceled", "Canceled"

    class Problem(models.TextChoices):
        RECONNECT = "reconnect", "The mailbox must be reconnected"
        GONE = "gone", "The mailbox is disconnected"
        RIGHTS = "rights", "The writer may not send from there any more"
        IDENTITY = "identity", "The address may not be sent from"
        CONTENT = "content", "The letter cannot be sent as it is"
        REFUSED = "refused", "The provider refused it"
        ANSWERED = "answered", "Somebody answered meanwhile"
        LATE = "late", "The provider could not be reached for a day"
        UNTRACED = "untraced", "Nobody knows whether it was sent"
        DECLARED = "declared", "A person said that it was not sent"

    draft = tenancy.foreign_key("outbox.Draft")
    author = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    mailbox = tenancy.foreign_key("mail.Mailbox")
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=32, help_text="ours, in the letter's X-Mailweave-Key")
    own_message_id = models.CharField(max_length=255, help_text="providers may put another")
    state = models.CharField(max_length=9, choices=State.choices, default=State.SCHEDULED)
    made_at = models.DateTimeField(default=clock.now)
    send_at = models.DateTimeField()
    local_time = models.CharField(max_length=16, blank=True, help_text="2026-11-23T09:00")
    zone = models.CharField(max_length=64, blank=True, help_text="its time zone; empty: at once")
    in_spite = models.BooleanField(default=False, help_text="of answers that came meanwhile")
    due_at = models.DateTimeField(null=True)
    held_reason = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    remote_draft_id = models.CharField(max_length=255, blank=True)
    staged_message_id = models.CharField(max_length=255, blank=True)
    released_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    remote_id = models.CharField(max_length=255, blank=True)
    remote_thread_id = models.CharField(max_length=255, blank=True)
    remote_message_id = models.CharField(max_length=998, blank=True)
    message = tenancy.foreign_key("mail.Message", null=True)
    problem = models.CharField(max_length=9, choices=Problem.choices, blank=True)
    problem_text = models.CharField(max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "key", name="submission_key_once"),
            models.UniqueConstraint(
                "workspace_id",
                "draft",
                condition=~models.Q(state__in=["failed", "canceled"]),
                name="submission_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["scheduled", "sending", "sent", "failed", "unknown", "canceled"]
                ),
                name="submission_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "due_at"],
                name="submission_due",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(fields=["workspace_id", "-id"], name="submission_newest"),
            models.Index(fields=["workspace_id", "author", "-id"], name="submission_author"),
            models.Index(fields=["workspace_id", "mailbox", "sent_at"], name="submission_sent"),
            models.Index(fields=["workspace_id", "mailbox", "remote_id"], name="submission_remote"),
            models.Index(fields=["workspace_id", "own_message_id"], name="submission_own_id"),
            models.Index(fields=["workspace_id", "message"], name="submission_message"),
        ]


class FrozenPiece(tenancy.TenantModel):
    """A stretch of the bytes of a letter on its way, at most a megabyte; dropped once it is known
    what became of it."""

    submission = tenancy.foreign_key("outbox.Submission")
    start = models.PositiveBigIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "submission", "start", name="frozen_once"),
        ]
