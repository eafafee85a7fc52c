"""Who looks after the records there are, told to linking."""

from importlib import import_module

from django.db import migrations

DERIVE: str = import_module("mailweave.linking.migrations.0011_owners").DERIVE
TELL = """
        INSERT INTO linking_recordowner (workspace_id, kind, record_id, owner_id)
        SELECT ws, 'support.{kind}', id, owner_id FROM support_{kind}
        WHERE workspace_id = ws AND owner_id IS NOT NULL
        ON CONFLICT DO NOTHING;"""
FILL = """
DO $$
DECLARE
    ws bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR ws IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', ws::text, true);{tell}
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END $$;
"""
KINDS = ("ticket",)
FILL = FILL.replace("{tell}", "".join(TELL.replace("{kind}", one) for one in KINDS))


class Migration(migrations.Migration):
    dependencies = [("support", "0003_parting"), ("linking", "0012_left_out")]

    operations = [migrations.RunSQL(FILL + DERIVE, migrations.RunSQL.noop)]
