"""Who looks after records, and the doors of mail that is linked already."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

# Workspace by workspace, each under its own fence. Modules that know owners tell of them in a
# migration of their own, and run this once more.
DERIVE = """
DO $$
DECLARE
    ws bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR ws IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', ws::text, true);
        UPDATE mail_message m SET doors = n.doors
        FROM (
            SELECT l.message_id, array_agg(DISTINCT d.door ORDER BY d.door) AS doors
            FROM linking_link l
            LEFT JOIN linking_recordowner o
                ON o.workspace_id = ws AND o.kind = l.kind AND o.record_id = l.record_id
            CROSS JOIN LATERAL (VALUES (split_part(l.kind, '.', 1)),
                (split_part(l.kind, '.', 1) || ':' || coalesce(o.owner_id, 0))) AS d (door)
            WHERE l.workspace_id = ws AND l.linked
            GROUP BY l.message_id
        ) n
        WHERE m.workspace_id = ws AND m.id = n.message_id AND m.doors <> n.doors;
        UPDATE mail_threadmailbox t SET doors = n.doors
        FROM (
            SELECT m.thread_id, c.mailbox_id, array_agg(DISTINCT d.door ORDER BY d.door) AS doors
            FROM mail_message m
            JOIN mail_copy c ON c.workspace_id = ws AND c.message_id = m.id
                AND c.state IN ('stored', 'gone')
            CROSS JOIN LATERAL unnest(m.doors) AS d (door)
            WHERE m.workspace_id = ws AND m.linked
            GROUP BY m.thread_id, c.mailbox_id
        ) n
        WHERE t.workspace_id = ws AND t.thread_id = n.thread_id AND t.mailbox_id = n.mailbox_id
          AND t.doors <> n.doors;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("linking", "0010_views"),
        ("mail", "0016_doors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordOwner",
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
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("kind"),
                        models.F("record_id"),
                        name="record_owner_once",
                    )
                ],
            },
        ),
        tenancy.owner("linking_recordowner"),
        tenancy.fence("linking_recordowner"),
        migrations.RunSQL(DERIVE, migrations.RunSQL.noop),
    ]
