"""What mail servers say of letters we sent; which reports are due to be read."""

import django.db.models.deletion
from django.db import migrations, models

import mailweave.kit.clock
import mailweave.kit.scope
from mailweave.kit import tenancy

TABLES = ["outbox_report", "outbox_outcome"]

# Workspace by workspace, each under its own fence, as sync_due() does.
DUE = """
CREATE FUNCTION outbox_reports_due(moment timestamptz)
RETURNS TABLE (workspace_id bigint, report_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT r.workspace_id, r.id FROM outbox_report r
            WHERE r.workspace_id = one AND r.due_at <= moment;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0019_unmatched"),
        ("outbox", "0003_templates"),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be read"),
                            ("read", "Read"),
                            ("foreign", "Not about our mail"),
                            ("unread", "Could not be read"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=200)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField(default=mailweave.kit.clock.now)),
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
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.message",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Outcome",
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
                ("address", models.CharField(max_length=320)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("failed", "Not delivered"),
                            ("delayed", "Delayed"),
                            ("delivered", "Delivered"),
                            ("relayed", "Passed on"),
                            ("expanded", "Passed on to a list"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "lasting",
                    models.CharField(
                        choices=[("hard", "For good"), ("soft", "For now"), ("unknown", "Unclear")],
                        max_length=7,
                    ),
                ),
                ("status", models.CharField(blank=True, max_length=16)),
                ("reason", models.CharField(blank=True, max_length=32)),
                (
                    "words",
                    models.CharField(
                        blank=True, help_text="the reason in a sentence", max_length=300
                    ),
                ),
                ("diagnostic", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "submission",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="outbox.submission",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="outbox.report",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["workspace_id", "due_at"],
                name="report_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"), models.F("message"), name="report_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("submission"),
                models.F("address"),
                models.F("report"),
                name="outcome_once",
            ),
        ),
        tenancy.target("outbox_report"),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        tenancy.reference("outbox_report", "message_id", "mail_message"),
        tenancy.reference("outbox_report", "mailbox_id", "mail_mailbox"),
        tenancy.reference("outbox_outcome", "submission_id", "outbox_submission"),
        tenancy.reference("outbox_outcome", "report_id", "outbox_report"),
        migrations.RunSQL(DUE, "DROP FUNCTION outbox_reports_due(timestamptz);"),
    ]
