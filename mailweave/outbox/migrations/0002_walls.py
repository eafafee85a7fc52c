"""Fences around what people write and send; who has something due."""

from django.db import migrations

from mailweave.kit import tenancy

TABLES = [
    "outbox_draft",
    "outbox_draftfile",
    "outbox_filepiece",
    "outbox_frozenpiece",
    "outbox_habit",
    "outbox_identity",
    "outbox_sendingrule",
    "outbox_signature",
    "outbox_submission",
]
# A letter outlives what it answered, and a mailbox's mail outlives nothing that was sent from it.
REFERENCES = [
    ("outbox_draft", "source_id", "mail_message", "SET NULL"),
    ("outbox_draft", "mailbox_id", "mail_mailbox", "SET NULL"),
    ("outbox_draftfile", "draft_id", "outbox_draft", "CASCADE"),
    ("outbox_draftfile", "part_id", "mail_part", "SET NULL"),
    ("outbox_filepiece", "file_id", "outbox_draftfile", "CASCADE"),
    ("outbox_frozenpiece", "submission_id", "outbox_submission", "CASCADE"),
    ("outbox_habit", "mailbox_id", "mail_mailbox", "SET NULL"),
    ("outbox_identity", "mailbox_id", "mail_mailbox", "CASCADE"),
    ("outbox_signature", "mailbox_id", "mail_mailbox", "CASCADE"),
    ("outbox_submission", "draft_id", "outbox_draft", "CASCADE"),
    ("outbox_submission", "mailbox_id", "mail_mailbox", "CASCADE"),
    ("outbox_submission", "message_id", "mail_message", "SET NULL"),
]

# Workspace by workspace, each under its own fence, as sync_due() does.
DUE = """
CREATE FUNCTION outbox_due(moment timestamptz)
RETURNS TABLE (workspace_id bigint, submission_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT s.workspace_id, s.id FROM outbox_submission s
            WHERE s.workspace_id = one AND s.due_at <= moment ORDER BY s.due_at;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0001_initial"),
        ("linking", "0011_owners"),
    ]

    operations = [
        tenancy.target("mail_part"),
        tenancy.target("outbox_draft"),
        tenancy.target("outbox_draftfile"),
        tenancy.target("outbox_submission"),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        *[
            tenancy.reference(table, column, to, on_delete=action)
            for table, column, to, action in REFERENCES
        ],
        migrations.RunSQL(DUE, "DROP FUNCTION outbox_due(timestamptz);"),
    ]
