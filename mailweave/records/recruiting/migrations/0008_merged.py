"""Candidates can be merged; where old addresses of their pages lead."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.clock
import mailweave.kit.scope
from mailweave.kit import tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("recruiting", "0007_owners"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MergedCandidate",
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
                ("record_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "into",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.candidate",
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace_id", "into"], name="merged_candidate_into")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        models.F("record_id"),
                        name="merged_candidate_once",
                    )
                ],
            },
        ),
        tenancy.owner("recruiting_mergedcandidate"),
        tenancy.fence("recruiting_mergedcandidate"),
        tenancy.reference(
            "recruiting_mergedcandidate", "into_id", "recruiting_candidate", on_delete="CASCADE"
        ),
    ]
