"""SeenMark, Marking: rows of what people read here, or put back to unread."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import tenancy


class SeenMark(tenancy.TenantModel):
    """Read or unread, as a person decided it here and the provider does not know yet.

    ``before`` is what the provider last said. ``asked_at`` is set while it may have been told, and
    nobody knows for sure. The rule is in :mod:`mailweave.sync.marks`.
    """

    mailbox = tenancy.foreign_key("mail.Mailbox")
    copy = tenancy.foreign_key("mail.Copy")
    seen = models.BooleanField()
    before = models.BooleanField()
    made_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "copy", name="seen_mark_once"),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "mailbox", "due_at"], name="seen_mark_due"),
        ]


class Marking(tenancy.TenantModel):
    """What one act of marking changed, so that it can be undone for a day."""

    made_by = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    seen = models.BooleanField()
    copy_ids = ArrayField(models.BigIntegerField())
