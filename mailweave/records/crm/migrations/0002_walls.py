"""Fences around the CRM's rows, and references that cannot leave a workspace."""

from django.db import migrations

from mailweave.kit import tenancy

TABLES = ["crm_company", "crm_contact", "crm_contactaddress", "crm_deal", "crm_dealcontact"]
TARGETS = ["crm_company", "crm_contact", "crm_deal"]
REFERENCES = [
    ("crm_contactaddress", "contact_id", "crm_contact"),
    ("crm_dealcontact", "deal_id", "crm_deal"),
    ("crm_dealcontact", "contact_id", "crm_contact"),
]


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial"), ("people", "0002_walls")]

    operations = [
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.target(table) for table in TARGETS],
        *[tenancy.reference(*reference) for reference in REFERENCES],
        tenancy.reference("crm_contact", "company_id", "crm_company", on_delete="SET NULL"),
        tenancy.reference("crm_deal", "company_id", "crm_company", on_delete="SET NULL"),
    ]
