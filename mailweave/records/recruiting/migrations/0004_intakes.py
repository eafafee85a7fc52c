"""Where applications come in by mail, and what became of each."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.clock
import mailweave.kit.scope
from mailweave.kit import tenancy

TABLES = ["recruiting_intake", "recruiting_intakeentry"]
REFERENCES = [
    ("recruiting_intake", "mailbox_id", "mail_mailbox"),
    ("recruiting_intakeentry", "intake_id", "recruiting_intake"),
    ("recruiting_intakeentry", "message_id", "mail_message"),
]
LOOSE = [
    ("recruiting_intake", "job_id", "recruiting_job"),
    ("recruiting_intakeentry", "job_id", "recruiting_job"),
    ("recruiting_intakeentry", "candidate_id", "recruiting_candidate"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0015_thin"),
        ("recruiting", "0003_evaluation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Intake",
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
                ("suffix", models.CharField(blank=True, max_length=40)),
                (
                    "retired",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=40)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("auto", "Make candidates at once"),
                            ("review", "Ask before a candidate is made"),
                            ("notify", "Only tell us"),
                        ],
                        default="review",
                        max_length=6,
                    ),
                ),
                ("active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.job",
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
        migrations.CreateModel(
            name="IntakeEntry",
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
                    "outcome",
                    models.CharField(
                        choices=[
                            ("made", "Candidate made"),
                            ("joined", "Added to a candidate"),
                            ("told", "You were told"),
                            ("left", "Left alone"),
                            ("waiting", "Waits for a decision"),
                            ("dismissed", "Dismissed"),
                        ],
                        max_length=9,
                    ),
                ),
                ("reason", models.CharField(max_length=400)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("address", models.CharField(blank=True, max_length=320)),
                ("parts", models.JSONField(default=list)),
                ("added", models.JSONField(default=dict)),
                ("decided_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "candidate",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.candidate",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "intake",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.intake",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.job",
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
        migrations.AddConstraint(
            model_name="intake",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("mailbox"),
                models.F("suffix"),
                name="intake_once",
            ),
        ),
        migrations.AddIndex(
            model_name="intakeentry",
            index=models.Index(
                fields=["workspace_id", "intake", "-id"], name="intake_entry_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="intakeentry",
            index=models.Index(
                condition=models.Q(("outcome", "waiting")),
                fields=["workspace_id", "-id"],
                name="intake_entry_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="intakeentry",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("intake"),
                models.F("message"),
                name="intake_entry_once",
            ),
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        tenancy.target("recruiting_intake"),
        *[tenancy.reference(*reference) for reference in REFERENCES],
        *[tenancy.reference(*reference, on_delete="SET NULL") for reference in LOOSE],
    ]
