"""Contact, Company, Deal."""

from typing import Any

from django.db import models
from django.db.models.functions import Lower

from mailweave.kit import tenancy


def lower_name() -> Any:
    """The name as lists are ordered by it, kept by the database."""
    return models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=800), db_persist=True
    )


class Company(tenancy.TenantModel):
    """An organisation people work for."""

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    domain = models.CharField(max_length=253, blank=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "sort_name", "id"], name="company_name")]

    def __str__(self) -> str:
        return self.name


class Contact(tenancy.TenantModel):
    """A person the workspace deals with. Their addresses are what mail is matched by."""

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    title = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    company = tenancy.foreign_key("crm.Company", null=True, blank=True)
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


class Deal(tenancy.TenantModel):
    """Something that may be sold."""

    class Stage(models.TextChoices):
        NEW = "new", "New"
        QUALIFIED = "qualified", "Qualified"
        PROPOSAL = "proposal", "Proposal"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    name = models.CharField(max_length=200)
    sort_name = lower_name()
    company = tenancy.foreign_key("crm.Company", null=True, blank=True)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.NEW)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
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
