"""Fences around the archive, references that cannot leave a workspace, and the search index."""

from django.db import migrations

from mailweave.kit import tenancy

TABLES = [
    "mail_mailbox",
    "mail_credential",
    "mail_folder",
    "mail_imageconsent",
    "mail_address",
    "mail_message",
    "mail_body",
    "mail_participant",
    "mail_part",
    "mail_copy",
    "mail_thread",
    "mail_threadmailbox",
    "mail_remotethread",
    "mail_threadkey",
]
TARGETS = ["mail_mailbox", "mail_address", "mail_message", "mail_thread"]
REFERENCES = [
    ("mail_credential", "mailbox_id", "mail_mailbox"),
    ("mail_folder", "mailbox_id", "mail_mailbox"),
    ("mail_imageconsent", "sender_id", "mail_address"),
    ("mail_message", "thread_id", "mail_thread"),
    ("mail_message", "sender_id", "mail_address"),
    ("mail_body", "message_id", "mail_message"),
    ("mail_participant", "message_id", "mail_message"),
    ("mail_participant", "address_id", "mail_address"),
    ("mail_part", "message_id", "mail_message"),
    ("mail_searchrow", "message_id", "mail_message"),
    ("mail_copy", "mailbox_id", "mail_mailbox"),
    ("mail_copy", "message_id", "mail_message"),
    ("mail_copy", "thread_id", "mail_thread"),
    ("mail_threadmailbox", "thread_id", "mail_thread"),
    ("mail_threadmailbox", "mailbox_id", "mail_mailbox"),
    ("mail_threadmailbox", "last_message_id", "mail_message"),
    ("mail_remotethread", "mailbox_id", "mail_mailbox"),
    ("mail_remotethread", "thread_id", "mail_thread"),
    ("mail_threadkey", "thread_id", "mail_thread"),
]


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_initial"), ("people", "0002_walls")]

    operations = [
        tenancy.owner("mail_mailbox"),
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.target(table) for table in TARGETS],
        *[tenancy.reference(*reference) for reference in REFERENCES],
    ]
