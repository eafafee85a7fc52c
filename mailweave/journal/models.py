"""What people wrote down about records, and what changed: Entry, EntryRecord."""

from django.db import models

from mailweave.kit import tenancy


class Entry(tenancy.TenantModel):
    """One thing that happened, or is to be done, about one record or several.

    ``at`` is when it happened; of a task, when it was given. ``author`` is nobody where a rule did
    it, which ``data["by"]`` names. ``data`` holds what only some types have: of calls and meetings
    ``minutes``, ``direction`` (in, out) and ``participants``; of mail that was logged by hand
    ``direction``, ``from``, ``to`` and ``subject``; of changes ``what``, ``old`` and
    ``new``, or, where these are records (kind, id), ``from`` and ``to``. A deleted entry can be had
    back for a day; then it is gone for good.
    """

    class Type(models.TextChoices):
        NOTE = "note", "Note"
        CALL = "call", "Call"
        MEETING = "meeting", "Meeting"
        TASK = "task", "Task"
        MAIL = "mail", "E-mail"
        CHANGE = "change", "Change"

    type = models.CharField(max_length=8, choices=Type.choices)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    author = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace_id", "deleted_at"],
                name="entry_deleted",
                condition=models.Q(deleted_at__isnull=False),
            ),
        ]


class EntryRecord(tenancy.TenantModel):
    """An entry is about a record. ``at`` and ``type`` are the entry's, for newest-first reads."""

    entry = tenancy.foreign_key("journal.Entry")
    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    type = models.CharField(max_length=8, choices=Entry.Type.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "entry", "kind", "record_id", name="entry_record_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "kind", "record_id", "-at", "-entry"],
                name="entry_record_newest",
            ),
        ]
