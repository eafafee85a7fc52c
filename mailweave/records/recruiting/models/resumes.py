"""ResumeFile, WantedFile: what a candidate wrote about themselves, and what is still to come."""

from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Left

from mailweave.kit import clock, tenancy
from mailweave.records.recruiting.models.candidates import user_key

FINDABLE = 50_000
"""Letters of a text that it can be found by: what PostgreSQL takes of any text, in any script."""


class ResumeFile(tenancy.TenantModel):
    """A candidate's document, bytes and all, and the text in it.

    ::

        waiting --> read          text is what was found in it; it may be empty
                --> unreadable    fault says why, for people; the file can be downloaded
    """

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF"
        DOCX = "docx", "Word"
        DOC = "doc", "Word 97"

    class State(models.TextChoices):
        WAITING = "waiting", "Its text is being read"
        READ = "read", "Read"
        UNREADABLE = "unreadable", "Its text could not be read"

    candidate = tenancy.foreign_key("recruiting.Candidate")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    size = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    data = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    text = models.TextField(blank=True)
    words = models.GeneratedField(
        expression=SearchVector(Left("text", FINDABLE), config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    """Kept by the database, and without an index: row-level security would not let it be used."""
    fault = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    message = tenancy.foreign_key("mail.Message", null=True)
    added_by = user_key()
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "candidate", "digest", name="resume_file_once"),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "id"],
                name="resume_file_waiting",
                condition=models.Q(state="waiting"),
            ),
        ]


class WantedFile(tenancy.TenantModel):
    """An attachment of a candidate's mail that is to be fetched from the mailbox's provider; with
    ``inner``, one inside of it, where it is a whole message that was forwarded.

    ::

        waiting --> (kept as a ResumeFile: the row goes)
           ^  \\--> refused       it is no résumé, too large, or not there any more
           |
           +-- a failure: due_at moves on, fault says why; a person may ask again at once
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Still to be fetched"
        REFUSED = "refused", "Not kept"

    candidate = tenancy.foreign_key("recruiting.Candidate")
    mailbox = tenancy.foreign_key("mail.Mailbox")
    message = tenancy.foreign_key("mail.Message")
    part_id = models.BigIntegerField()
    inner = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=255)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    fault = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "candidate", "part_id", "inner", name="wanted_file_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "due_at"],
                name="wanted_file_due",
                condition=models.Q(state="waiting"),
            ),
        ]
