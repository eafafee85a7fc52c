"""A merge can be undone; who writes is told besides who looks."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.clock
import mailweave.kit.scope
from mailweave.kit import tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("support", "0002_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="looker",
            name="writing",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="Joining",
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
                ("before", models.JSONField()),
                ("after", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "into",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="support.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["workspace_id", "into"], name="joining_into")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"), models.F("ticket"), name="joining_once"
                    )
                ],
            },
        ),
        tenancy.owner("support_joining"),
        tenancy.fence("support_joining"),
        tenancy.reference("support_joining", "ticket_id", "support_ticket", on_delete="CASCADE"),
        tenancy.reference("support_joining", "into_id", "support_ticket", on_delete="CASCADE"),
    ]
