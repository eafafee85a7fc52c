"""Fences around links, and references that cannot leave a workspace."""

from django.db import migrations

from mailweave.kit import tenancy

TABLES = ["linking_recordaddress", "linking_link", "linking_threadrecord"]
REFERENCES = [
    ("linking_recordaddress", "address_id", "mail_address"),
    ("linking_link", "message_id", "mail_message"),
    ("linking_link", "address_id", "mail_address"),
    ("linking_threadrecord", "thread_id", "mail_thread"),
]


class Migration(migrations.Migration):
    dependencies = [("linking", "0001_initial"), ("mail", "0002_walls")]

    operations = [
        tenancy.owner("linking_recordaddress"),
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.reference(*reference) for reference in REFERENCES],
    ]
