"""Decisions that can be undone, unlinked mail by person, and what was dismissed of it."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

TABLES = ["linking_decision", "linking_unlinked", "linking_dismissal"]
REFERENCES = [
    ("linking_unlinked", "mailbox_id", "mail_mailbox"),
    ("linking_unlinked", "message_id", "mail_message"),
    ("linking_unlinked", "person_id", "mail_address"),
    ("linking_dismissal", "mailbox_id", "mail_mailbox"),
    ("linking_dismissal", "message_id", "mail_message"),
    ("linking_dismissal", "person_id", "mail_address"),
]

# The mail that is stored already, by the first who is at none of the workspace's own domains. What
# comes, changes or is linked later is derived by linking.unlinked.
FILL = """
DO $$
DECLARE
    ws bigint;
BEGIN
    FOR ws IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', ws::text, true);
        INSERT INTO linking_unlinked
            (workspace_id, mailbox_id, message_id, person_id, sent_at, dismissed)
        SELECT DISTINCT ON (c.mailbox_id, m.id)
            ws, c.mailbox_id, m.id, p.address_id, m.sent_at, false
        FROM mail_message m
        JOIN mail_copy c ON c.workspace_id = ws AND c.message_id = m.id
            AND c.state IN ('stored', 'gone')
        JOIN mail_participant p ON p.workspace_id = ws AND p.message_id = m.id
            AND p.role IN (1, 4, 5) AND (m.direction = 'in' OR p.role <> 1)
        JOIN mail_address a ON a.workspace_id = ws AND a.id = p.address_id
        WHERE m.workspace_id = ws AND NOT m.linked AND NOT EXISTS (
            SELECT 1 FROM mail_mailbox b
            WHERE b.workspace_id = ws AND (lower(b.address) = a.address OR (
                split_part(lower(b.address), '@', -1) = split_part(a.address, '@', -1)
                AND split_part(split_part(a.address, '@', -1), '.', 1) NOT IN (
                    'aol', 'gmail', 'gmx', 'googlemail', 'hotmail', 'icloud', 'live', 'msn',
                    'outlook', 'proton', 'protonmail', 'yahoo')))
        )
        ORDER BY c.mailbox_id, m.id, p.role, p.position;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', '', true);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("linking", "0003_policy"),
        ("mail", "0015_thin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Decision",
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
                ("made_at", models.DateTimeField()),
                (
                    "message_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), size=None
                    ),
                ),
                (
                    "record_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("before", models.JSONField()),
                ("address", models.CharField(blank=True, max_length=320)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Dismissal",
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
                ("act", models.UUIDField()),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.message",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.address",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["workspace_id", "mailbox", "-made_at"], name="dismissal_newest"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("mailbox"),
                        models.F("person"),
                        models.F("message"),
                        name="dismissal_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Unlinked",
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
                ("sent_at", models.DateTimeField()),
                ("dismissed", models.BooleanField(default=False)),
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
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.address",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("dismissed", False)),
                        fields=["workspace_id", "mailbox", "-sent_at", "-message"],
                        include=("person",),
                        name="unlinked_newest",
                    ),
                    models.Index(
                        fields=["workspace_id", "mailbox", "person", "-sent_at", "-message"],
                        name="unlinked_person",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("message"),
                        models.F("mailbox"),
                        name="unlinked_once",
                    )
                ],
            },
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.reference(*reference) for reference in REFERENCES],
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
