"""When something last happened to a record: its mail, as far as mailboxes are not private."""

import django.db.models.functions.comparison
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

# Workspace by workspace, each under its own fence.
STORED = """
DO $$
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        INSERT INTO linking_activity (workspace_id, kind, record_id, mail_at)
        SELECT one, t.kind, t.record_id, max(least(t.last_at, tm.last_at))
        FROM linking_threadrecord t
        JOIN mail_threadmailbox tm ON tm.workspace_id = one AND tm.thread_id = t.thread_id
        JOIN mail_mailbox b ON b.workspace_id = one AND b.id = tm.mailbox_id
        WHERE t.workspace_id = one AND b.sharing <> 'private'
        GROUP BY t.kind, t.record_id;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("linking", "0005_newest"),
        ("mail", "0011_delegate"),
    ]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "workspace_id",
                    models.BigIntegerField(default=mailweave.kit.scope.current, editable=False),
                ),
                ("kind", models.CharField(max_length=32)),
                ("record_id", models.BigIntegerField()),
                ("changed_at", models.DateTimeField(null=True)),
                ("mail_at", models.DateTimeField(null=True)),
                (
                    "last_at",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Coalesce(
                            "mail_at", "changed_at"
                        ),
                        output_field=models.DateTimeField(null=True),
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "kind", "-last_at", "-record_id"],
                        name="activity_newest",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("kind"),
                        models.F("record_id"),
                        name="activity_once",
                    )
                ],
            },
        ),
        tenancy.owner("linking_activity"),
        tenancy.fence("linking_activity"),
        migrations.RunSQL(STORED, migrations.RunSQL.noop),
    ]
