"""What plug-ins want to read, and what waits until they have."""

from django.db import models

from mailweave.kit import tenancy


class Watch(tenancy.TenantModel):
    """A plug-in (``reader``) wants to read what arrives in a mailbox from a moment on."""

    reader = models.CharField(max_length=16)
    mailbox = tenancy.foreign_key("mail.Mailbox")
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "reader", "mailbox", name="watch_once"),
        ]


class Handed(tenancy.TenantModel):
    """A message that waits for a plug-in, ``reader``, to read it.

    ::

        waiting --> (deleted)             read; whoever read it keeps what it did
           |  ^--- waiting, later         it could not be read: tried again at ``due_at``
           \\----> stuck --> waiting      after three tries, with its reason; retried by a person
    """

    reader = models.CharField(max_length=16)
    message = tenancy.foreign_key("mail.Message")
    mailbox = tenancy.foreign_key("mail.Mailbox")
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    stuck = models.BooleanField(default=False, db_default=False)
    reason = models.CharField(max_length=200, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "reader", "message", name="handed_once"),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "reader", "received_at", "id"],
                name="handed_waiting",
                condition=models.Q(stuck=False),
            ),
        ]
