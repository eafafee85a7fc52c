"""Fences around the engine's rows, and the one question asked across workspaces: who is due?"""

from django.db import migrations

from mailweave.kit import tenancy

TABLES = ["sync_sync", "sync_backfill", "sync_oauthclient", "sync_authorization"]
REFERENCES = [
    ("sync_sync", "mailbox_id", "mail_mailbox"),
    ("sync_backfill", "mailbox_id", "mail_mailbox"),
    ("sync_authorization", "reconnect_id", "mail_mailbox"),
]

# Workspace by workspace, each under its own fence: ids only, whoever owns the tables.
DUE = """
CREATE FUNCTION sync_due(moment timestamptz)
RETURNS TABLE (workspace_id bigint, sync_id bigint)
LANGUAGE plpgsql AS $$
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT s.workspace_id, s.id FROM sync_sync s
            WHERE s.workspace_id = one AND s.due_at <= moment;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("sync", "0001_initial"), ("mail", "0002_walls")]

    operations = [
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.reference(*reference) for reference in REFERENCES],
        migrations.RunSQL(DUE, "DROP FUNCTION sync_due(timestamptz);"),
    ]
