"""Policy and NeverSync: what a workspace decided to keep, and what it never wants."""

from django.db import models

from mailweave.kit import clock, tenancy


class Switch(models.TextChoices):
    """A thing that is done, or is not."""

    ON = "on", "On"
    OFF = "off", "Off"


class Policy(tenancy.TenantModel):
    """What one workspace keeps of its mail and how its mailboxes are looked after: one row.

    A field is a closed set of choices, a sentence of help, and the default that serves people
    best; pages are made of these. A mailbox may narrow what stands here, never widen it.
    """

    class Body(models.TextChoices):
        FULL = "full", "All of it"
        SNIPPET = "snippet", "The first 200 characters"
        HEADERS = "headers", "Only who, when and the subject"

    class Attachments(models.TextChoices):
        METADATA = "metadata", "Their names, types and sizes"
        FLAG = "flag", "Only how many there are"

    class Poll(models.TextChoices):
        AUTO = "auto", "Every 5 minutes; every hour where the provider tells us by itself"
        FIVE = "5", "Every 5 minutes"
        FIFTEEN = "15", "Every 15 minutes"
        SIXTY = "60", "Every hour"
        OFF = "off", "Once a day"

    class Folders(models.TextChoices):
        ANY = "any", "Inbox and Sent, or all folders: each owner chooses"
        MAIN = "main", "Inbox and Sent, and no others"

    class Internal(models.TextChoices):
        HIDE = "hide", "Left out of records"
        SHOW = "show", "Shown on records"

    class Unmatched(models.TextChoices):
        KEEP = "keep", "Kept in Mail, and not listed"
        QUEUE = "queue", "Listed under Unlinked, until somebody links or dismisses it"
        DISCARD = "discard", "Not kept here"

    class AutoContacts(models.TextChoices):
        NONE = "none", "Nobody: people add contacts"
        TWO_WAY = "two_way", "Who has written to us, and we to them"
        ALL = "all", "Everybody who writes to us, or to whom we write"

    body = models.CharField(
        "Text of messages",
        max_length=16,
        choices=Body.choices,
        default=Body.FULL,
        help_text="What is not kept is not searched either. The mailbox always has all of it.",
    )
    attachments = models.CharField(
        "Attachments",
        max_length=16,
        choices=Attachments.choices,
        default=Attachments.METADATA,
        help_text="Files are never stored here: they come from the mailbox when somebody opens "
        "one, which needs their names.",
    )
    push = models.CharField(
        "Notices from providers",
        max_length=16,
        choices=Switch.choices,
        default=Switch.ON,
        help_text="Google and Microsoft tell us the moment there is new mail, where this "
        "installation can be reached from outside. A notice holds no mail.",
    )
    poll_minutes = models.CharField(
        "Looking for new mail",
        max_length=16,
        choices=Poll.choices,
        default=Poll.AUTO,
        help_text="Every mailbox is looked at once a day in any case. Sync now always works.",
    )
    folders = models.CharField(
        "Folders",
        max_length=16,
        choices=Folders.choices,
        default=Folders.ANY,
        help_text="Drafts, spam and deleted mail are never taken in. What is stored already stays.",
    )
    read_writeback = models.CharField(
        "Read and unread",
        max_length=16,
        choices=Switch.choices,
        default=Switch.ON,
        help_text="Whether what people read here is marked as read in their mailbox too. What they "
        "read there is always shown here.",
    )
    internal_mail = models.CharField(
        "Mail among colleagues",
        max_length=16,
        choices=Internal.choices,
        default=Internal.HIDE,
        help_text="Mail that only people of your own domains and mailboxes took part in. It is "
        "stored and found in Mail either way; what was linked by hand stays linked.",
    )
    unmatched = models.CharField(
        "Mail about no record",
        max_length=16,
        choices=Unmatched.choices,
        default=Unmatched.QUEUE,
        help_text="Only its owner sees such mail, whatever is chosen. What is not kept stays in "
        "the mailbox; we note its number there, and marks of the addresses on it that nobody can "
        "read back, so that it is fetched once a record has one of them. Mail that somebody "
        "linked, unlinked or asked for is kept in any case.",
    )
    auto_create_contacts = models.CharField(
        "Who becomes a contact by itself",
        max_length=16,
        choices=AutoContacts.choices,
        default=AutoContacts.NONE,
        help_text="Outside people whose mail arrives from now on and who are no record yet. Never "
        "from private mailboxes, of automatic mail and newsletters, or where nobody answers. Mail "
        "with contacts can be seen as far as the mailbox is shared.",
    )
    version = models.PositiveIntegerField(default=0)
    changed_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("workspace_id", name="policy_once")]

    @classmethod
    def choices(cls) -> "tuple[models.CharField[str, str], ...]":
        """The fields that can be chosen, in the order of the page."""
        found = (one for one in cls._meta.concrete_fields if isinstance(one, models.CharField))
        return tuple(found)


class NeverSync(tenancy.TenantModel):
    """An address or a domain whose mail is never taken in.

    With a ``user`` it counts in the mailboxes that person owns, without one in all of the
    workspace. ``value`` is normalised; a domain stands for its subdomains too.
    """

    class Kind(models.TextChoices):
        ADDRESS = "address", "Address"
        DOMAIN = "domain", "Domain"

    user = models.ForeignKey("people.User", null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(max_length=320)
    made_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "value", "user", name="never_sync_once", nulls_distinct=False
            ),
        ]
