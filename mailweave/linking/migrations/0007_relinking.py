"""How far linking stored mail anew has come."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mailweave.kit.scope
from mailweave.kit import tenancy

# Workspace by workspace, each under its own fence, as sync_due() does.
OPEN = """
CREATE FUNCTION linking_relinkings()
RETURNS TABLE (workspace_id bigint, relinking_id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one bigint;
    before text := coalesce(current_setting('mailweave.workspace_id', true), '');
BEGIN
    FOR one IN SELECT id FROM people_workspace LOOP
        PERFORM set_config('mailweave.workspace_id', one::text, true);
        RETURN QUERY
            SELECT r.workspace_id, r.id FROM linking_relinking r
            WHERE r.workspace_id = one AND r.state IN ('measuring', 'applying', 'undoing');
    END LOOP;
    PERFORM set_config('mailweave.workspace_id', before, true);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("linking", "0006_activity"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Relinking",
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
                            ("measuring", "Looking at what would change"),
                            ("ready", "Waiting for a decision"),
                            ("applying", "Linking stored mail anew"),
                            ("applied", "Done"),
                            ("undoing", "Linking stored mail as before"),
                            ("undone", "Undone"),
                            ("dropped", "Called off"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "threads",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
                ("position", models.BigIntegerField(null=True)),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("choices", models.JSONField(default=dict)),
                ("before", models.JSONField(default=dict)),
                (
                    "versions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), default=list, size=None
                    ),
                ),
                ("added", models.PositiveIntegerField(default=0)),
                ("removed", models.PositiveIntegerField(default=0)),
                (
                    "people",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                ("samples", models.JSONField(default=list)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("workspace_id"),
                        condition=models.Q(
                            ("state__in", ["measuring", "ready", "applying", "undoing"]),
                            ("threads", None),
                        ),
                        name="relinking_one_at_a_time",
                    )
                ],
            },
        ),
        tenancy.owner("linking_relinking"),
        tenancy.fence("linking_relinking"),
        migrations.RunSQL(OPEN, "DROP FUNCTION linking_relinkings();"),
    ]
