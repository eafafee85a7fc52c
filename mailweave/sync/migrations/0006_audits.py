"""Audits, what they counted and what they found; and how they went, for those who watch."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

TABLES = ["sync_audit", "sync_auditday", "sync_finding"]
REFERENCES = [
    ("sync_audit", "mailbox_id", "mail_mailbox"),
    ("sync_auditday", "audit_id", "sync_audit"),
    ("sync_finding", "audit_id", "sync_audit"),
    ("sync_finding", "mailbox_id", "mail_mailbox"),
]

# Workspace by workspace, each under its own fence, as sync_due() does.
GAUGES = """
CREATE FUNCTION sync_audit_gauges()
RETURNS TABLE (mailbox_id bigint, kind text, ended_at timestamptz, unbalanced bigint, found bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT m.id, m.kind::text, last.ended_at, coalesce(last.unbalanced, 0)::bigint,
                coalesce((SELECT sum(a.found) FROM sync_audit a
                          WHERE a.workspace_id = one AND a.mailbox_id = m.id), 0)::bigint
            FROM mail_mailbox m
            LEFT JOIN LATERAL (
                SELECT a.ended_at, a.unbalanced FROM sync_audit a
                WHERE a.workspace_id = one AND a.mailbox_id = m.id AND a.state = 'done'
                ORDER BY a.id DESC LIMIT 1
            ) last ON true
            WHERE m.workspace_id = one AND m.disconnected_at IS NULL;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0008_one_list"),
        ("sync", "0005_gauges"),
    ]

    operations = [
        migrations.AddField(
            model_name="sync",
            name="audit_at",
            field=models.DateTimeField(
                help_text="when to audit next; null: once it can be", null=True
            ),
        ),
        migrations.CreateModel(
            name="Audit",
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
                    "number",
                    models.PositiveIntegerField(
                        help_text="the listing's, as Copy.listing notes it"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("listing", "Counting what is at the provider"),
                            ("following", "Reading what changed meanwhile"),
                            ("confirming", "Looking at what differs"),
                            ("done", "Done"),
                            ("dropped", "Given up; begins anew"),
                        ],
                        default="listing",
                        max_length=10,
                    ),
                ),
                (
                    "since",
                    models.DateTimeField(
                        help_text="how far back it looks; null: everything", null=True
                    ),
                ),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16), default=list, size=None
                    ),
                ),
                ("part", models.CharField(default="followed", max_length=10)),
                ("page_token", models.CharField(blank=True, max_length=255)),
                ("started_at", models.DateTimeField()),
                ("listed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("named", models.PositiveIntegerField(default=0)),
                ("unfollowed", models.PositiveIntegerField(default=0)),
                ("junk", models.PositiveIntegerField(default=0)),
                ("trash", models.PositiveIntegerField(default=0)),
                (
                    "found",
                    models.PositiveIntegerField(default=0, help_text="messages that differed"),
                ),
                (
                    "unbalanced",
                    models.PositiveIntegerField(default=0, help_text="days that did not add up"),
                ),
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
        ),
        migrations.CreateModel(
            name="AuditDay",
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
                ("day", models.DateField(null=True)),
                ("named", models.PositiveIntegerField()),
                (
                    "audit",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="sync.audit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
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
                ("remote_id", models.CharField(max_length=255)),
                ("remote_thread_id", models.CharField(max_length=255)),
                ("received_at", models.DateTimeField(null=True)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("unknown", "It was at the provider, and unknown here."),
                            ("gone", "It was marked as deleted here, and is at the provider."),
                            ("skipped", "It was left out here, and lies in a followed folder."),
                            ("missing", "It was here, and is not at the provider any more."),
                            ("named", "No difference: its day is not known yet."),
                        ],
                        max_length=8,
                    ),
                ),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "audit",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="sync.audit",
                    ),
                ),
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
        ),
        migrations.AddIndex(
            model_name="audit",
            index=models.Index(fields=["workspace_id", "mailbox", "id"], name="audit_latest"),
        ),
        migrations.AddConstraint(
            model_name="audit",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("mailbox"),
                condition=models.Q(("ended_at", None)),
                name="audit_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="auditday",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("audit"),
                models.F("day"),
                name="audit_day_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["workspace_id", "mailbox", "id"], name="finding_latest"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("audit"),
                models.F("remote_id"),
                name="finding_once",
            ),
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        tenancy.target("sync_audit"),
        *[tenancy.reference(*reference) for reference in REFERENCES],
        migrations.RunSQL(GAUGES, "DROP FUNCTION sync_audit_gauges();"),
    ]
