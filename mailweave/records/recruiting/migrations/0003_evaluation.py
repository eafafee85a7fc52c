"""Scorecards, interviews and references; résumés, and attachments that are to become some."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.clock
import mailweave.kit.scope
from mailweave.kit import tenancy

TABLES = [
    "recruiting_interview",
    "recruiting_interviewer",
    "recruiting_reference",
    "recruiting_resumefile",
    "recruiting_scorecard",
    "recruiting_wantedfile",
]
REFERENCES = [
    ("recruiting_interview", "application_id", "recruiting_application"),
    ("recruiting_interviewer", "interview_id", "recruiting_interview"),
    ("recruiting_reference", "candidate_id", "recruiting_candidate"),
    ("recruiting_resumefile", "candidate_id", "recruiting_candidate"),
    ("recruiting_scorecard", "application_id", "recruiting_application"),
    ("recruiting_wantedfile", "candidate_id", "recruiting_candidate"),
    ("recruiting_wantedfile", "mailbox_id", "mail_mailbox"),
    ("recruiting_wantedfile", "message_id", "mail_message"),
]

# Workspace by workspace, each under its own fence, as sync_due() does.
DUE = """
CREATE FUNCTION recruiting_due(moment timestamptz)
RETURNS TABLE (workspace_id bigint, what text, id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT r.workspace_id, 'resume', r.id FROM recruiting_resumefile r
            WHERE r.workspace_id = one AND r.state = 'waiting'
            UNION ALL
            SELECT w.workspace_id, 'wanted', w.id FROM recruiting_wantedfile w
            WHERE w.workspace_id = one AND w.state = 'waiting' AND w.due_at <= moment;
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0015_thin"),
        ("recruiting", "0002_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Interview",
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
                    "kind",
                    models.CharField(
                        choices=[("phone", "Phone"), ("video", "Video"), ("onsite", "On site")],
                        default="video",
                        max_length=6,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("time_zone", models.CharField(max_length=64)),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(720),
                        ],
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=500)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("held", "Held"),
                            ("cancelled", "Cancelled"),
                            ("missed", "Did not come"),
                        ],
                        default="planned",
                        max_length=9,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "application",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.application",
                    ),
                ),
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
            ],
        ),
        migrations.CreateModel(
            name="Interviewer",
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
                    "interview",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.interview",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reference",
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
                ("name", models.CharField(max_length=200)),
                ("relation", models.CharField(blank=True, max_length=200)),
                ("contact", models.CharField(blank=True, max_length=320)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("named", "Not asked yet"),
                            ("asked", "Asked"),
                            ("given", "Given"),
                            ("declined", "Declined"),
                        ],
                        default="named",
                        max_length=8,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "candidate",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.candidate",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ResumeFile",
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
                ("name", models.CharField(max_length=255)),
                (
                    "kind",
                    models.CharField(
                        choices=[("pdf", "PDF"), ("docx", "Word"), ("doc", "Word 97")], max_length=4
                    ),
                ),
                ("size", models.PositiveIntegerField()),
                ("digest", models.BinaryField(max_length=32)),
                ("data", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Its text is being read"),
                            ("read", "Read"),
                            ("unreadable", "Its text could not be read"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("added_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.candidate",
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
            ],
        ),
        migrations.CreateModel(
            name="Scorecard",
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
                ("scores", models.JSONField(default=list)),
                (
                    "recommendation",
                    models.CharField(
                        choices=[
                            ("strong_yes", "Strong yes"),
                            ("yes", "Yes"),
                            ("no", "No"),
                            ("strong_no", "Strong no"),
                        ],
                        max_length=10,
                    ),
                ),
                ("comment", models.TextField(blank=True)),
                ("submitted_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "application",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.application",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WantedFile",
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
                ("part_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Still to be fetched"), ("refused", "Not kept")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("fault", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=mailweave.kit.clock.now)),
                (
                    "candidate",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recruiting.candidate",
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
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mail.message",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="interview",
            index=models.Index(
                fields=["workspace_id", "application", "starts_at"], name="interview_when"
            ),
        ),
        migrations.AddConstraint(
            model_name="interviewer",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("interview"),
                models.F("user"),
                name="interviewer_once",
            ),
        ),
        migrations.AddIndex(
            model_name="reference",
            index=models.Index(fields=["workspace_id", "candidate"], name="reference_candidate"),
        ),
        migrations.AddIndex(
            model_name="resumefile",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["workspace_id", "id"],
                name="resume_file_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="resumefile",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("candidate"),
                models.F("digest"),
                name="resume_file_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="scorecard",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("application"),
                models.F("author"),
                name="scorecard_one_each",
            ),
        ),
        migrations.AddIndex(
            model_name="wantedfile",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["workspace_id", "due_at"],
                name="wanted_file_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="wantedfile",
            constraint=models.UniqueConstraint(
                models.F("workspace_id"),
                models.F("candidate"),
                models.F("part_id"),
                name="wanted_file_once",
            ),
        ),
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        tenancy.target("recruiting_interview"),
        *[tenancy.reference(*reference) for reference in REFERENCES],
        tenancy.reference(
            "recruiting_resumefile", "message_id", "mail_message", on_delete="SET NULL"
        ),
        migrations.RunSQL(DUE, "DROP FUNCTION recruiting_due(timestamptz);"),
    ]
