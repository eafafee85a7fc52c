"""Fences around support's rows, and references that cannot leave a workspace."""

from django.db import migrations

from mailweave.kit import tenancy

TABLES = [
    "support_desk",
    "support_ticket",
    "support_ticketaddress",
    "support_processor",
    "support_processoragent",
    "support_reading",
    "support_looker",
]
TARGETS = ["support_ticket", "support_processor"]
REFERENCES = [
    ("support_ticketaddress", "ticket_id", "support_ticket", "CASCADE"),
    ("support_looker", "ticket_id", "support_ticket", "CASCADE"),
    ("support_ticket", "merged_into_id", "support_ticket", "CASCADE"),
    ("support_ticket", "follows_id", "support_ticket", "SET NULL"),
    ("support_ticket", "named_id", "support_ticket", "SET NULL"),
    ("support_ticket", "processor_id", "support_processor", "SET NULL"),
    ("support_processor", "mailbox_id", "mail_mailbox", "CASCADE"),
    ("support_processoragent", "processor_id", "support_processor", "CASCADE"),
    ("support_reading", "message_id", "mail_message", "CASCADE"),
    ("support_reading", "mailbox_id", "mail_mailbox", "CASCADE"),
    ("support_reading", "processor_id", "support_processor", "SET NULL"),
    ("support_reading", "ticket_id", "support_ticket", "SET NULL"),
]


class Migration(migrations.Migration):
    dependencies = [("support", "0001_initial"), ("mail", "0002_walls"), ("people", "0002_walls")]

    operations = [
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.target(table) for table in TARGETS],
        *[
            tenancy.reference(table, column, to, on_delete=action)
            for table, column, to, action in REFERENCES
        ],
    ]
