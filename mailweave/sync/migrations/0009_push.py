"""Subscriptions, and notices nobody has taken up; and what is asked of them across workspaces."""

import django.db.models.deletion
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

TABLES = ["sync_subscription", "sync_wakeup"]

# Workspace by workspace, each under its own fence: ids only, whoever owns the tables.
LOOP = """
CREATE OR REPLACE FUNCTION {function}
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY {query};
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""

DUE = "sync_due(moment timestamptz) RETURNS TABLE (workspace_id bigint, sync_id bigint)"
BY_TIME = """
            SELECT s.workspace_id, s.id FROM sync_sync s
            WHERE s.workspace_id = one AND s.due_at <= moment"""
BY_NOTICE = """
            UNION
            SELECT s.workspace_id, s.id FROM sync_wakeup w
            JOIN sync_sync s ON s.workspace_id = one AND s.mailbox_id = w.mailbox_id
            WHERE w.workspace_id = one AND s.due_at IS NOT NULL
              AND (s.held_until IS NULL OR s.held_until <= moment)"""
LISTENERS = LOOP.format(
    function="sync_listeners(wanted text) RETURNS TABLE (workspace_id bigint, mailbox_id bigint)",
    query="""
            SELECT s.workspace_id, s.mailbox_id FROM sync_subscription s
            WHERE s.workspace_id = one AND s.address = wanted""",
)
GAUGES = LOOP.format(
    function="""sync_push_gauges(moment timestamptz)
RETURNS TABLE (
    mailbox_id bigint, kind text, standing bigint, expires_at timestamptz, life_left float,
    has_problem boolean)""",
    query="""
            SELECT m.id, m.kind::text, count(b.id) FILTER (WHERE b.expires_at > moment),
                min(b.expires_at),
                min(extract(epoch FROM b.expires_at - moment)
                    / greatest(extract(epoch FROM b.expires_at - b.made_at), 1))::float,
                s.push_problem <> ''
            FROM sync_sync s
            JOIN mail_mailbox m ON m.workspace_id = one AND m.id = s.mailbox_id
            LEFT JOIN sync_subscription b ON b.workspace_id = one AND b.mailbox_id = m.id
            WHERE s.workspace_id = one AND m.disconnected_at IS NULL
            GROUP BY m.id, m.kind, s.id, s.push_problem""",
)


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0008_one_list"),
        ("sync", "0008_purges"),
    ]

    operations = [
        migrations.AddField(
            model_name="sync",
            name="again",
            field=models.PositiveSmallIntegerField(
                help_text="how often an empty round was asked again; null: no notice to check",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="sync",
            name="again_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="sync",
            name="push_problem",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="sync",
            name="push_retry_at",
            field=models.DateTimeField(help_text="subscriptions are let be until then", null=True),
        ),
        migrations.CreateModel(
            name="Subscription",
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
                    "resource",
                    models.CharField(
                        blank=True, help_text="empty: the whole mailbox", max_length=255
                    ),
                ),
                ("remote_id", models.CharField(blank=True, max_length=255)),
                (
                    "address",
                    models.CharField(help_text="the mailbox's, in lower case", max_length=320),
                ),
                ("made_for", models.CharField(max_length=32)),
                ("made_at", models.DateTimeField(help_text="or last renewed")),
                ("renew_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
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
                "indexes": [
                    models.Index(fields=["workspace_id", "address"], name="subscription_address")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("mailbox"),
                        models.F("resource"),
                        name="subscription_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Wakeup",
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
                ("told_at", models.DateTimeField()),
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
                        models.F("workspace_id"), models.F("mailbox"), name="wakeup_once"
                    )
                ],
            },
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.reference(table, "mailbox_id", "mail_mailbox") for table in TABLES],
        migrations.RunSQL(
            LOOP.format(function=DUE, query=BY_TIME + BY_NOTICE),
            LOOP.format(function=DUE, query=BY_TIME),
        ),
        migrations.RunSQL(LISTENERS, "DROP FUNCTION sync_listeners(text);"),
        migrations.RunSQL(GAUGES, "DROP FUNCTION sync_push_gauges(timestamptz);"),
    ]
