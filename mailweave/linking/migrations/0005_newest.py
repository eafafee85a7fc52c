"""When a linked message was sent stands on its link, so that a record's mail can be read newest
first."""

import django.db.models.functions.datetime
from django.db import migrations, models

FILL = """
CREATE FUNCTION linking_link_sent_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT m.sent_at INTO NEW.sent_at FROM mail_message m
    WHERE m.workspace_id = NEW.workspace_id AND m.id = NEW.message_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER sent_at BEFORE INSERT ON linking_link
    FOR EACH ROW EXECUTE FUNCTION linking_link_sent_at();
"""
UNFILL = """
DROP TRIGGER sent_at ON linking_link;
DROP FUNCTION linking_link_sent_at();
"""
# Workspace by workspace, each under its own fence.
STORED = """
DO $$
DECLARE
    one bigint;
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        UPDATE linking_link l SET sent_at = m.sent_at FROM mail_message m
        WHERE l.workspace_id = one AND m.workspace_id = one AND m.id = l.message_id;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', '', true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("linking", "0004_unlinked"), ("mail", "0002_walls")]

    operations = [
        migrations.AddField(
            model_name="link",
            name="sent_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.RunSQL(STORED, migrations.RunSQL.noop),
        # What the update left for later would stand in the way of the indexes.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RunSQL(FILL, UNFILL),
        migrations.RemoveIndex(model_name="link", name="link_record"),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                fields=["workspace_id", "kind", "record_id", "-sent_at", "-message"],
                name="link_newest",
            ),
        ),
    ]
