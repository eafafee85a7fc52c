"""Draft, and the files that go with it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import clock, tenancy


class Draft(tenancy.TenantModel):
    """What one person is writing: one row however often it is saved.

    ``version`` moves with every change, so that two tabs cannot overwrite each other unseen.
    ``to``, ``cc`` and ``bcc`` are as they were typed, one string an entry, finished or not.
    ``source`` is the message it answers or forwards; of its conversation the writer has seen the
    messages up to number ``known``. ``quoted`` says whether the source's text goes along. What the
    letter is about, besides what its addresses say, stands in ``kinds`` and ``record_ids``.
    Discarded ones can be had back for a while.
    """

    class Act(models.TextChoices):
        NEW = "new", "New message"
        REPLY = "reply", "Reply"
        REPLY_ALL = "reply_all", "Reply to all"
        FORWARD = "forward", "Forward"

    author = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    act = models.CharField(max_length=9, choices=Act.choices, default=Act.NEW)
    source = tenancy.foreign_key("mail.Message", null=True)
    known = models.BigIntegerField(default=0)
    mailbox = tenancy.foreign_key("mail.Mailbox", null=True)
    address = models.CharField(max_length=320, blank=True, help_text="From; empty: the mailbox's")
    to = ArrayField(models.TextField(), default=list)
    cc = ArrayField(models.TextField(), default=list)
    bcc = ArrayField(models.TextField(), default=list)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="sanitised; empty where it is plain text")
    text = models.TextField(blank=True, help_text="what was written, where it is plain text")
    quoted = models.BooleanField(default=True)
    kinds = ArrayField(models.CharField(max_length=32), default=list)
    record_ids = ArrayField(models.BigIntegerField(), default=list)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(default=clock.now)
    saved_at = models.DateTimeField(default=clock.now)
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(act__in=["new", "reply", "reply_all", "forward"]),
                name="draft_act_known",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "author", "-saved_at"], name="draft_author"),
            models.Index(fields=["workspace_id", "source"], name="draft_source"),
            models.Index(
                fields=["workspace_id", "discarded_at"],
                name="draft_discarded",
                condition=models.Q(discarded_at__isnull=False),
            ),
        ]


class DraftFile(tenancy.TenantModel):
    """A file that goes with a draft: uploaded, or carried over from a message that stays where it
    is until the letter goes (``part``). ``ready`` once every byte of an upload is here."""

    draft = tenancy.foreign_key("outbox.Draft")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    content_id = models.CharField(max_length=255, blank=True, help_text="set: shown in the text")
    size = models.PositiveBigIntegerField()
    part = tenancy.foreign_key("mail.Part", null=True)
    ready = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "draft"], name="draft_file_draft")]


class FilePiece(tenancy.TenantModel):
    """A stretch of an uploaded file's bytes, at most a megabyte."""

    file = tenancy.foreign_key("outbox.DraftFile")
    start = models.PositiveBigIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "file", "start", name="file_piece_once"),
        ]
