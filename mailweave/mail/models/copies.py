"""Copy: a message as it lies in one mailbox."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import tenancy


class Copy(tenancy.TenantModel):
    """One message of one mailbox, from the moment the provider names it.

    ::

        listed --> stored --> gone        gone: the provider deleted it; the message stays
                      \\--> skipped       a rule made afterwards: what was stored is removed
           |  \\--> skipped                skipped: a rule said no; ``reason`` names the rule
           |  \\--> gone                   it vanished between listing and fetching
           \\----> stuck --> listed        stuck: set aside with its reason; retried by a person

    Every copy is in exactly one state, so the states of a mailbox always add up.

    A stored copy that the provider says is gone stays stored, with ``missing_since``, until it has
    been asked for once more: :mod:`mailweave.sync.deletions`.
    """

    class State(models.TextChoices):
        LISTED = "listed", "Waiting to be fetched"
        STORED = "stored", "Stored"
        SKIPPED = "skipped", "Left out by a rule"
        GONE = "gone", "Deleted at the provider"
        STUCK = "stuck", "Set aside"

    mailbox = tenancy.foreign_key("mail.Mailbox")
    remote_id = models.CharField(max_length=255)
    remote_thread_id = models.CharField(max_length=255)
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=500, blank=True)
    message = tenancy.foreign_key("mail.Message", null=True)
    thread = tenancy.foreign_key("mail.Thread", null=True)
    folder_ids = ArrayField(models.CharField(max_length=255), default=list)
    seen = models.BooleanField(default=False)
    flagged = models.BooleanField(default=False)
    bcc = ArrayField(models.CharField(max_length=320), default=list)
    received_at = models.DateTimeField(null=True)
    place = models.BigIntegerField(default=0)
    """Order of fetching: smaller first; below zero for new mail, which no pause holds back."""
    attempts = models.PositiveSmallIntegerField(default=0)
    """How often the provider failed to answer for it."""
    missing_since = models.DateTimeField(null=True)
    """Since when the provider no longer shows it, where nobody has made sure of it yet."""
    listing = models.PositiveIntegerField(default=0)
    """The last complete listing that named it: of a repair, or of an audit."""
    named_at = models.DateTimeField(null=True)
    """When the provider first named it; null where nobody noted it."""
    settled_at = models.DateTimeField(null=True)
    """When it was left out, set aside or found gone; null where nobody noted it."""
    asked_for = models.BooleanField(default=False, db_default=False)
    """A person asked for this one: neither its folder nor its age leaves it out."""
    traces = ArrayField(models.IntegerField(), null=True)
    """Where it was left out for being about no record: what ``mail_trace`` makes of the addresses
    on it."""
    sharing = models.SmallIntegerField(null=True)
    """How much colleagues see of its thread here, as a level, 0 for nothing; null, as with most:
    as the mailbox shares it. :mod:`mailweave.mail.sharing`."""

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "mailbox", "remote_id", name="copy_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["listed", "stored", "skipped", "gone", "stuck"]),
                name="copy_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "message"], name="copy_message"),
            models.Index(fields=["workspace_id", "thread"], name="copy_thread"),
            models.Index(
                fields=["workspace_id", "message"], name="copy_blind", condition=~models.Q(bcc=[])
            ),
            models.Index(
                fields=["workspace_id", "mailbox", "place"],
                name="copy_listed",
                condition=models.Q(state="listed"),
            ),
            models.Index(
                fields=["workspace_id", "mailbox"],
                name="copy_stuck",
                condition=models.Q(state="stuck"),
            ),
            models.Index(fields=["workspace_id", "mailbox", "received_at"], name="copy_received"),
            models.Index(
                fields=["workspace_id", "mailbox", "missing_since"],
                name="copy_missing",
                condition=models.Q(missing_since__isnull=False),
            ),
            models.Index(
                fields=["workspace_id", "id"],
                name="copy_leaving",
                condition=models.Q(state="skipped", message__isnull=False),
            ),
            models.Index(
                fields=["workspace_id", "mailbox", "remote_thread_id"],
                name="copy_traced",
                condition=models.Q(traces__isnull=False),
            ),
            models.Index(
                fields=["workspace_id", "thread", "mailbox"],
                name="copy_sharing",
                condition=models.Q(sharing__isnull=False),
            ),
        ]
