"""Mailbox, Credential, Folder: where mail lies and what lets us in."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import clock, tenancy


class Mailbox(tenancy.TenantModel):
    """One connected mailbox. Disconnecting keeps it and its mail; ``disconnected_at`` says when.

    A shared one belongs to the workspace, whoever added it, and is opened with the permission of
    its ``delegate``: another mailbox, of somebody who may.
    """

    class Kind(models.TextChoices):
        GMAIL = "gmail", "Gmail"
        OUTLOOK = "outlook", "Outlook"

    class Sharing(models.TextChoices):
        FULL = "full", "Everything in linked mail"
        SUBJECT = "subject", "Subject, people and dates of linked mail"
        METADATA = "metadata", "People and dates of linked mail"
        PRIVATE = "private", "Nothing"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    owner = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    remote_account_id = models.CharField(max_length=255)
    sharing = models.CharField(max_length=8, choices=Sharing.choices, default=Sharing.FULL)
    followed_roles = ArrayField(
        models.CharField(max_length=16), default=list, help_text="empty: all but drafts and junk"
    )
    delegate = tenancy.foreign_key("mail.Mailbox", null=True)
    connected_at = models.DateTimeField(default=clock.now)
    disconnected_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "kind", "remote_account_id", name="mailbox_once"
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_shared(self) -> bool:
        """Whether it belongs to the workspace rather than to its owner."""
        return self.delegate_id is not None

    @property
    def shared_address(self) -> str:
        """Where the provider has it, if it is not the mailbox of whom the permission is."""
        return str(self.address) if self.is_shared else ""


class Credential(tenancy.TenantModel):
    """The OAuth grant of a mailbox, sealed.

    ``version`` moves with every write (compare and set); ``refreshing_until`` lets one process
    refresh at a time.
    """

    mailbox = tenancy.foreign_key("mail.Mailbox")
    access_token = models.BinaryField(default=b"")
    refresh_token = models.BinaryField(default=b"")
    scopes = ArrayField(models.CharField(max_length=255), default=list)
    expires_at = models.DateTimeField()
    refresh_expires_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0)
    refreshing_until = models.DateTimeField(null=True)
    granted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "mailbox", name="credential_once"),
        ]


class Folder(tenancy.TenantModel):
    """A folder or label as the provider names it."""

    mailbox = tenancy.foreign_key("mail.Mailbox")
    remote_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    role = models.CharField(max_length=16, blank=True)
    hidden = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "mailbox", "remote_id", name="folder_once"),
        ]


class ImageConsent(tenancy.TenantModel):
    """A user's "always show images from this sender"."""

    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    sender = tenancy.foreign_key("mail.Address")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "user", "sender", name="image_consent_once"),
        ]
