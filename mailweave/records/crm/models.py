"""Contact, Company, Lead, Deal."""

from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from mailweave.kit import clock, tenancy


def lower_name() -> Any:
    """The name as lists are ordered by it, kept by the database."""
    return models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=800), db_persist=True
    )


def owner_key() -> Any:
    """Who of us looks after a record."""
    return models.ForeignKey(
        "people.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )


class Company(tenancy.TenantModel):
    """An organisation people work for. It may be part of another, never of itself."""

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    domain = models.CharField(max_length=253, blank=True)
    parent = tenancy.foreign_key("crm.Company", null=True, blank=True)
    owner = owner_key()
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "sort_name", "id"], name="company_name"),
            models.Index(fields=["workspace_id", "parent"], name="company_parent"),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyAddress(tenancy.TenantModel):
    """One address of a company, normalised: its main one, its portal's, or a further one."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Main"
        PORTAL = "portal", "Portal"
        ADDITIONAL = "additional", "Additional"

    company = tenancy.foreign_key("crm.Company")
    address = models.CharField(max_length=320)
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "company", "address", name="company_address_once"
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "address"], name="company_address_find")]


class Contact(tenancy.TenantModel):
    """A person the workspace deals with. Their addresses are what mail is matched by."""

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    title = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    company = tenancy.foreign_key("crm.Company", null=True, blank=True)
    owner = owner_key()
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "sort_name", "id"], name="contact_name"),
            models.Index(fields=["workspace_id", "company"], name="contact_company"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactAddress(tenancy.TenantModel):
    """One address of a contact, normalised; exactly one of a contact's is primary."""

    class Kind(models.TextChoices):
        PRIMARY = "primary", "Primary"
        ADDITIONAL = "additional", "Additional"

    contact = tenancy.foreign_key("crm.Contact")
    address = models.CharField(max_length=320)
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id", "contact", "address", name="contact_address_once"
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "address"], name="contact_address_find")]


class Lead(tenancy.TenantModel):
    """Somebody who may become a contact, and with what a deal might begin.

    ::

        new <-> working <-> qualified <-> unqualified      as people set it
          any of them --> converted_at, contact            once; the lead stays to tell of it
    """

    class Status(models.TextChoices):
        NEW = "new", "New"
        WORKING = "working", "Working"
        QUALIFIED = "qualified", "Qualified"
        UNQUALIFIED = "unqualified", "Unqualified"

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    title = models.CharField(max_length=200, blank=True)
    company_name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.NEW)
    source = models.CharField(max_length=100, blank=True)
    owner = owner_key()
    note = models.TextField(blank=True)
    contact = tenancy.foreign_key("crm.Contact", null=True, blank=True)
    converted_at = models.DateTimeField(null=True, blank=True)
    converted_by = owner_key()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "sort_name", "id"], name="lead_name"),
            models.Index(fields=["workspace_id", "contact"], name="lead_contact"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """The status in words, as long as it has one."""
        return "Converted" if self.converted_at else str(self.Status(self.status).label)


class LeadAddress(tenancy.TenantModel):
    """One address of a lead, normalised; exactly one of a lead's is primary."""

    lead = tenancy.foreign_key("crm.Lead")
    address = models.CharField(max_length=320)
    kind = models.CharField(max_length=10, choices=ContactAddress.Kind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "lead", "address", name="lead_address_once"),
        ]
        indexes = [models.Index(fields=["workspace_id", "address"], name="lead_address_find")]


def today() -> date:
    """The day in UTC."""
    return clock.now().date()


class Deal(tenancy.TenantModel):
    """Something that may be sold.

    Open from the day ``opened_on`` (UTC), which people may set, until ``closed_at``, when it was
    won or lost: mail of its contacts is about it if it was sent in that time.
    """

    class Stage(models.TextChoices):
        NEW = "new", "New"
        QUALIFIED = "qualified", "Qualified"
        PROPOSAL = "proposal", "Proposal"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    CLOSED = (Stage.WON, Stage.LOST)

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    company = tenancy.foreign_key("crm.Company", null=True, blank=True)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.NEW)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    owner = owner_key()
    opened_on = models.DateField(default=today)
    closed_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "sort_name", "id"], name="deal_name"),
            models.Index(fields=["workspace_id", "company"], name="deal_company"),
            models.Index(fields=["workspace_id", "stage"], name="deal_stage"),
        ]

    def __str__(self) -> str:
        return self.name


class DealContact(tenancy.TenantModel):
    """A contact of a deal; at most one of a deal's is primary."""

    deal = tenancy.foreign_key("crm.Deal")
    contact = tenancy.foreign_key("crm.Contact")
    primary = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "deal", "contact", name="deal_contact_once"),
            models.UniqueConstraint(
                "workspace_id",
                "deal",
                condition=models.Q(primary=True),
                name="deal_contact_one_primary",
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "contact"], name="deal_contact_contact")]


class Merged(tenancy.TenantModel):
    """A record that has become part of another of its kind: where its old address leads to."""

    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    into_id = models.BigIntegerField()
    name = models.CharField(max_length=200)
    made_by = owner_key()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("workspace_id", "kind", "record_id", name="merged_once"),
        ]
        indexes = [models.Index(fields=["workspace_id", "kind", "into_id"], name="merged_into")]


class Import(tenancy.TenantModel):
    """A file of contacts, companies or leads on its way in; see :mod:`.importing`."""

    class State(models.TextChoices):
        MAPPING = "mapping", "Waits for you"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    OPEN = (State.MAPPING, State.RUNNING)
    OWNER = "created_by"

    kind = models.CharField(max_length=10)
    filename = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    columns = ArrayField(models.CharField(max_length=200))
    mapping = ArrayField(models.CharField(max_length=20, blank=True))
    state = models.CharField(max_length=8, choices=State.choices, default=State.MAPPING)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    made = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    created_by = owner_key()
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)


class ImportRow(tenancy.TenantModel):
    """A row of a file that waits to be imported, or could not be: then ``fault`` says why."""

    origin = tenancy.foreign_key("crm.Import")
    line = models.PositiveIntegerField()
    cells = ArrayField(models.TextField())
    fault = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "origin", "line"], name="import_row_line")]
