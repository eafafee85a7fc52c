"""Link, RecordAddress, ThreadRecord: what mail is about, and why."""

from django.db import models
from django.db.models.functions import Now

from mailweave.kit import tenancy


class RecordAddress(tenancy.TenantModel):
    """An address of a record, as its module told us: what matching joins with."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Primary"
        PORTAL = "portal", "Portal"
        ADDITIONAL = "additional", "Additional"

    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    address = tenancy.foreign_key("mail.Address")
    address_kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "kind", "record_id", "address", name="record_address_once"
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "address"], name="record_address_address")]


class Link(tenancy.TenantModel):
    """One message is (or by decision is not) about one record.

    ``pinned`` rows are a person's decision and are never changed by matching; a pinned row with
    ``linked`` false keeps the two apart for good.
    """

    class Reason(models.TextChoices):
        THREAD = "thread", "in the same thread as linked mail"
        SENDER = "sender", "sent by"
        RECIPIENT = "recipient", "sent to"
        MANUAL = "manual", "linked by hand"

    message = tenancy.foreign_key("mail.Message")
    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    linked = models.BooleanField(default=True)
    pinned = models.BooleanField(default=False)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    address = tenancy.foreign_key("mail.Address", null=True)
    made_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "message", "kind", "record_id", name="link_once"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "kind", "record_id"], name="link_record"),
        ]


class ThreadRecord(tenancy.TenantModel):
    """A thread that has messages linked to a record. Derived from links; the panel reads it."""

    thread = tenancy.foreign_key("mail.Thread")
    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    last_at = models.DateTimeField()
    message_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "thread", "kind", "record_id", name="thread_record_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "kind", "record_id", "-last_at", "-thread"],
                name="thread_record_newest",
            ),
        ]
