"""Thread, and how it is seen from one mailbox."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import tenancy


class Thread(tenancy.TenantModel):
    """Messages that answer each other, across the mailboxes of a workspace."""

    subject = models.TextField(blank=True)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    message_count = models.PositiveIntegerField(default=0)


class ThreadMailbox(tenancy.TenantModel):
    """A thread as one mailbox has it: what lists are made of. Derived from copies; its doors are
    those of their messages."""

    thread = tenancy.foreign_key("mail.Thread")
    mailbox = tenancy.foreign_key("mail.Mailbox")
    last_at = models.DateTimeField()
    last_message = tenancy.foreign_key("mail.Message")
    message_count = models.PositiveIntegerField()
    unread_count = models.PositiveIntegerField()
    attachment_count = models.PositiveIntegerField()
    linked = models.BooleanField(default=False)
    doors = ArrayField(models.TextField(), default=list, db_default=[])
    sharing = models.SmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "thread", "mailbox", name="thread_mailbox_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "mailbox", "-last_at", "-thread"], name="tm_newest"
            ),
            models.Index(
                fields=["workspace_id", "mailbox", "-last_at", "-thread"],
                name="tm_unread",
                condition=models.Q(unread_count__gt=0),
            ),
            models.Index(
                fields=["workspace_id", "mailbox", "-last_at", "-thread"],
                name="tm_linked",
                condition=models.Q(linked=True),
            ),
            models.Index(
                fields=["workspace_id", "mailbox", "-last_at", "-thread"],
                name="tm_opened",
                condition=models.Q(sharing__gt=0),
            ),
            models.Index(fields=["workspace_id", "last_message"], name="tm_last_message"),
        ]


class RemoteThread(tenancy.TenantModel):
    """Which of our threads a mailbox's own thread is."""

    mailbox = tenancy.foreign_key("mail.Mailbox")
    remote_thread_id = models.CharField(max_length=255)
    thread = tenancy.foreign_key("mail.Thread")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "mailbox", "remote_thread_id", name="remote_thread_once"
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "thread"], name="remote_thread_ours")]


class ThreadKey(tenancy.TenantModel):
    """A Message-ID that a thread holds or refers to (a 64-bit hash of it), so that replies that
    arrive before what they answer still find each other. Anybody may refer to it: a stranger who
    was here first must not stand between the others."""

    key = models.BigIntegerField()
    thread = tenancy.foreign_key("mail.Thread")

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "key", "thread", name="thread_key_once")
        ]
        indexes = [models.Index(fields=["workspace_id", "thread"], name="thread_key_thread")]
