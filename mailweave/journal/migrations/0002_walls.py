"""Fences around what was written down."""

from django.db import migrations

from mailweave.kit import tenancy

TABLES = ["journal_entry", "journal_entryrecord"]


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]

    operations = [
        tenancy.target("journal_entry"),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        tenancy.reference("journal_entryrecord", "entry_id", "journal_entry"),
    ]
