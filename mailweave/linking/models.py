"""What mail is about, and why: Link, RecordAddress, RecordOwner, Companion, ThreadRecord, Activity;
LinkPolicy, which decides, and Relinking, how far a change of it has come; what waits for people and
what they say: Decision, Unlinked, Dismissal; what waits for plug-ins: Watch, Handed."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce, Greatest, Now

from mailweave.kit import tenancy
from mailweave.linking.handed import Handed as Handed  # noqa: PLC0414 - this is where models are found
from mailweave.linking.handed import Watch as Watch  # noqa: PLC0414 - as the others
from mailweave.linking.trials import Relinking as Relinking  # noqa: PLC0414 - as the others
from mailweave.mail.models import Switch


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


class RecordOwner(tenancy.TenantModel):
    """Who looks after a record, as its module told us: by whom mail about it can be come to. A
    record that has no row is nobody's, which is everybody's."""

    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    owner = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "kind", "record_id", name="record_owner_once"),
        ]


class Companion(tenancy.TenantModel):
    """Mail about a record is also about another one, as the record's module told us.

    ``since`` and ``until`` bound when a message was sent, the first included; without them there
    is no bound.
    """

    class Rule(models.TextChoices):
        COMPANY = "company", "where a person works"
        DEAL = "deal", "what may be sold to a person"

    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    to_kind = models.CharField(max_length=32)
    to_record_id = models.BigIntegerField()
    rule = models.CharField(max_length=8, choices=Rule.choices)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                "kind",
                "record_id",
                "to_kind",
                "to_record_id",
                "rule",
                name="companion_once",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "to_kind", "to_record_id"], name="companion_to"),
        ]


class Link(tenancy.TenantModel):
    """One message is (or by decision is not) about one record.

    ``pinned`` rows are decided, by a person or by a plug-in's rule, and are never changed by
    matching; a pinned row with ``linked`` false keeps the two apart for good. ``rule`` names a
    plug-in's. ``via`` is the record whose companion this one is, where that is the reason.
    ``sent_at`` is the message's, for newest-first reads; the database fills it in, whoever writes
    the row.
    """

    class Reason(models.TextChoices):
        THREAD = "thread", "in the same thread as linked mail"
        SENDER = "sender", "sent by"
        RECIPIENT = "recipient", "sent to"
        COMPANY = "company", "the company of somebody it is about"
        DEAL = "deal", "an open deal of somebody it is about"
        MANUAL = "manual", "linked by hand"
        FILED = "filed", "filed by a rule"

    message = tenancy.foreign_key("mail.Message")
    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    linked = models.BooleanField(default=True)
    pinned = models.BooleanField(default=False)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    address = tenancy.foreign_key("mail.Address", null=True)
    via_kind = models.CharField(max_length=32, default="", db_default="")
    via_record_id = models.BigIntegerField(null=True)
    made_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    rule = models.CharField(max_length=200, default="", db_default="")
    made_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "message", "kind", "record_id", name="link_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "kind", "record_id", "-sent_at", "-message"],
                name="link_newest",
            ),
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


class Activity(tenancy.TenantModel):
    """When a record last had mail (derived), an entry in its journal, and a change. Mail and
    entries are activity: without any, ``last_at`` is when it was made or changed.
    """

    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    changed_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True)
    entry_at = models.DateTimeField(null=True)
    last_at = models.GeneratedField(
        expression=Coalesce(Greatest("mail_at", "entry_at"), "changed_at"),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "kind", "record_id", name="activity_once"),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "kind", "-last_at", "-record_id"], name="activity_newest"
            ),
        ]


def all_kinds() -> list[str]:
    """Every kind of address."""
    return list(RecordAddress.Kind)


def roles_in_standard() -> list[str]:
    """Where addresses count on received mail until somebody decides."""
    return ["from", "to", "cc"]


def roles_out_standard() -> list[str]:
    """Where addresses count on sent mail until somebody decides."""
    return ["to", "cc", "bcc"]


def flat_first_standard() -> list[str]:
    """Whose pages open with single messages until somebody decides."""
    return ["crm.company"]


class LinkPolicy(tenancy.TenantModel):
    """What a workspace files mail by: one row of choices, as :class:`mail.models.Policy` is.

    A field is one of a closed set of choices, or a set of them; no ``match_types`` at all means
    every kind of record there is.
    """

    class Role(models.TextChoices):
        FROM = "from", "From"
        TO = "to", "To"
        CC = "cc", "Cc"
        BCC = "bcc", "Bcc"

    class Mode(models.TextChoices):
        ALL = "all", "Every record that matches"
        FIRST = "first", "One record: the first that matches"

    class Deals(models.TextChoices):
        LATEST = "latest", "The latest deal that was open when the message was sent"
        ALL = "all", "Every deal that was open when the message was sent"
        VIA_CONTACT = "via_contact", "None. A deal's page shows the mail of its contacts"
        NONE = "none", "None. A deal's page shows only what was linked to it by hand"

    match_types = ArrayField(
        models.CharField(max_length=32),
        default=list,
        verbose_name="Kinds of record",
        help_text="Which kinds of record are matched by their addresses. What follows from a "
        "person, their company and deals, is chosen below.",
    )
    match_kinds = ArrayField(
        models.CharField(max_length=10, choices=RecordAddress.Kind.choices),
        default=all_kinds,
        verbose_name="Addresses",
        help_text="Which addresses of a record count. They are compared whole: a domain in common "
        "never links a person.",
    )
    roles_in = ArrayField(
        models.CharField(max_length=4, choices=Role.choices),
        default=roles_in_standard,
        verbose_name="Received mail is matched by",
        help_text="Where an address has to stand on a message that came in.",
    )
    roles_out = ArrayField(
        models.CharField(max_length=4, choices=Role.choices),
        default=roles_out_standard,
        verbose_name="Sent mail is matched by",
        help_text="Where an address has to stand on a message that went out. Whom a message was "
        "sent to in Bcc is never shown to others.",
    )
    link_mode = models.CharField(
        "When several records match",
        max_length=16,
        choices=Mode.choices,
        default=Mode.ALL,
        help_text="The first is that of the conversation, then the sender's, then the recipients' "
        "in their order.",
    )
    inherit_thread = models.CharField(
        "Answers in a conversation",
        max_length=16,
        choices=Switch.choices,
        default=Switch.ON,
        help_text="Whether an answer is filed where its conversation is, if whoever wrote it took "
        "part there before.",
    )
    deal_mode = models.CharField(
        "Deals of a person",
        max_length=16,
        choices=Deals.choices,
        default=Deals.LATEST,
        help_text="Which deals a person's mail is filed under as well. A deal that is closed keeps "
        "the mail of its time.",
    )
    link_company = models.CharField(
        "The company of a person",
        max_length=16,
        choices=Switch.choices,
        default=Switch.ON,
        help_text="Whether a person's mail is filed under the company they work at as well.",
    )
    timeline_first = ArrayField(
        models.CharField(max_length=32),
        default=list,
        verbose_name="Pages that open with the timeline",
        help_text="Of which records: mail stands there among calls, meetings, notes, tasks and "
        "changes. Everybody can choose another way to look at it.",
    )
    flat_first = ArrayField(
        models.CharField(max_length=32),
        default=flat_first_standard,
        verbose_name="Pages that open with single messages",
        help_text="Of which records: one list of messages, received and sent. Where both are "
        "chosen, the timeline opens; all other pages open with conversations.",
    )
    version = models.PositiveIntegerField(default=0)
    changed_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("workspace_id", name="link_policy_once")]

    @classmethod
    def field(cls, name: str) -> Any:
        """One of the fields that can be chosen: its label, sentence of help and choices."""
        return cls._meta.get_field(name)


class Decision(tenancy.TenantModel):
    """What one act of linking by hand changed, so that it can be undone for a day.

    ``before`` holds the links that the messages had with these records; ``address`` is one that
    the act added to the first record, so that future mail is linked too.
    """

    made_by = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    message_ids = ArrayField(models.BigIntegerField())
    kinds = ArrayField(models.CharField(max_length=32))
    record_ids = ArrayField(models.BigIntegerField())
    before = models.JSONField()
    address = models.CharField(max_length=320, blank=True)


class Unlinked(tenancy.TenantModel):
    """A message about no record, as it lies in one mailbox, with the outside person it is with.

    Derived from links, copies and participants, see :mod:`mailweave.linking.unlinked`;
    ``dismissed`` from :class:`Dismissal`.
    """

    mailbox = tenancy.foreign_key("mail.Mailbox")
    message = tenancy.foreign_key("mail.Message")
    person = tenancy.foreign_key("mail.Address")
    sent_at = models.DateTimeField()
    dismissed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "message", "mailbox", name="unlinked_once"),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "mailbox", "-sent_at", "-message"],
                name="unlinked_newest",
                condition=models.Q(dismissed=False),
                include=["person"],
            ),
            models.Index(
                fields=["workspace_id", "mailbox", "person", "-sent_at", "-message"],
                name="unlinked_person",
            ),
        ]


class Dismissal(tenancy.TenantModel):
    """A person's "not this": unlinked mail with somebody, or one message of it, that need not be
    shown again. It holds for all who own the mailbox; ``act`` is one for all that was dismissed
    with one click."""

    mailbox = tenancy.foreign_key("mail.Mailbox")
    person = tenancy.foreign_key("mail.Address")
    message = tenancy.foreign_key("mail.Message", null=True)
    act = models.UUIDField()
    made_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                "mailbox",
                "person",
                "message",
                name="dismissal_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "mailbox", "-made_at"], name="dismissal_newest"),
        ]
