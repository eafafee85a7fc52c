"""Address, Message and what hangs on it. Messages never change; what changes is the copy."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from mailweave.kit import tenancy


class Address(tenancy.TenantModel):
    """One normalised addr-spec (RFC 5322 section 3.4.1) known to a workspace."""

    address = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "address", name="address_once"),
        ]

    def __str__(self) -> str:
        return self.address


class Message(tenancy.TenantModel):
    """One RFC 5322 message, stored once per workspace however many mailboxes hold a copy.

    ``identity`` is what makes two copies the same message: see :mod:`mailweave.mail.arrival`.
    ``sent_at`` is its Date if that is believable, else when it was received. ``kept`` says how much
    of its text the policy let us keep, ``parts_kept`` whether its attachments are named. By its
    ``doors`` colleagues come to it, who may see what it is about: see :mod:`mail.visibility`.
    """

    class Direction(models.TextChoices):
        INBOUND = "in", "Received"
        OUTBOUND = "out", "Sent"

    class Kept(models.TextChoices):
        FULL = "full", "All of it"
        SNIPPET = "snippet", "Its first words"
        HEADERS = "headers", "Nothing of its text"

    thread = tenancy.foreign_key("mail.Thread")
    identity = models.BinaryField(max_length=16)
    message_id = models.CharField(max_length=998, blank=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    subject = models.TextField(blank=True)
    sender = tenancy.foreign_key("mail.Address", null=True)
    sender_name = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField()
    direction = models.CharField(max_length=3, choices=Direction.choices)
    preview = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField()
    attachment_count = models.PositiveIntegerField()
    automatic = models.BooleanField(default=False)
    truncated = models.BooleanField(default=False)
    kept = models.CharField(max_length=8, choices=Kept.choices, default=Kept.FULL)
    parts_kept = models.BooleanField(default=True)
    linked = models.BooleanField(default=False)
    doors = ArrayField(models.TextField(), default=list, db_default=[])
    stored_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "identity", name="message_once"),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "thread", "sent_at"], name="message_thread"),
            models.Index(
                fields=["workspace_id", "id"],
                name="message_thin",
                condition=~models.Q(kept="full") | models.Q(parts_kept=False),
            ),
        ]


class Body(tenancy.TenantModel):
    """The bulky parts of a message: text, HTML as it came, and headers, compressed (zstd)."""

    message = models.OneToOneField(
        Message,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="body",
    )
    text = models.TextField(blank=True)
    html_zstd = models.BinaryField(null=True)
    headers_zstd = models.BinaryField()
    shown = models.BinaryField(null=True)
    shown_version = models.PositiveIntegerField(default=0)


class Participant(tenancy.TenantModel):
    """An address in a role on a message. ``sent_at`` is the message's, for newest-first reads."""

    class Role(models.IntegerChoices):
        FROM = 1, "From"
        SENDER = 2, "Sender"
        REPLY_TO = 3, "Reply-To"
        TO = 4, "To"
        CC = 5, "Cc"

    message = tenancy.foreign_key("mail.Message")
    address = tenancy.foreign_key("mail.Address")
    role = models.SmallIntegerField(choices=Role.choices)
    position = models.SmallIntegerField()
    name = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "message"], name="participant_message"),
            models.Index(
                fields=["workspace_id", "address", "-sent_at", "message"],
                name="participant_address",
            ),
        ]


class Part(tenancy.TenantModel):
    """An attachment's description; its bytes stay with the provider."""

    message = tenancy.foreign_key("mail.Message")
    part_id = models.CharField(max_length=64)
    filename = models.CharField(max_length=255, blank=True)
    content_type = models.CharField(max_length=127)
    content_id = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField()
    inline = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "message"], name="part_message")]


class SearchRow(tenancy.TenantModel):
    """What a message can be found by."""

    message = models.OneToOneField(
        Message,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    sent_at = models.DateTimeField()
    words = SearchVectorField()
