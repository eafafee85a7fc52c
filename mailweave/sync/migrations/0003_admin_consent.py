"""Waiting for an administrator's consent, and what a provider wants asked at the next sign-in."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0002_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="authorization",
            name="claims",
            field=models.BinaryField(default=b"", help_text="to ask at the next sign-in; sealed"),
        ),
        migrations.AddField(
            model_name="sync",
            name="claims",
            field=models.BinaryField(default=b"", help_text="to ask at the next sign-in; sealed"),
        ),
        migrations.AlterField(
            model_name="sync",
            name="problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reconnect", "Reconnect needed"),
                    ("consent", "Permission missing"),
                    ("admin", "An administrator must allow it"),
                    ("blocked", "Blocked by the organisation"),
                    ("operator", "The operator must act"),
                    ("failed", "Sync failed"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="ConsentRequest",
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
                ("kind", models.CharField(max_length=16)),
                ("state_hash", models.CharField(max_length=64, unique=True)),
                ("state", models.BinaryField(default=b"")),
                ("made_at", models.DateTimeField()),
                ("granted_at", models.DateTimeField(null=True)),
                ("declined_at", models.DateTimeField(null=True)),
                (
                    "user",
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
                        models.F("user"),
                        models.F("kind"),
                        name="consent_request_once",
                    )
                ],
            },
        ),
        tenancy.owner("sync_consentrequest"),
        tenancy.fence("sync_consentrequest"),
    ]
