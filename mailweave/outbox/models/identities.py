"""Identity, Signature, Habit: as whom people write, and how they close."""

from django.db import models

from mailweave.kit import clock, tenancy


class Identity(tenancy.TenantModel):
    """An address a mailbox may send as, as its provider told us (RFC 8621 section 6).

    ``why`` says, where it is not ``ready``, what stands in the way. ``refused`` is what the
    provider said when something was last to be sent as it: that is believed until somebody wants to
    try again, or the mailbox is connected anew.
    """

    mailbox = tenancy.foreign_key("mail.Mailbox")
    address = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    primary = models.BooleanField(default=False)
    preferred = models.BooleanField(default=False, help_text="the provider's own default")
    ready = models.BooleanField(default=True)
    why = models.CharField(max_length=300, blank=True)
    refused = models.CharField(max_length=500, blank=True)
    refused_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "mailbox", "address", name="identity_once"),
        ]


class Signature(tenancy.TenantModel):
    """How letters close. Without a ``user`` it is the workspace's, for who has none of their own;
    with a ``mailbox`` it is for letters from there, before those without. Merge fields are filled
    in with the writer's own name and address."""

    user = models.ForeignKey("people.User", null=True, on_delete=models.CASCADE, related_name="+")
    mailbox = tenancy.foreign_key("mail.Mailbox", null=True)
    name = models.CharField(max_length=100)
    html = models.TextField()
    for_new = models.BooleanField(default=True)
    for_reply = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "user"], name="signature_user")]


class Habit(tenancy.TenantModel):
    """How one person sends: where they wrote from last, how long Send can be undone, in seconds."""

    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    mailbox = tenancy.foreign_key("mail.Mailbox", null=True)
    address = models.CharField(max_length=320, blank=True)
    undo_seconds = models.PositiveSmallIntegerField(default=10)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "user", name="habit_once"),
            models.CheckConstraint(
                condition=models.Q(undo_seconds__gte=5, undo_seconds__lte=30),
                name="habit_undo_seconds",
            ),
        ]
