"""Ticket and who hangs on it; Processor and what it made of mail."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import clock, tenancy


def user_key() -> Any:
    """One of us."""
    return models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )


class Priority(models.TextChoices):
    """How soon a ticket should be looked at."""

    URGENT = "urgent", "Urgent"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class Type(models.TextChoices):
    """What a ticket is."""

    SUPPORT = "support", "Support"
    BUG = "bug", "Bug"
    FEATURE = "feature", "Feature"
    REQUEST = "request", "Customer request"


class Desk(tenancy.TenantModel):
    """What a workspace's support shares: the last number given, and how many tickets one sender may
    open an hour before the rest is held back."""

    last_number = models.PositiveIntegerField(default=0)
    hourly = models.PositiveSmallIntegerField(default=20)

    class Meta:
        constraints = [models.UniqueConstraint("workspace_id", name="desk_once")]


class Ticket(tenancy.TenantModel):
    """What a customer wants of us. Its mail is what is filed to it, not all mail of the customer.

    ::

        open <-> in progress <-> waiting <-> resolved <-> closed     as people set it
        waiting, resolved --> open                  the customer answered
        closed --> open                             they did, and the processor reopens; else a
                                                    new ticket ``follows`` this one
        any --> merged into another                 the row stays and leads on

    ``owner`` is who answers it. ``named`` is the ticket whose number its first message bore though
    the sender took no part in that.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PROGRESS = "in_progress", "In progress"
        WAITING = "waiting", "Waiting"
        RESOLVED = "resolved", "Resolved"
        CLOSED = "closed", "Closed"

    class Channel(models.TextChoices):
        EMAIL = "email", "Email"
        HAND = "hand", "By hand"

    UNSETTLED = (Status.OPEN, Status.PROGRESS, Status.WAITING)

    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.MEDIUM)
    type = models.CharField(max_length=8, choices=Type.choices, default=Type.SUPPORT)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.HAND)
    owner = user_key()
    customer = models.CharField(max_length=320, blank=True)
    customer_name = models.CharField(max_length=200, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    processor = tenancy.foreign_key("support.Processor", null=True, blank=True)
    follows = tenancy.foreign_key("support.Ticket", null=True, blank=True)
    named = tenancy.foreign_key("support.Ticket", null=True, blank=True)
    merged_into = tenancy.foreign_key("support.Ticket", null=True, blank=True)
    first_response_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "number", name="ticket_number_once"),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "status"], name="ticket_status"),
            models.Index(fields=["workspace_id", "owner", "status"], name="ticket_owner"),
            models.Index(fields=["workspace_id", "customer", "created_at"], name="ticket_customer"),
            models.Index(fields=["workspace_id", "merged_into"], name="ticket_merged"),
            models.Index(fields=["workspace_id", "follows"], name="ticket_follows"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def reference(self) -> str:
        """What people and mail call it: TKT-0042."""
        return f"TKT-{self.number:04}"

    @property
    def name(self) -> str:
        """What lists and sentences call it."""
        return str(self)


class Joining(tenancy.TenantModel):
    """How two tickets were before one became part of the other, so that it can be undone for a day:
    as long as ``after``, a digest of what they are, is still right."""

    ticket = tenancy.foreign_key("support.Ticket")
    into = tenancy.foreign_key("support.Ticket")
    before = models.JSONField()
    after = models.CharField(max_length=64)
    made_by = user_key()
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "ticket", name="joining_once"),
        ]
        indexes = [models.Index(fields=["workspace_id", "into"], name="joining_into")]


class TicketAddress(tenancy.TenantModel):
    """Somebody who gets a copy of what a ticket's customer is told; normalised."""

    ticket = tenancy.foreign_key("support.Ticket")
    address = models.CharField(max_length=320)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "ticket", "address", name="ticket_address_once"
            ),
        ]


class Processor(tenancy.TenantModel):
    """Makes tickets of what a mailbox receives. An empty filter lets everything through; of several
    processors of a mailbox the first that wants a message has it, in the order they were made."""

    class Assignment(models.TextChoices):
        MANUAL = "manual", "Nobody: people take tickets themselves"
        ROUND_ROBIN = "round_robin", "In turn: whoever has waited longest for one"
        LEAST_LOADED = "least_loaded", "Least loaded: whoever has the fewest unsettled"

    class Reopening(models.TextChoices):
        ALWAYS = "always", "The ticket is reopened"
        WITHIN = "within", "The ticket is reopened within some days; after that, a new one follows"
        NEVER = "never", "A new ticket follows the old one"

    name = models.CharField(max_length=100)
    mailbox = tenancy.foreign_key("mail.Mailbox")
    active = models.BooleanField(default=True)
    sender = models.CharField("From contains", max_length=200, blank=True)
    subject = models.CharField("Subject contains", max_length=200, blank=True)
    recipient = models.CharField("Sent to", max_length=320, blank=True)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.MEDIUM)
    type = models.CharField(max_length=8, choices=Type.choices, default=Type.SUPPORT)
    assignment = models.CharField(
        max_length=12, choices=Assignment.choices, default=Assignment.MANUAL
    )
    makes_contacts = models.BooleanField(default=False)
    reopening = models.CharField(max_length=8, choices=Reopening.choices, default=Reopening.ALWAYS)
    reopening_days = models.PositiveSmallIntegerField(default=14)
    made_by = user_key()
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "mailbox"], name="processor_mailbox")]

    def __str__(self) -> str:
        return self.name


class ProcessorAgent(tenancy.TenantModel):
    """One of those a processor gives tickets to, and when it last did."""

    processor = tenancy.foreign_key("support.Processor")
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    given_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "processor", "user", name="processor_agent_once"
            ),
        ]


class Reading(tenancy.TenantModel):
    """What became of a message that support was handed: nothing is dropped in silence.

    ::

        opened, joined, followed, ignored       at once
        held ---> opened                        too many from one sender; let through by a person
    """

    class Outcome(models.TextChoices):
        OPENED = "opened", "New ticket"
        JOINED = "joined", "Joined"
        FOLLOWED = "followed", "Follow-up ticket"
        IGNORED = "ignored", "No ticket"
        HELD = "held", "Held back"

    message = tenancy.foreign_key("mail.Message")
    mailbox = tenancy.foreign_key("mail.Mailbox")
    processor = tenancy.foreign_key("support.Processor", null=True)
    ticket = tenancy.foreign_key("support.Ticket", null=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    reason = models.CharField(max_length=300)
    sender = models.CharField(max_length=320, blank=True)
    read_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "message", "mailbox", name="reading_once"),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "mailbox", "-id"], name="reading_newest"),
            models.Index(fields=["workspace_id", "outcome", "-id"], name="reading_outcome"),
            models.Index(fields=["workspace_id", "ticket"], name="reading_ticket"),
        ]


class Looker(tenancy.TenantModel):
    """Somebody who has a ticket's page open, and when their page last said so; ``writing`` if they
    had begun to write something there."""

    ticket = tenancy.foreign_key("support.Ticket")
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    writing = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "ticket", "user", name="looker_once"),
        ]
