"""Records that were there before have their last change as the moment something last happened."""

from django.db import migrations

# Workspace by workspace, each under its own fence.
STORED = """
DO $$
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        INSERT INTO linking_activity AS a (workspace_id, kind, record_id, changed_at)
        SELECT one, 'crm.contact', id, updated_at FROM crm_contact WHERE workspace_id = one
        UNION ALL
        SELECT one, 'crm.company', id, updated_at FROM crm_company WHERE workspace_id = one
        UNION ALL SELECT one, 'crm.lead', id, updated_at FROM crm_lead WHERE workspace_id = one
        UNION ALL SELECT one, 'crm.deal', id, updated_at FROM crm_deal WHERE workspace_id = one
        ON CONFLICT (workspace_id, kind, record_id) DO UPDATE
            SET changed_at = excluded.changed_at;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0005_leads"), ("linking", "0006_activity")]

    operations = [migrations.RunSQL(STORED, migrations.RunSQL.noop)]
