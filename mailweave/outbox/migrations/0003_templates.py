"""What is written again and again."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.clock
import mailweave.kit.scope
from mailweave.kit import tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0002_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Template",
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
                ("name", models.CharField(max_length=100)),
                ("subject", models.CharField(blank=True, max_length=500)),
                ("html", models.TextField()),
                ("changed_at", models.DateTimeField(default=mailweave.kit.clock.now)),
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
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["workspace_id", "owner"], name="template_owner")],
            },
        ),
        tenancy.owner("outbox_template"),
        tenancy.fence("outbox_template"),
    ]
