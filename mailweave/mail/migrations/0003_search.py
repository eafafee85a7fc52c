"""The search index, and the one function that reads it.

Row-level security keeps full-text operators from using an index (they are not leakproof), so
the search runs as the table's owner, who may read every row, with the workspace written into
the query. Nobody else gets past the fence.
"""

from django.db import migrations

FENCE = """
ALTER TABLE mail_searchrow ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_searchrow FORCE ROW LEVEL SECURITY;
DO $$ BEGIN
    EXECUTE format('CREATE POLICY owner_reads ON mail_searchrow FOR SELECT TO %I USING (true)',
                   current_user);
END $$;
CREATE POLICY workspace ON mail_searchrow
    USING (workspace_id = nullif(current_setting('mailweave.workspace_id', true), '')::bigint)
    WITH CHECK (workspace_id = nullif(current_setting('mailweave.workspace_id', true), '')::bigint);
DO $$ BEGIN
    -- With btree_gin a search never touches other workspaces' index entries; without, it still works.
    CREATE EXTENSION IF NOT EXISTS btree_gin;
    CREATE INDEX searchrow_words ON mail_searchrow USING gin (workspace_id, words);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    CREATE INDEX searchrow_words ON mail_searchrow USING gin (words);
END $$;
CREATE INDEX searchrow_newest ON mail_searchrow (workspace_id, sent_at DESC, message_id DESC);
"""


class Migration(migrations.Migration):
    dependencies = [("mail", "0002_walls")]

    operations = [migrations.RunSQL(FENCE, migrations.RunSQL.noop)]
