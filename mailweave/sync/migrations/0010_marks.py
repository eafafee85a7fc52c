"""What people read here and providers do not know yet; and what can be undone."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

TABLES = ["sync_marking", "sync_seenmark"]


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0012_missing"),
        ("sync", "0009_push"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="sync",
            name="marks_refused",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="sync",
            name="wrote_last",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="Marking",
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
                ("seen", models.BooleanField()),
                (
                    "copy_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
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
            name="SeenMark",
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
                ("seen", models.BooleanField()),
                ("before", models.BooleanField()),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "copy",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.copy",
                    ),
                ),
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace_id", "mailbox", "due_at"], name="seen_mark_due")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"), models.F("copy"), name="seen_mark_once"
                    )
                ],
            },
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        tenancy.reference("sync_seenmark", "mailbox_id", "mail_mailbox"),
        tenancy.reference("sync_seenmark", "copy_id", "mail_copy"),
    ]
