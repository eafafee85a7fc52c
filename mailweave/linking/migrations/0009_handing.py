"""Mail handed to plug-ins; links that a plug-in's rule made."""

import django.db.models.deletion
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

# Workspace by workspace, each under its own fence.
DUE = """
CREATE FUNCTION linking_handed_due(at timestamptz)
RETURNS TABLE (workspace_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT DISTINCT h.workspace_id FROM linking_handed h
            WHERE h.workspace_id = one AND NOT h.stuck AND h.due_at <= at;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""
TABLES = ["linking_watch", "linking_handed"]


def _number() -> models.BigAutoField:
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def _workspace() -> models.BigIntegerField:
    return models.BigIntegerField(default=mailweave.kit.scope.current, editable=False)


def _key(to: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=to,
    )


class Migration(migrations.Migration):
    dependencies = [("linking", "0008_entries"), ("mail", "0015_thin")]

    operations = [
        migrations.AddField(
            "link", "rule", models.CharField(db_default="", default="", max_length=200)
        ),
        migrations.AlterField(
            "link",
            "reason",
            models.CharField(
                choices=[
                    ("thread", "in the same thread as linked mail"),
                    ("sender", "sent by"),
                    ("recipient", "sent to"),
                    ("company", "the company of somebody it is about"),
                    ("deal", "an open deal of somebody it is about"),
                    ("manual", "linked by hand"),
                    ("filed", "filed by a rule"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                ("id", _number()),
                ("workspace_id", _workspace()),
                ("reader", models.CharField(max_length=16)),
                ("since", models.DateTimeField()),
                ("mailbox", _key("mail.mailbox")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("reader"),
                        models.F("mailbox"),
                        name="watch_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Handed",
            fields=[
                ("id", _number()),
                ("workspace_id", _workspace()),
                ("reader", models.CharField(max_length=16)),
                ("received_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("stuck", models.BooleanField(db_default=False, default=False)),
                ("reason", models.CharField(db_default="", default="", max_length=200)),
                ("message", _key("mail.message")),
                ("mailbox", _key("mail.mailbox")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("stuck", False)),
                        fields=["workspace_id", "reader", "received_at", "id"],
                        name="handed_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("reader"),
                        models.F("message"),
                        name="handed_once",
                    )
                ],
            },
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.reference(table, "mailbox_id", "mail_mailbox") for table in TABLES],
        tenancy.reference("linking_handed", "message_id", "mail_message"),
        migrations.RunSQL(DUE, "DROP FUNCTION linking_handed_due(timestamptz);"),
    ]
