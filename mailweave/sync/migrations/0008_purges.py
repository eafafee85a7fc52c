"""Applying stricter rules to what is stored, and fetching again what may be kept after all."""

import django.db.models.deletion
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

# Workspace by workspace, each under its own fence, as sync_due() does.
OPEN = """
CREATE FUNCTION sync_purges()
RETURNS TABLE (workspace_id bigint, purge_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT p.workspace_id, p.id FROM sync_purge p
            WHERE p.workspace_id = one AND p.ended_at IS NULL;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0013_leaving"),
        ("sync", "0007_delegates"),
    ]

    operations = [
        migrations.CreateModel(
            name="Purge",
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
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("body", "Text of messages"),
                            ("attachments", "Names of attachments"),
                            ("never", "Mail with somebody on a never-sync list"),
                            ("internal", "Links of mail among colleagues"),
                        ],
                        max_length=16,
                    ),
                ),
                ("position", models.BigIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("freed", models.PositiveBigIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.neversync",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("what"),
                        condition=models.Q(
                            ("ended_at__isnull", True), models.Q(("what", "never"), _negated=True)
                        ),
                        name="purge_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Refill",
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
                ("position", models.BigIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.mailbox",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("mailbox"),
                        condition=models.Q(("ended_at__isnull", True)),
                        name="refill_one_at_a_time",
                    )
                ],
            },
        ),
        tenancy.owner("sync_purge"),
        tenancy.fence("sync_purge"),
        tenancy.reference("sync_purge", "entry_id", "mail_neversync", on_delete="SET NULL"),
        tenancy.owner("sync_refill"),
        tenancy.fence("sync_refill"),
        tenancy.reference("sync_refill", "mailbox_id", "mail_mailbox"),
        migrations.RunSQL(OPEN, "DROP FUNCTION sync_purges();"),
    ]
