"""Sync, Backfill, Subscription, Audit, OAuthClient, and what hangs on them: the engine's rows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import tenancy
from mailweave.kit.lease import Leased
from mailweave.sync.seen import Marking as Marking  # noqa: PLC0414 - a model like the others
from mailweave.sync.seen import SeenMark as SeenMark  # noqa: PLC0414 - likewise


class Sync(tenancy.TenantModel, Leased):
    """The engine's hands on one mailbox: what is wanted, what holds it back, how it went.

    ``problem`` is empty when all is well. ``held_until`` is a wait the provider asked for, or our
    back-off; ``pause`` between polls is the policy's.
    """

    class Problem(models.TextChoices):
        RECONNECT = "reconnect", "Reconnect needed"
        CONSENT = "consent", "Permission missing"
        ADMIN = "admin", "An administrator must allow it"
        BLOCKED = "blocked", "Blocked by the organisation"
        OPERATOR = "operator", "The operator must act"
        ACCESS = "access", "No access"
        FAILED = "failed", "Sync failed"

    mailbox = tenancy.foreign_key("mail.Mailbox")
    cursor = models.TextField(blank=True)
    following_since = models.DateTimeField(null=True, help_text="when the round of changes began")
    since = models.DateTimeField(null=True, help_text="how far back we reach; null: everything")
    wanted_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    held_reason = models.CharField(max_length=300, blank=True)
    problem = models.CharField(max_length=10, blank=True, choices=Problem.choices)
    problem_text = models.CharField(max_length=500, blank=True)
    problem_since = models.DateTimeField(null=True)
    claims = models.BinaryField(default=b"", help_text="to ask at the next sign-in; sealed")
    failures = models.PositiveIntegerField(default=0)
    last_synced_at = models.DateTimeField(null=True)
    last_new = models.PositiveIntegerField(default=0)
    last_changed = models.PositiveIntegerField(default=0)
    listing = models.PositiveIntegerField(default=0)
    reconcile_cursor = models.TextField(blank=True)
    reconcile_token = models.CharField(max_length=255, blank=True)
    reconcile_listed = models.BooleanField(default=False)
    audit_at = models.DateTimeField(null=True, help_text="when to audit next; null: once it can be")
    budget_level = models.FloatField(default=0)
    budget_at = models.DateTimeField(null=True)
    units_spent = models.BigIntegerField(default=0)
    push_problem = models.CharField(max_length=500, blank=True)
    push_retry_at = models.DateTimeField(null=True, help_text="subscriptions are let be until then")
    again = models.PositiveSmallIntegerField(
        null=True, help_text="how often an empty round was asked again; null: no notice to check"
    )
    again_at = models.DateTimeField(null=True)
    wrote_last = models.BooleanField(default=False, db_default=False)
    """The last step wrote marks: if anything else waits, it is its turn."""
    address_seen = models.BigIntegerField(default=0, db_default=0)
    """The newest address of a record with which mail that was left out has been compared."""
    marks_refused = models.PositiveIntegerField(default=0, db_default=0)
    """Changes of read state the provider would not take, since the last that it took."""

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "mailbox", name="sync_once"),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "due_at"],
                name="sync_due",
                condition=models.Q(due_at__isnull=False),
            ),
        ]


class Backfill(tenancy.TenantModel):
    """Reading the past of a mailbox, newest first. A mailbox has at most one that is not ended.

    ::

        running <--> paused
           |            \\--> canceled       what was stored stays; listed copies are dropped
           \\--> done                         every listed copy has left the state "listed"
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        CANCELED = "canceled", "Canceled"

    mailbox = tenancy.foreign_key("mail.Mailbox", db_index=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    range_name = models.CharField(max_length=10)
    since = models.DateTimeField(null=True)
    page_token = models.CharField(max_length=255, blank=True)
    listing_done = models.BooleanField(default=False)
    listed_count = models.PositiveIntegerField(default=0)
    known_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    stuck_count = models.PositiveIntegerField(default=0)
    estimate = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    worked_seconds = models.FloatField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                "mailbox",
                condition=models.Q(state__in=["running", "paused"]),
                name="backfill_one_at_a_time",
            ),
        ]


class Subscription(tenancy.TenantModel):
    """A provider tells us of changes to a mailbox, or to one of its folders, until it expires.

    ``made_for`` is the print of where its notices go; when that is another, it is made anew.
    """

    mailbox = tenancy.foreign_key("mail.Mailbox")
    resource = models.CharField(max_length=255, blank=True, help_text="empty: the whole mailbox")
    remote_id = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=320, help_text="the mailbox's, in lower case")
    made_for = models.CharField(max_length=32)
    made_at = models.DateTimeField(help_text="or last renewed")
    renew_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "mailbox", "resource", name="subscription_once"
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "address"], name="subscription_address")]


class Wakeup(tenancy.TenantModel):
    """A provider gave notice for a mailbox, and no round of changes has begun since.

    A row of its own, so that taking a notice never waits for a worker that holds the Sync.
    """

    mailbox = tenancy.foreign_key("mail.Mailbox")
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "mailbox", name="wakeup_once"),
        ]


class Audit(tenancy.TenantModel):
    """A check of a whole mailbox against its provider. A mailbox has at most one that is not ended.

    ::

        listing --> following --> confirming --> done
           \\------------\\--------------\\------> dropped     something changed that it builds on

    ``listing`` asks for ids, part by part; ``following`` waits for a round of changes, so that what
    merely happened meanwhile is no drift; ``confirming`` has the rest fetched or asked about.
    """

    class State(models.TextChoices):
        LISTING = "listing", "Counting what is at the provider"
        FOLLOWING = "following", "Reading what changed meanwhile"
        CONFIRMING = "confirming", "Looking at what differs"
        DONE = "done", "Done"
        DROPPED = "dropped", "Given up; begins anew"

    mailbox = tenancy.foreign_key("mail.Mailbox")
    number = models.PositiveIntegerField(help_text="the listing's, as Copy.listing notes it")
    state = models.CharField(max_length=10, choices=State.choices, default=State.LISTING)
    since = models.DateTimeField(null=True, help_text="how far back it looks; null: everything")
    roles = ArrayField(models.CharField(max_length=16), default=list)
    part = models.CharField(max_length=10, default="followed")
    page_token = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    named = models.PositiveIntegerField(default=0)
    unfollowed = models.PositiveIntegerField(default=0)
    junk = models.PositiveIntegerField(default=0)
    trash = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0, help_text="messages that differed")
    unbalanced = models.PositiveIntegerField(default=0, help_text="days that did not add up")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                "mailbox",
                condition=models.Q(ended_at=None),
                name="audit_one_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "mailbox", "id"], name="audit_latest")]


class AuditDay(tenancy.TenantModel):
    """How many messages of a day (UTC) the provider named in an audit; no day: it is not known."""

    audit = tenancy.foreign_key("sync.Audit")
    day = models.DateField(null=True)
    named = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "audit", "day", nulls_distinct=False, name="audit_day_once"
            ),
        ]


class Finding(tenancy.TenantModel):
    """A message in which an audit found the provider and us to differ, though nobody had told us.

    Without ``confirmed_at`` it is a candidate: news on its way may still explain it.
    """

    class What(models.TextChoices):
        UNKNOWN = "unknown", "It was at the provider, and unknown here."
        GONE = "gone", "It was marked as deleted here, and is at the provider."
        SKIPPED = "skipped", "It was left out here, and lies in a followed folder."
        MISSING = "missing", "It was here, and is not at the provider any more."
        NAMED = "named", "No difference: its day is not known yet."

    audit = tenancy.foreign_key("sync.Audit")
    mailbox = tenancy.foreign_key("mail.Mailbox")
    remote_id = models.CharField(max_length=255)
    remote_thread_id = models.CharField(max_length=255)
    received_at = models.DateTimeField(null=True)
    what = models.CharField(max_length=8, choices=What.choices)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "audit", "remote_id", name="finding_once"),
        ]
        indexes = [models.Index(fields=["workspace_id", "mailbox", "id"], name="finding_latest")]


class Purge(tenancy.TenantModel):
    """A rule that became stricter, applied to what is stored: a slice at a time, message by message
    from ``position`` on, so that it goes on where it stopped.

    ``removed`` counts what was taken out (texts, lists of attachments, messages, links) and
    ``freed`` the bytes. One of a kind is open at a time; of a list, one for each entry.
    """

    class What(models.TextChoices):
        BODY = "body", "Text of messages"
        ATTACHMENTS = "attachments", "Names of attachments"
        NEVER = "never", "Mail with somebody on a never-sync list"
        INTERNAL = "internal", "Links of mail among colleagues"
        UNMATCHED = "unmatched", "Mail about no record"

    what = models.CharField(max_length=16, choices=What.choices)
    entry = tenancy.foreign_key("mail.NeverSync", null=True)
    position = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    freed = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                "what",
                condition=models.Q(ended_at__isnull=True) & ~models.Q(what="never"),
                name="purge_one_at_a_time",
            ),
        ]


class Refill(tenancy.TenantModel):
    """Fetching again, for one mailbox, what was not kept of messages before: from ``position`` on,
    by the number of the copy."""

    mailbox = tenancy.foreign_key("mail.Mailbox")
    position = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                "mailbox",
                condition=models.Q(ended_at__isnull=True),
                name="refill_one_at_a_time",
            ),
        ]


class OAuthClient(tenancy.TenantModel):
    """An OAuth client a workspace's admin typed; the secret is sealed and never shown again."""

    kind = models.CharField(max_length=16)
    client_id = models.CharField(max_length=255)
    client_secret = models.BinaryField(default=b"")
    changed_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "kind", name="oauth_client_once"),
        ]


class Authorization(tenancy.TenantModel):
    """A connection somebody began: what the answer of the provider must match. Used once."""

    state_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    verifier = models.BinaryField(default=b"")
    nonce = models.CharField(max_length=64)
    session_hash = models.CharField(max_length=64)
    reconnect = tenancy.foreign_key("mail.Mailbox", null=True)
    shared = models.BooleanField(default=False, help_text="also to open shared mailboxes")
    made_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
    claims = models.BinaryField(default=b"", help_text="to ask at the next sign-in; sealed")


class Delegate(tenancy.TenantModel):
    """Whose permission may open a shared mailbox: added by that person, for any of the times it is
    needed. ``Mailbox.delegate`` is the one in use.
    """

    mailbox = tenancy.foreign_key("mail.Mailbox")
    delegate = tenancy.foreign_key("mail.Mailbox")

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "mailbox", "delegate", name="delegate_once"),
        ]


class ConsentRequest(tenancy.TenantModel):
    """A person waits for an administrator of their organisation to allow us at the provider.

    ``state_hash`` is what the administrator's way back is recognised by; ``state`` is sealed, so
    that the link can be shown again. A person has one a kind; it ends when they connect.
    """

    user = models.ForeignKey("people.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    state_hash = models.CharField(max_length=64, unique=True)
    state = models.BinaryField(default=b"")
    made_at = models.DateTimeField()
    shared = models.BooleanField(default=False, help_text="also to open shared mailboxes")
    granted_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "user", "kind", name="consent_request_once"),
        ]
